package org.angulus.train;

import org.angulus.model.CounterRandom;

/**
 * An order of the numbers [0, count), made without a table: four rounds of a Feistel network over the next even number of bits, walked until
 * the result lies below count (Black and Rogaway 2002, "Ciphers with arbitrary finite domains").
 */
final class Permutation {
    private static final int ROUNDS = 4;

    private final int count;
    private final int half;
    private final CounterRandom random;

    /** The order of one epoch. */
    Permutation(int count, long startValue, long epoch) {
        this.count = count;
        int bits = 32 - Integer.numberOfLeadingZeros(Math.max(1, count - 1));
        this.half = (bits + 1) / 2;
        this.random = new CounterRandom(startValue, "order of epoch " + epoch);
    }

    /** What stands at place {@code index}. */
    int at(int index) {
        int value = index;
        do {
            value = round(value);
        } while (Integer.compareUnsigned(value, count) >= 0);
        return value;
    }

    private int round(int value) {
        int mask = (1 << half) - 1;
        int left = value >>> half;
        int right = value & mask;
        for (int i = 0; i < ROUNDS; i++) {
            int mixed = left ^ (int) random.bits(((long) i << 32) | right) & mask;
            left = right;
            right = mixed;
        }
        return left << half | right;
    }
}
