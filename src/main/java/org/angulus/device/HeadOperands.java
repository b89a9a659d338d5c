package org.angulus.device;

/**
 * What the ops of a margin head share. All numbers are f32 but the labels.
 *
 * @param kind which head
 * @param constants of its formulas
 * @param n rows of x
 * @param d embedding size
 * @param classes K rows of w each
 * @param guard of the lengths of x and w
 * @param type of the factors of the N x classes products: BF16 rounds the rows of x^ and w^ (SOFTMAX: x and w) to bf16 for them alone
 * @param x (N,D): raw embeddings
 * @param w (classes,K,D): raw class vectors
 * @param bias (classes): SOFTMAX; (1): SPHEREFACE2; else 0
 * @param labels (N), int32 in [0, classes); another value is a fault of the device and the row adds nothing
 * @param inverseX (N), from {@link Ops#rowNorm}; 0 for SOFTMAX
 * @param inverseW (classes,K), from {@link Ops#rowNorm}; 0 for SOFTMAX
 * @param scalars {@link StepScalars}: scale, margin and lambda
 * @param scale (1): a learnt s instead of the scalars'; 0: none
 * @param state CURRICULARFACE (1): tau; ADAFACE (2): mean and deviation of the lengths; else 0; {@link Ops#marginTarget} brings it up
 *     to date first
 */
public record HeadOperands(HeadKind kind, HeadConstants constants, int n, int d, int classes, NormGuard guard, Type type, long x, long w, long bias, long labels,
                           long inverseX, long inverseW, long scalars, long scale, long state) {
    /** Rows of {@code target} (TARGET_ROWS, N): cosine, phi, phi', scale, margin, and what else a head has of a row (native/include/angulus.h). */
    public static final int TARGET_ROWS = 10;
    /** Numbers of those rows. */
    public static final int TARGET_DPHI = 2;

    public static final int TARGET_SCALE = 3;
    /**
     * Rows of {@code partial} (PARTIAL_ROWS, N), over the classes other than y: largest logit, sum of exp(z - largest) or of a sum's terms, sum of cosines, sum of
     * the derivatives of a sum's terms.
     */
    public static final int PARTIAL_ROWS = 4;

    /** A head without constants, learnt scale and state. */
    public HeadOperands(HeadKind kind, int n, int d, int classes, NormGuard guard, Type type, long x, long w, long bias, long labels, long inverseX,
                        long inverseW, long scalars) {
        this(kind, HeadConstants.NONE, n, d, classes, guard, type, x, w, bias, labels, inverseX, inverseW, scalars, 0, 0);
    }
}
