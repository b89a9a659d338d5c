package org.angulus.model;

import java.nio.charset.StandardCharsets;

/**
 * Random numbers that are a function of (start value, purpose, index) alone: Philox 4x32 with ten rounds (Salmon et al. 2011, "Parallel random
 * numbers: as easy as 1, 2, 3"). No state, so any thread may draw any number in any order and a resumed run draws the same ones.
 */
public final class CounterRandom {
    private static final long MULTIPLIER_0 = 0xD2511F53L;
    private static final long MULTIPLIER_1 = 0xCD9E8D57L;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;
    private static final int ROUNDS = 10;

    private final long startValue;
    private final long purpose;

    /** Numbers of one purpose, say the name of a tensor: two purposes share no numbers. */
    public CounterRandom(long startValue, String purpose) {
        this.startValue = startValue;
        this.purpose = hash(purpose);
    }

    /** 64 bits for (index, attempt): the key is the start value, the counter is (index + attempt 2^48, purpose). */
    public long bits(long index, int attempt) {
        return philox(index + ((long) attempt << 48), purpose, startValue);
    }

    /** The first two words of the block of this 128-bit counter and 64-bit key. */
    static long philox(long counterLow, long counterHigh, long key) {
        int c0 = (int) counterLow;
        int c1 = (int) (counterLow >>> 32);
        int c2 = (int) counterHigh;
        int c3 = (int) (counterHigh >>> 32);
        int k0 = (int) key;
        int k1 = (int) (key >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            long product0 = MULTIPLIER_0 * (c0 & 0xFFFFFFFFL);
            long product1 = MULTIPLIER_1 * (c2 & 0xFFFFFFFFL);
            c0 = (int) (product1 >>> 32) ^ c1 ^ k0;
            c1 = (int) product1;
            c2 = (int) (product0 >>> 32) ^ c3 ^ k1;
            c3 = (int) product0;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        return (c0 & 0xFFFFFFFFL) | ((long) c1 << 32);
    }

    public long bits(long index) {
        return bits(index, 0);
    }

    /** Uniform in [0, 1), 53 bits. */
    public double uniform(long index) {
        return (bits(index, 0) >>> 11) * 0x1p-53;
    }

    /** Standard normal: Box and Muller from the two halves of one draw. */
    public double normal(long index) {
        return normal(index, 0);
    }

    /** Standard normal, drawn again while outside (-limit, limit). */
    public double truncatedNormal(long index, double limit) {
        for (int attempt = 0; attempt < (1 << 15); attempt++) {
            double value = normal(index, attempt);
            if (Math.abs(value) < limit) {
                return value;
            }
        }
        throw new IllegalArgumentException("limit " + limit + " of the truncated normal is too small to draw from; use 0.01 or more.");
    }

    private double normal(long index, int attempt) {
        long bits = bits(index, attempt);
        double radius = ((bits >>> 32) + 0.5) * 0x1p-32;
        double angle = (bits & 0xFFFFFFFFL) * 0x1p-32;
        return Math.sqrt(-2 * StrictMath.log(radius)) * StrictMath.cos(2 * Math.PI * angle);
    }

    /** FNV-1a of the UTF-8 bytes. */
    private static long hash(String text) {
        long value = 0xCBF29CE484222325L;
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            value = (value ^ (b & 0xFF)) * 0x100000001B3L;
        }
        return value;
    }
}
