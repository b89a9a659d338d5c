package org.angulus.eval;

import java.util.Arrays;

/** Mean and spread of the folds' figures. */
final class Statistics {
    private Statistics() {}

    static double mean(double[] values) {
        return Arrays.stream(values).sum() / values.length;
    }

    /** Square root of the mean squared deviation, divisor n. */
    static double populationStandardDeviation(double[] values) {
        return Math.sqrt(squaredDeviations(values) / values.length);
    }

    /** Standard error of the mean: sample standard deviation (divisor n - 1) over the square root of n. */
    static double standardError(double[] values) {
        return Math.sqrt(squaredDeviations(values) / (values.length - 1) / values.length);
    }

    private static double squaredDeviations(double[] values) {
        double mean = mean(values);
        return Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum();
    }
}
