package org.angulus.device;

/** The distance between two rows of embeddings. */
public enum PairDistance {
    /** {@code |x_i - x_j|^2}. */
    SQUARED,
    /** {@code |x_i - x_j|}; its gradient at 0 is 0 by convention. */
    EUCLIDEAN,
    /** {@code 1 - <x_i, x_j>}, of rows of length 1. */
    COSINE;

    int code() {
        return ordinal();
    }
}
