package org.angulus.device;

/**
 * What the ops of a margin head share. All numbers are f32 but the labels.
 *
 * @param kind which head
 * @param n rows of x
 * @param d embedding size
 * @param classes rows of w
 * @param guard of the lengths of x and w
 * @param type of the factors of the N x classes products: BF16 rounds the rows of x^ and w^ (SOFTMAX: x and w) to bf16 for them alone
 * @param x (N,D): raw embeddings
 * @param w (classes,D): raw class vectors
 * @param bias (classes): SOFTMAX only, else 0
 * @param labels (N), int32 in [0, classes); another value is a fault of the device and the row adds nothing
 * @param inverseX (N), from {@link Ops#rowNorm}; 0 for SOFTMAX
 * @param inverseW (classes), from {@link Ops#rowNorm}; 0 for SOFTMAX
 * @param scalars {@link StepScalars}: scale and margin
 */
public record HeadOperands(HeadKind kind, int n, int d, int classes, NormGuard guard, Type type, long x, long w, long bias, long labels,
                           long inverseX, long inverseW, long scalars) {
    /** Rows of {@code target} (TARGET_ROWS, N): cosine, phi, phi', scale, margin. */
    public static final int TARGET_ROWS = 5;
    /** Numbers of those rows. */
    public static final int TARGET_DPHI = 2;

    public static final int TARGET_SCALE = 3;
    /** Rows of {@code partial} (PARTIAL_ROWS, N): largest logit, sum of exp(z - largest), sum of cosines, over the classes other than y. */
    public static final int PARTIAL_ROWS = 3;
}
