package org.angulus.eval;

/** Exact statements about the share behind k successes in n independent trials. */
final class Binomial {
    private static final double[] LANCZOS = {
        0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012,
        9.9843695780195716e-6, 1.5056327351493116e-7
    };

    private Binomial() {}

    /**
     * The interval of Clopper and Pearson (Biometrika 26, 1934): it holds the true share with at least this confidence, whatever the share is.
     *
     * @param k successes, 0 to n
     * @param confidence above 0 and below 1, half of the rest on either side
     * @return its two ends
     */
    static double[] clopperPearson(long k, long n, double confidence) {
        double tail = (1 - confidence) / 2;
        double low = k == 0 ? 0 : betaQuantile(tail, k, n - k + 1);
        double high = k == n ? 1 : betaQuantile(1 - tail, k + 1, n - k);
        return new double[] {low, high};
    }

    /** P(X at most k) of X successes in n trials of probability p. */
    static double atMost(long k, long n, double p) {
        return k < 0 ? 0 : k >= n ? 1 : incompleteBeta(1 - p, n - k, k + 1);
    }

    /** The x at which the regularized incomplete beta function is p, by bisection to the last bits. */
    private static double betaQuantile(double p, double a, double b) {
        double low = 0;
        double high = 1;
        for (double middle = 0.5; low < middle && middle < high; middle = (low + high) / 2) {
            if (incompleteBeta(middle, a, b) < p) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high;
    }

    /** The regularized incomplete beta function I_x(a, b), by its continued fraction (Abramowitz and Stegun 26.5.8). */
    static double incompleteBeta(double x, double a, double b) {
        if (x <= 0 || x >= 1) {
            return x <= 0 ? 0 : 1;
        }
        if (x > (a + 1) / (a + b + 2)) {
            return 1 - incompleteBeta(1 - x, b, a); // where the fraction converges fast
        }
        double front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b)) / a;
        return front / fraction(x, a, b);
    }

    /** 1 + d1/(1 + d2/(1 + ...)) by Lentz's rule. */
    private static double fraction(double x, double a, double b) {
        double numerator = 1;
        double denominator = 0;
        double value = 1;
        for (int i = 1; i < 100_000; i++) {
            int m = i / 2;
            double d = i % 2 == 0
                    ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
                    : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
            denominator = 1 / notZero(1 + d * denominator);
            numerator = notZero(1 + d / numerator);
            double change = numerator * denominator;
            value *= change;
            if (Math.abs(change - 1) < 1e-15) {
                return value;
            }
        }
        throw new ArithmeticException("the incomplete beta function of " + x + ", " + a + ", " + b + " does not converge");
    }

    private static double notZero(double value) {
        return Math.abs(value) < 1e-300 ? 1e-300 : value;
    }

    /** The logarithm of the gamma function of x at least 0.5 (Lanczos, g = 7). */
    private static double logGamma(double x) {
        double sum = LANCZOS[0];
        for (int i = 1; i < LANCZOS.length; i++) {
            sum += LANCZOS[i] / (x - 1 + i);
        }
        double t = x + 6.5;
        return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
    }
}
