package org.angulus.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.MathContext;
import org.junit.jupiter.api.Test;

class BinomialTest {
    private static final MathContext DIGITS = new MathContext(60);

    /** P(X at most k), summed with sixty digits. */
    private static double summed(int k, int n, double p) {
        BigDecimal success = new BigDecimal(p);
        BigDecimal failure = BigDecimal.ONE.subtract(success);
        BigDecimal term = failure.pow(n, DIGITS);
        BigDecimal sum = term;
        for (int i = 1; i <= k; i++) {
            term = term.multiply(success, DIGITS).multiply(BigDecimal.valueOf(n - i + 1), DIGITS).divide(BigDecimal.valueOf(i), DIGITS).divide(failure, DIGITS);
            sum = sum.add(term, DIGITS);
        }
        return sum.doubleValue();
    }

    @Test
    void distributionIsTheSum() {
        for (int n : new int[] {1, 2, 9, 100, 3000}) {
            for (double p : new double[] {1e-4, 0.01, 0.3, 0.5, 0.97}) {
                for (int k : new int[] {0, 1, n / 3, (int) (n * p), n - 1}) {
                    double expected = summed(Math.min(k, n), n, p);
                    assertEquals(k >= n ? 1 : expected, Binomial.atMost(k, n, p), 1e-11, "k " + k + " of " + n + ", p " + p);
                }
                assertEquals(0, Binomial.atMost(-1, n, p));
                assertEquals(1, Binomial.atMost(n, n, p));
            }
        }
    }

    /** The ends are where the tails have half of the rest; with no or all successes there is a formula. */
    @Test
    void clopperPearsonEndsHaveTheirTails() {
        for (int n : new int[] {1, 10, 500, 20_000}) {
            for (int k : new int[] {0, 1, n / 10, n / 2, n - 1, n}) {
                double[] ends = Binomial.clopperPearson(k, n, 0.95);
                assertTrue(ends[0] <= (double) k / n && ends[1] >= (double) k / n);
                if (k > 0) {
                    assertEquals(0.025, 1 - Binomial.atMost(k - 1, n, ends[0]), 1e-9);
                }
                if (k < n) {
                    assertEquals(0.025, Binomial.atMost(k, n, ends[1]), 1e-9);
                }
            }
            assertEquals(1 - Math.pow(0.025, 1.0 / n), Binomial.clopperPearson(0, n, 0.95)[1], 1e-12);
            assertEquals(Math.pow(0.025, 1.0 / n), Binomial.clopperPearson(n, n, 0.95)[0], 1e-12);
        }
        assertEquals(0.18708603, Binomial.clopperPearson(5, 10, 0.95)[0], 1e-8, "as published tables have it");
        assertEquals(0.81291397, Binomial.clopperPearson(5, 10, 0.95)[1], 1e-8);
    }
}
