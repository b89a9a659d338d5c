package org.angulus.device;

/** The losses on distances: y = 1 for a pair of one label, else -1; d its distance; m the margin. */
public enum MetricKind {
    /** EUCLIDEAN: {@code d^2 / 2} and {@code max(0, m - d)^2 / 2}. COSINE: {@code 1 - cos} and {@code max(0, cos - m)}. */
    CONTRASTIVE,
    /** {@code max(0, d_ap - d_an + m)}, or softplus(d_ap - d_an). */
    TRIPLET,
    /** {@code max(0, m + y (d - b))} with a learned b. */
    MARGIN;

    int code() {
        return ordinal();
    }
}
