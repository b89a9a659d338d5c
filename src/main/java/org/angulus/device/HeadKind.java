package org.angulus.device;

/** The heads: logits are {@code z_j = S c_j} for j != y and {@code z_y = S phi(c_y)}. Cosines are clipped to [-1, 1]. */
public enum HeadKind {
    /** {@code c_j = <w_j, x> + b_j, S = 1, phi(c) = c}. */
    SOFTMAX,
    /** {@code c_j = <w^_j, x^>, S = |x|, phi(c) = c}. */
    MODIFIED_SOFTMAX,
    /** {@code c_j = <w^_j, x^>, S = s, phi(c) = c}. */
    NORMFACE,
    /** {@code c_j = <w^_j, x^>, S = s, phi(c) = c - m}. */
    AM_SOFTMAX;

    /** Whether embeddings and class vectors are brought to length 1, so that {@code inverseX} and {@code inverseW} are needed. */
    public boolean normalizes() {
        return this != SOFTMAX;
    }

    int code() {
        return ordinal();
    }
}
