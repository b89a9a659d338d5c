package org.angulus.data;

/**
 * What makes one synthetic person: each gene is drawn uniformly from its range, independently of the others. Lengths
 * are in units of the mean distance between the pupils; heights are measured downwards from the line through the
 * eyes.
 */
enum Gene {
    HEAD_WIDTH(1.06f, 1.30f),
    HEAD_DEPTH(1.25f, 1.65f),
    CHIN_HEIGHT(1.66f, 2.02f),
    TEMPLE_WIDTH(-0.07f, 0.06f),
    CHEEK_WIDTH(-0.06f, 0.06f),
    JAW_WIDTH(-0.16f, 0.12f),
    CHIN_WIDTH(-0.16f, 0.16f),
    CHIN_RELIEF(0.02f, 0.16f),
    CHEEK_RELIEF(0.01f, 0.15f),
    CHEEK_POSITION(0.36f, 0.62f),

    EYE_SPACING(0.43f, 0.57f),
    EYE_HEIGHT(-0.05f, 0.06f),
    EYE_WIDTH(0.185f, 0.275f),
    EYE_OPENING(0.07f, 0.13f),
    EYE_LOWER(0.03f, 0.065f),
    EYE_SLANT(-0.16f, 0.24f),
    EYE_PEAK(-0.45f, 0.45f),
    EYE_DEPTH(0.02f, 0.16f),
    EYE_ASYMMETRY(-0.03f, 0.03f),
    IRIS_RADIUS(0.082f, 0.108f),
    IRIS_HUE(0f, 1f),
    IRIS_LIGHTNESS(0.6f, 1.3f),
    LID_FOLD(0.02f, 0.11f),
    LID_LINE(0.35f, 0.95f),

    BROW_HEIGHT(0.23f, 0.40f),
    BROW_INNER(0.14f, 0.30f),
    BROW_LENGTH(0.40f, 0.62f),
    BROW_THICKNESS(0.03f, 0.085f),
    BROW_ARCH(0.0f, 0.13f),
    BROW_TILT(-0.16f, 0.16f),
    BROW_DENSITY(0.45f, 0.95f),
    BROW_RIDGE(0.0f, 0.12f),

    NOSE_LENGTH(0.60f, 0.84f),
    NOSE_WIDTH(0.17f, 0.32f),
    NOSE_HEIGHT(0.16f, 0.40f),
    NOSE_BRIDGE(0.07f, 0.16f),
    NOSE_ROOT(0.15f, 0.75f),
    NOSE_TIP(0.09f, 0.17f),
    NOSE_BEND(-0.05f, 0.05f),
    NOSTRIL(0.03f, 0.06f),

    MOUTH_HEIGHT(0.27f, 0.46f),
    MOUTH_WIDTH(0.32f, 0.50f),
    LIP_UPPER(0.04f, 0.12f),
    LIP_LOWER(0.06f, 0.16f),
    LIP_BOW(0.0f, 0.05f),
    LIP_CURVE(-0.05f, 0.05f),
    LIP_REDNESS(0.1f, 0.9f),
    LIP_DARKNESS(0.55f, 1.0f),
    PHILTRUM(0.0f, 0.06f),
    MOUTH_FOLD(0.0f, 0.30f),

    SKIN_TONE(0.05f, 0.8f),
    SKIN_UNDERTONE(-1f, 1f),
    SKIN_BLOTCHES(0.02f, 0.16f),
    FRECKLES(0f, 1f),
    CHEEK_BLUSH(0f, 0.25f),
    EYE_RINGS(0f, 0.35f),
    BROW_LINES(0f, 0.25f),
    BEARD(0f, 1f),

    HAIR_TONE(0f, 1f),
    HAIR_RED(0f, 1f),
    HAIR_GREY(0f, 1f),
    HAIR_LINE(0.95f, 1.35f),
    HAIR_PEAK(-0.25f, 0.40f),
    HAIR_CURL(0f, 1f),
    EAR_SIZE(0.22f, 0.36f);

    private static final Gene[] ALL = values();

    private final float low;
    private final float high;

    Gene(float low, float high) {
        this.low = low;
        this.high = high;
    }

    /** The smallest value, in the gene's own unit. */
    float low() {
        return low;
    }

    /** The value that is never quite reached, in the gene's own unit. */
    float high() {
        return high;
    }

    /** How many genes there are. */
    static int count() {
        return ALL.length;
    }
}
