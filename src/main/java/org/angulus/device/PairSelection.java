package org.angulus.device;

/** Which pairs or triplets (anchor a, positive p, negative n) of a batch are terms of a loss. Of equals the lowest row. */
public enum PairSelection {
    /** Every ordered pair, every triplet. */
    ALL,
    /** Rows 2i and 2i + 1 only; not for triplets. */
    PAIRS,
    /** For each anchor the farthest positive and the nearest negative (Hermans et al. 2017). */
    BATCH_HARD,
    /** For each (a, p) the nearest negative with {@code d_an > d_ap} (FaceNet, section 3.2). */
    SEMI_HARD,
    /** For each (a, p) a negative drawn among those with {@code d_ap < d_an < d_ap + m}: FaceNet's rule, strictly. */
    SEMI_HARD_RANDOM,
    /** For each (a, p) a negative drawn among those with {@code d_an < d_ap + m}: the rule of VGG-Face and of the public FaceNet program. */
    VIOLATOR,
    /** For each (a, p) a negative drawn by the inverse density of its distance (Wu et al. 2017). */
    DISTANCE_WEIGHTED,
    /** Rows 3i, 3i + 1 and 3i + 2 only, as anchor, positive and negative: triplets that were chosen before. */
    TRIPLETS;

    int code() {
        return ordinal();
    }
}
