package org.angulus.device;

/**
 * The guard against length 0, with q the sum of squares. In a clamped branch the gradient is g times the inverse, without projection.
 */
public enum NormGuard {
    /** {@code 1 / max(sqrt q, 1e-12)}: PyTorch. */
    CLAMP_LENGTH,
    /** {@code 1 / sqrt(max(q, 1e-10))}: TensorFlow. */
    CLAMP_SQUARE,
    /** {@code 1 / sqrt(q + 1e-10)}: NormFace. */
    ADD;

    int code() {
        return ordinal();
    }
}
