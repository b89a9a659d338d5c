package org.angulus.device;

/**
 * Batch norm with an optional PReLU: {@code v = gamma x^ + beta}, {@code x^ = (x - mean) / sqrt(variance + epsilon)}, {@code y = residual + prelu(v)}. x is (rows,
 * columns); statistics are the means, then the variances.
 */
record BatchNormReference(int rows, int columns, double epsilon, double[] x, double[] statistics, double[] gamma, double[] beta, double[] slope) {
    /** Means, then biased variances. */
    static Expected statistics(int rows, int columns, double[] x) {
        Expected result = new Expected(2 * columns, rows);
        for (int i = 0; i < x.length; i++) {
            result.add(i % columns, x[i] / rows);
        }
        for (int i = 0; i < x.length; i++) {
            int c = i % columns;
            double deviation = x[i] - result.value[c];
            result.value[columns + c] += deviation * deviation / rows;
            double magnitude = Math.abs(x[i]) + result.magnitude[c];
            result.magnitude[columns + c] += magnitude * magnitude / rows;
        }
        return result;
    }

    private double inverse(int c) {
        return 1 / Math.sqrt(statistics[columns + c] + epsilon);
    }

    private double normalized(int i) {
        return (x[i] - statistics[i % columns]) * inverse(i % columns);
    }

    /** Bounds the terms of x^. */
    private double normalizedMagnitude(int i) {
        return (Math.abs(x[i]) + Math.abs(statistics[i % columns])) * inverse(i % columns);
    }

    private double v(int i) {
        return gamma[i % columns] * normalized(i) + beta[i % columns];
    }

    private double vMagnitude(int i) {
        return Math.abs(gamma[i % columns]) * normalizedMagnitude(i) + Math.abs(beta[i % columns]);
    }

    /** Smallest |v| in units of its terms: at 0 the PReLU has a kink, where rounding decides the side. */
    double distanceFromKink() {
        double smallest = Double.POSITIVE_INFINITY;
        for (int i = 0; i < x.length; i++) {
            smallest = Math.min(smallest, Math.abs(v(i)) / vMagnitude(i));
        }
        return smallest;
    }

    Expected forward(double[] residual) {
        Expected y = new Expected(x.length, 6);
        for (int i = 0; i < x.length; i++) {
            double v = v(i);
            y.value[i] = slope == null || v > 0 ? v : slope[i % columns] * v;
            y.magnitude[i] = vMagnitude(i);
            if (residual != null) {
                y.add(i, residual[i]);
            }
        }
        return y;
    }

    /** Gradient at v. */
    private double dv(int i, double[] dy) {
        return dy[i] * (slope == null || v(i) > 0 ? 1 : slope[i % columns]);
    }

    /** Sum of dv, then sum of dv x^. */
    Expected sums(double[] dy) {
        Expected sums = new Expected(2 * columns, rows);
        for (int i = 0; i < x.length; i++) {
            double dv = dv(i, dy);
            sums.add(i % columns, dv);
            sums.value[columns + i % columns] += dv * normalized(i);
            sums.magnitude[columns + i % columns] += Math.abs(dv) * normalizedMagnitude(i);
        }
        return sums;
    }

    /** Sum of dy min(v, 0). */
    Expected slopeGradient(double[] dy) {
        Expected dslope = new Expected(columns, rows);
        for (int i = 0; i < x.length; i++) {
            double v = v(i);
            if (v <= 0) {
                dslope.value[i % columns] += dy[i] * v;
                dslope.magnitude[i % columns] += Math.abs(dy[i]) * vMagnitude(i);
            }
        }
        return dslope;
    }

    Expected inputGradient(double[] dy, double[] sums) {
        Expected dx = new Expected(x.length, 6);
        for (int i = 0; i < x.length; i++) {
            int c = i % columns;
            double factor = gamma[c] * inverse(c);
            double dv = dv(i, dy);
            dx.value[i] = factor * (dv - sums[c] / rows - normalized(i) * sums[columns + c] / rows);
            dx.magnitude[i] = Math.abs(factor) * (Math.abs(dv) + Math.abs(sums[c]) / rows + normalizedMagnitude(i) * Math.abs(sums[columns + c]) / rows);
        }
        return dx;
    }

    /** decay running + (1 - decay) statistics. */
    static Expected running(int rows, double decay, boolean unbiased, double[] statistics, double[] running) {
        Expected result = new Expected(running.length, 3);
        for (int i = 0; i < running.length; i++) {
            boolean variance = i >= running.length / 2;
            double correction = variance && unbiased && rows > 1 ? rows / (rows - 1.0) : 1;
            result.add(i, decay * running[i]);
            result.add(i, (1 - decay) * statistics[i] * correction);
        }
        return result;
    }
}
