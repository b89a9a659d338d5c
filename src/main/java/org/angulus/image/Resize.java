package org.angulus.image;

import java.util.Arrays;

/**
 * Resizing, rows and columns each by its own rule: a shrinking axis averages the area that a destination pixel covers, a
 * growing axis interpolates linearly between pixel centres (at i + 1/2), the border repeated. Results are rounded to the
 * nearest level, halves up.
 */
public final class Resize {
    private Resize() {}

    /** Resizes an image to {@code height} x {@code width}. */
    public static RgbImage to(RgbImage image, int height, int width) {
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException("an image cannot be resized to " + height + " x " + width);
        }
        Axis columns = Axis.of(image.width(), width);
        Axis rows = Axis.of(image.height(), height);
        int stride = width * RgbImage.CHANNELS;
        // Destination rows ask for rising source rows; at most rows.taps() of them are in use at a time.
        float[][] narrowed = new float[rows.taps()][stride];
        int ready = 0;
        float[] sums = new float[stride];
        byte[] pixels = new byte[height * stride];
        for (int y = 0; y < height; y++) {
            for (; ready <= rows.sources()[rows.taps() - 1][y]; ready++) {
                narrow(image, ready, columns, narrowed[ready % narrowed.length]);
            }
            Arrays.fill(sums, 0);
            for (int k = 0; k < rows.taps(); k++) {
                add(sums, rows.weights()[k][y], narrowed[rows.sources()[k][y] % narrowed.length]);
            }
            round(sums, pixels, y * stride);
        }
        return new RgbImage(height, width, pixels);
    }

    // Each of the loops below is long and does one thing, so that the compiler unrolls it and uses vector instructions.

    /** One source row with its columns resized. */
    private static void narrow(RgbImage image, int row, Axis columns, float[] destination) {
        Arrays.fill(destination, 0);
        for (int k = 0; k < columns.taps(); k++) {
            add(destination, image.pixels(), row * image.width(), columns.sources()[k], columns.weights()[k]);
        }
    }

    /** One tap of each destination pixel. */
    private static void add(float[] sums, byte[] pixels, int begin, int[] sources, float[] weights) {
        for (int x = 0, to = 0; x < sources.length; x++, to += RgbImage.CHANNELS) {
            int from = (begin + sources[x]) * RgbImage.CHANNELS;
            sums[to] += weights[x] * (pixels[from] & 0xff);
            sums[to + 1] += weights[x] * (pixels[from + 1] & 0xff);
            sums[to + 2] += weights[x] * (pixels[from + 2] & 0xff);
        }
    }

    private static void add(float[] sums, float weight, float[] row) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += weight * row[i];
        }
    }

    /** The weights of an axis sum to 1 but for rounding, so no sum reaches 255.5. */
    private static void round(float[] sums, byte[] pixels, int begin) {
        for (int i = 0; i < sums.length; i++) {
            pixels[begin + i] = (byte) (int) (sums[i] + 0.5f);
        }
    }

    /**
     * What the destination indices of one axis are summed from: tap k of index i is source index {@code sources[k][i]}, which rises with k and with i,
     * times {@code weights[k][i]}. The weights of an index sum to 1; where it needs fewer taps than another, the last ones repeat a source at weight 0.
     *
     * @param sources (taps, destination)
     * @param weights (taps, destination)
     */
    private record Axis(int[][] sources, float[][] weights) {
        static Axis of(int source, int destination) {
            double scale = (double) source / destination;
            int taps = scale > 1 ? (int) Math.ceil(scale) + 1 : 2;
            Axis axis = new Axis(new int[taps][destination], new float[taps][destination]);
            for (int i = 0; i < destination; i++) {
                double begin = i * scale;
                double end = Math.min(begin + scale, source);
                double position = Math.clamp((i + 0.5) * scale - 0.5, 0.0, source - 1.0);
                int first = (int) (scale > 1 ? begin : position);
                for (int k = 0; k < taps; k++) {
                    double covered = Math.min(end, first + k + 1) - Math.max(begin, first + k);
                    double weight = scale > 1 ? covered / (end - begin) : 1 - Math.abs(position - (first + k));
                    axis.sources[k][i] = Math.min(first + k, source - 1);
                    axis.weights[k][i] = (float) Math.max(0, weight);
                }
            }
            return axis;
        }

        int taps() {
            return sources.length;
        }
    }
}
