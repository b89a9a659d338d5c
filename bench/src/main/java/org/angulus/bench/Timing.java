package org.angulus.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Times of a repeated call, in seconds.
 *
 * @param median of all calls
 * @param least the fastest
 * @param most the slowest
 * @param calls that were timed
 */
record Timing(double median, double least, double most, int calls) {
    private static final int LEAST_CALLS = 3;

    /** Something that is timed. */
    @FunctionalInterface
    interface Call<E extends Exception> {
        void run() throws E;
    }

    /** Calls for {@code seconds}, and three times at least. */
    static <E extends Exception> Timing of(double seconds, Call<E> call) throws E {
        List<Double> times = new ArrayList<>();
        long end = System.nanoTime() + Math.round(1e9 * seconds);
        while (times.size() < LEAST_CALLS || System.nanoTime() < end) {
            long start = System.nanoTime();
            call.run();
            times.add(1e-9 * (System.nanoTime() - start));
        }
        double[] sorted = times.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return new Timing(medianOf(sorted), sorted[0], sorted[sorted.length - 1], sorted.length);
    }

    /** The middle value, or the mean of the middle two; NaN without any. */
    static double medianOf(double... values) {
        if (values.length == 0) {
            return Double.NaN;
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : 0.5 * (sorted[middle - 1] + sorted[middle]);
    }
}
