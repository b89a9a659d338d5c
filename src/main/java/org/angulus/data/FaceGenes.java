package org.angulus.data;

import java.util.Arrays;

/**
 * One synthetic person: a number in [0, 1) per {@link Gene}, and the keys of the skin's texture and marks.
 *
 * @param unit one number per gene, in the order of the enumeration, before it is stretched to the gene's range
 * @param skinKey key of the noise of the skin, its freckles and moles
 * @param hairKey key of the noise of the hair
 */
record FaceGenes(float[] unit, int skinKey, int hairKey) {
    private static final int PURPOSE = 1;

    FaceGenes {
        if (unit.length != Gene.count()) {
            throw new IllegalArgumentException(
                    "A face has " + Gene.count() + " genes, but " + unit.length + " numbers were given.");
        }
        unit = unit.clone();
    }

    /**
     * The person with this number among those of a start value: every number gives another one, the same whenever it
     * is asked for.
     */
    static FaceGenes of(long startValue, int identity) {
        Draws draws = Draws.of(startValue, PURPOSE, identity, 0);
        float[] unit = new float[Gene.count()];
        for (int i = 0; i < unit.length; i++) {
            unit[i] = draws.uniform();
        }
        return new FaceGenes(unit, draws.key(), draws.key());
    }

    /** The gene's value in its own unit. */
    float get(Gene gene) {
        float t = unit[gene.ordinal()];
        return gene.low() + (gene.high() - gene.low()) * t;
    }

    @Override
    public float[] unit() {
        return unit.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FaceGenes that
                && Arrays.equals(unit, that.unit)
                && skinKey == that.skinKey
                && hairKey == that.hairKey;
    }

    @Override
    public int hashCode() {
        return 31 * (31 * Arrays.hashCode(unit) + skinKey) + hairKey;
    }

    @Override
    public String toString() {
        return "FaceGenes" + Arrays.toString(unit);
    }
}
