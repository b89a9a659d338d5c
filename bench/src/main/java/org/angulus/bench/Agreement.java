package org.angulus.bench;

import java.util.stream.IntStream;
import org.angulus.device.Type;

/** Compares the answers of two engines before they are timed. */
final class Agreement {
    /** Of 1 - cosine, for each row. */
    static final double COSINE = 1e-5;
    /** Of the largest difference, as a share of the row's largest magnitude. */
    static final double DIFFERENCE = 1e-4;

    /** Of 1 - cosine where the numbers between the layers are bf16: an error of 1 % across the embedding turns it by 0.01. */
    private static final double BF16_COSINE = 1e-4;
    private static final double BF16_DIFFERENCE = 0.02;
    /** By how many times that difference two embeddings must be apart at least, or their comparison would prove nothing. */
    private static final double APART = 100;
    private static final double BF16_APART = 3;

    private Agreement() {}

    /** As the other, for answers in f32. */
    static void require(String what, float[][] actual, float[][] expected) {
        require(what, Type.F32, actual, expected);
    }

    /**
     * Refuses embeddings that differ, are not finite, or are so alike among themselves that the comparison would prove nothing.
     *
     * @param precision of what gave {@code actual}; what was expected is f32
     * @param actual (batch, D)
     * @param expected (batch, D)
     * @throws IllegalStateException with one sentence
     */
    static void require(String what, Type precision, float[][] actual, float[][] expected) {
        boolean exact = precision == Type.F32;
        double cosineBound = exact ? COSINE : BF16_COSINE;
        double differenceBound = exact ? DIFFERENCE : BF16_DIFFERENCE;
        double apart = exact ? APART : BF16_APART;
        if (actual.length != expected.length || actual.length == 0) {
            throw new IllegalStateException(what + ": " + actual.length + " embeddings came, " + expected.length + " were expected.");
        }
        for (int row = 0; row < actual.length; row++) {
            if (actual[row].length != expected[row].length) {
                throw new IllegalStateException(what + ": row " + row + " has " + actual[row].length + " numbers, expected " + expected[row].length + ".");
            }
            double distance = 1 - cosine(actual[row], expected[row]);
            double difference = difference(actual[row], expected[row]);
            if (!(distance <= cosineBound) || !(difference <= differenceBound)) {
                throw new IllegalStateException(what + ": row " + row + " differs: 1 - cosine is " + distance + " (at most " + cosineBound
                        + "), the largest difference " + difference + " of the largest number (at most " + differenceBound + ").");
            }
        }
        for (int row = 1; row < expected.length; row++) {
            if (!(difference(expected[row], expected[row - 1]) > apart * differenceBound)) {
                throw new IllegalStateException(what + ": rows " + (row - 1) + " and " + row + " are nearly the same, so their comparison proves nothing.");
            }
        }
    }

    /** The largest 1 - cosine of a row. */
    static double farthest(float[][] actual, float[][] expected) {
        return IntStream.range(0, expected.length).mapToDouble(row -> 1 - cosine(actual[row], expected[row])).max().orElseThrow();
    }

    private static double cosine(float[] a, float[] b) {
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            ab += (double) a[i] * b[i];
            aa += (double) a[i] * a[i];
            bb += (double) b[i] * b[i];
        }
        return ab / Math.sqrt(aa * bb);
    }

    /** The largest difference over the largest magnitude of {@code b}; NaN where a number is not finite. */
    static double difference(float[] a, float[] b) {
        double largest = 0;
        double magnitude = 0;
        for (int i = 0; i < a.length; i++) {
            largest = Math.max(largest, Math.abs((double) a[i] - b[i]));
            magnitude = Math.max(magnitude, Math.abs(b[i]));
        }
        return largest / magnitude;
    }
}
