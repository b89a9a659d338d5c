package org.angulus.eval;

import java.util.Arrays;

/**
 * Similarities that know nothing of faces. A recogniser is worth what it reaches beyond them: where they separate
 * people well, the pictures are too easy.
 */
public final class Baselines {
    /** Cells of the colour histogram along each of red, green and blue. */
    private static final int CELLS = 8;

    private Baselines() {}

    /**
     * Cosine of the raw pixels after each picture's mean was taken off: 1 for equal pictures, whatever their
     * brightness and contrast.
     *
     * @param a one picture, unsigned bytes, channels in any order
     * @param b another of the same size
     * @return in [-1, 1]; 0 where a picture is of one single level
     * @throws IllegalArgumentException if the pictures differ in size or are empty
     */
    public static double pixelCosine(byte[] a, byte[] b) {
        checkSizes(a, b);
        long sumA = 0;
        long sumB = 0;
        long squaresA = 0;
        long squaresB = 0;
        long products = 0;
        for (int i = 0; i < a.length; i++) {
            int x = a[i] & 0xFF;
            int y = b[i] & 0xFF;
            sumA += x;
            sumB += y;
            squaresA += x * x;
            squaresB += y * y;
            products += x * y;
        }
        double n = a.length;
        double varianceA = squaresA - sumA / n * sumA;
        double varianceB = squaresB - sumB / n * sumB;
        if (!(varianceA > 0) || !(varianceB > 0)) {
            return 0;
        }
        return (products - sumA / n * sumB) / Math.sqrt(varianceA * varianceB);
    }

    /**
     * Overlap of the joint colour histograms (8 x 8 x 8 cells; Swain and Ballard, "Color indexing", 1991): the share
     * of pixels that find a partner of their own cell in the other picture.
     *
     * @param a one picture, unsigned bytes, three interleaved channels
     * @param b another of the same size
     * @return in [0, 1]
     * @throws IllegalArgumentException if the pictures differ in size, are empty, or have no three channels
     */
    public static double histogramSimilarity(byte[] a, byte[] b) {
        checkSizes(a, b);
        if (a.length % 3 != 0) {
            throw new IllegalArgumentException("A colour histogram needs three bytes a pixel, but " + a.length
                    + " bytes are no multiple of three.");
        }
        int[] left = histogram(a);
        int[] right = histogram(b);
        int shared = 0;
        for (int i = 0; i < left.length; i++) {
            shared += Math.min(left[i], right[i]);
        }
        return 3.0 * shared / a.length;
    }

    /**
     * Verification accuracy at the threshold that suits these very pairs best: the most that any threshold could
     * reach. Both kinds of pairs weigh the same, however many there are.
     *
     * @param same similarities of pairs of one person
     * @param different similarities of pairs of two people
     * @return in [0.5, 1]
     * @throws IllegalArgumentException if there are no pairs of a kind or a similarity is not a number
     */
    public static double bestAccuracy(double[] same, double[] different) {
        double[] up = sorted(same, "of one person");
        double[] down = sorted(different, "of two people");
        double best = 0.5;
        int below = 0;
        for (int i = 0; i < up.length; i++) {
            if (i > 0 && up[i] == up[i - 1]) {
                continue;
            }
            // Threshold at up[i]: what lies at or above it counts as the same person.
            while (below < down.length && down[below] < up[i]) {
                below++;
            }
            double found = (double) (up.length - i) / up.length;
            double rejected = (double) below / down.length;
            best = Math.max(best, 0.5 * (found + rejected));
        }
        return best;
    }

    private static double[] sorted(double[] similarities, String kind) {
        if (similarities.length == 0) {
            throw new IllegalArgumentException("Verification accuracy needs pairs " + kind + ", but none were given.");
        }
        double[] sorted = similarities.clone();
        Arrays.sort(sorted);
        if (Double.isNaN(sorted[sorted.length - 1])) {
            throw new IllegalArgumentException("A similarity of a pair " + kind + " is not a number.");
        }
        return sorted;
    }

    private static int[] histogram(byte[] rgb) {
        int[] counts = new int[CELLS * CELLS * CELLS];
        for (int i = 0; i < rgb.length; i += 3) {
            counts[(cell(rgb[i]) * CELLS + cell(rgb[i + 1])) * CELLS + cell(rgb[i + 2])]++;
        }
        return counts;
    }

    private static int cell(byte level) {
        return (level & 0xFF) * CELLS / 256;
    }

    private static void checkSizes(byte[] a, byte[] b) {
        if (a.length != b.length || a.length == 0) {
            throw new IllegalArgumentException(
                    "Two pictures can be compared where they have the same size and are not empty, but they have "
                            + a.length + " and " + b.length + " bytes.");
        }
    }
}
