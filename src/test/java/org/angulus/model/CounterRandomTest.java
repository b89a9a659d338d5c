package org.angulus.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class CounterRandomTest {
    /** Known answers published with Philox 4x32-10: counter and key of zeros, of ones, and the digits of pi. */
    @Test
    void philoxGivesThePublishedAnswers() {
        assertEquals(0xE169C58D_6627E8D5L, CounterRandom.philox(0, 0, 0));
        assertEquals(0x41C83B0E_408F276DL, CounterRandom.philox(-1, -1, -1));
        assertEquals(0x94FDCCEB_D16CFE09L, CounterRandom.philox(0x85A308D3_243F6A88L, 0x03707344_13198A2EL, 0x299F31D0_A4093822L));
    }

    @Test
    void numbersDependOnStartValuePurposeAndIndexAlone() {
        var random = new CounterRandom(7, "a");
        assertEquals(random.bits(5), new CounterRandom(7, "a").bits(5));
        assertNotEquals(random.bits(5), random.bits(6));
        assertNotEquals(random.bits(5), new CounterRandom(7, "b").bits(5));
        assertNotEquals(random.bits(5), new CounterRandom(8, "a").bits(5));
    }

    /** Means and variances of 100,000 draws lie within five standard errors of the distribution's. */
    @Test
    void drawsHaveTheMomentsOfTheirDistribution() {
        var random = new CounterRandom(3, "moments");
        int n = 100_000;
        check(n, random::uniform, 0.5, 1 / 12.0);
        check(n, random::normal, 0, 1);
        // Variance of a standard normal cut at 2: 1 - 4 phi(2) / (2 Phi(2) - 1).
        check(n, i -> random.truncatedNormal(i, 2), 0, 0.7737);
        for (int i = 0; i < n; i++) {
            assertTrue(Math.abs(random.truncatedNormal(i, 2)) < 2);
        }
    }

    private static void check(int n, java.util.function.LongToDoubleFunction draw, double mean, double variance) {
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < n; i++) {
            double value = draw.applyAsDouble(i);
            sum += value;
            squares += (value - mean) * (value - mean);
        }
        assertEquals(mean, sum / n, 5 * Math.sqrt(variance / n));
        // The fourth moment is at most 3 variance^2 for these three.
        assertEquals(variance, squares / n, 5 * variance * Math.sqrt(2.0 / n));
    }
}
