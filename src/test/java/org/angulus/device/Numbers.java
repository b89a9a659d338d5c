package org.angulus.device;

import java.util.SplittableRandom;

/** Random inputs that a type holds exactly, so that only the arithmetic of a kernel can differ from the reference. */
final class Numbers {
    /** System property that replays a random test. */
    private static final String SEED = "angulus.test.seed";

    private final SplittableRandom random;

    Numbers(long seed) {
        random = new SplittableRandom(seed);
    }

    /** For a random test: a new start value each time, printed; the property replays it. */
    static Numbers printed(String test) {
        long seed = Long.getLong(SEED, System.nanoTime());
        System.out.println(test + ": start value " + seed + "; replay with -D" + SEED + "=" + seed);
        return new Numbers(seed);
    }

    SplittableRandom random() {
        return random;
    }

    /** The nearest value of the type. */
    static double round(Type type, double value) {
        float single = (float) value;
        return type == Type.F32 ? single : Type.fromBf16(Type.toBf16(single));
    }

    /** Of either sign with magnitudes in [0.25, 1]: never 0, never near a kink at 0. */
    double[] signed(Type type, long count) {
        double[] values = positive(type, count);
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextBoolean() ? values[i] : -values[i];
        }
        return values;
    }

    /** In [0.25, 1]. */
    double[] positive(Type type, long count) {
        double[] values = new double[Math.toIntExact(count)];
        for (int i = 0; i < values.length; i++) {
            values[i] = round(type, random.nextDouble(0.25, 1));
        }
        return values;
    }

    /** In [0, bound). */
    int[] labels(int count, int bound) {
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = random.nextInt(bound);
        }
        return labels;
    }
}
