package org.angulus.data;

/**
 * A stream of random numbers that is a pure function of its key: no shared state, so any thread may draw any picture
 * in any order.
 *
 * <p>The stream is SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014): number i
 * is a bijective hash of key + i times the golden ratio. The key is a chained hash of the start value, what the
 * numbers are for, the identity and the picture. Only integer arithmetic and exact conversions are used, so the
 * numbers have the same bits on every machine.
 */
final class Draws {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    private static final float UNIT_24 = 0x1p-24f;
    private static final float SQRT_3 = 1.7320508f;

    private long state;

    private Draws(long key) {
        state = key;
    }

    /** The stream for one purpose; streams whose four numbers differ are independent. */
    static Draws of(long startValue, int purpose, int identity, int picture) {
        long key = mix(startValue + GOLDEN);
        key = mix(key ^ (purpose + GOLDEN));
        key = mix(key + ((long) identity << 32 | picture & 0xFFFFFFFFL));
        return new Draws(key);
    }

    /** A bijective hash of 64 bits in which every input bit changes every output bit with probability one half. */
    static long mix(long z) {
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    /** 64 random bits. */
    long bits() {
        state += GOLDEN;
        return mix(state);
    }

    /** 32 random bits, as the key of a noise lattice. */
    int key() {
        return (int) (bits() >>> 32);
    }

    /** Uniform in [0, 1). */
    float uniform() {
        return (bits() >>> 40) * UNIT_24;
    }

    /** Uniform in [low, high). */
    float uniform(float low, float high) {
        return low + (high - low) * uniform();
    }

    /** Close to a standard normal: the sum of four uniform 16-bit numbers, bounded by 2 sqrt(3) on either side. */
    float normal() {
        return normal(bits());
    }

    /** The same from 64 bits at hand: the sum of their four 16-bit fields, centred and scaled to variance 1. */
    static float normal(long bits) {
        int sum = (int) (bits & 0xFFFF)
                + (int) (bits >>> 16 & 0xFFFF)
                + (int) (bits >>> 32 & 0xFFFF)
                + (int) (bits >>> 48);
        return (sum * 0x1p-16f - 2f) * SQRT_3;
    }

    /** True with the given probability. */
    boolean chance(float probability) {
        return uniform() < probability;
    }
}
