package org.angulus.device;

/**
 * Philox4x32-10 (Salmon et al. 2011, section 4.3) and how a draw counts: element i takes word i % 4 of the block with counter {low(i / 4), high(i / 4),
 * low(randomCounter), high(randomCounter)} and key {low(seed), high(seed) ^ (purpose * 0x9E3779B9)}.
 */
final class PhiloxReference {
    private static final long WORD = 0xffffffffL;

    private PhiloxReference() {
    }

    /** The ten rounds; counter and result have four words, the key two. */
    static long[] block(long key0, long key1, long c0, long c1, long c2, long c3) {
        for (int round = 0; round < 10; round++) {
            long a = 0xD2511F53L * c0;
            long b = 0xCD9E8D57L * c2;
            long next0 = (b >>> 32) ^ c1 ^ key0;
            long next2 = (a >>> 32) ^ c3 ^ key1;
            c1 = b & WORD;
            c3 = a & WORD;
            c0 = next0 & WORD;
            c2 = next2 & WORD;
            key0 = key0 + 0x9E3779B9L & WORD;
            key1 = key1 + 0xBB67AE85L & WORD;
        }
        return new long[] {c0, c1, c2, c3};
    }

    /** Uniform in [0, 1) with 24 bits. */
    static double uniform(long seed, int purpose, long randomCounter, long element) {
        long key1 = seed >>> 32 ^ purpose * 0x9E3779B9L & WORD;
        long index = element / 4;
        long[] words = block(seed & WORD, key1, index & WORD, index >>> 32, randomCounter & WORD, randomCounter >>> 32);
        return (words[(int) (element % 4)] >>> 8) * 0x1p-24;
    }
}
