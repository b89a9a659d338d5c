package org.angulus.image;

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
        byte[] pixels = new byte[height * stride];
        for (int y = 0; y < height; y++) {
            int first = rows.first()[y];
            int count = rows.weights()[y].length;
            for (ready = Math.max(ready, first); ready < first + count; ready++) {
                narrow(image, ready, columns, narrowed[ready % narrowed.length]);
            }
            for (int i = 0; i < stride; i++) {
                float sum = 0;
                for (int k = 0; k < count; k++) {
                    sum += rows.weights()[y][k] * narrowed[(first + k) % narrowed.length][i];
                }
                pixels[y * stride + i] = (byte) Math.min(255, (int) (sum + 0.5f));
            }
        }
        return new RgbImage(height, width, pixels);
    }

    /** One source row with its columns resized. */
    private static void narrow(RgbImage image, int row, Axis columns, float[] destination) {
        byte[] pixels = image.pixels();
        for (int x = 0; x < columns.first().length; x++) {
            float[] weights = columns.weights()[x];
            int source = (row * image.width() + columns.first()[x]) * RgbImage.CHANNELS;
            for (int c = 0; c < RgbImage.CHANNELS; c++) {
                float sum = 0;
                for (int k = 0; k < weights.length; k++) {
                    sum += weights[k] * (pixels[source + k * RgbImage.CHANNELS + c] & 0xff);
                }
                destination[x * RgbImage.CHANNELS + c] = sum;
            }
        }
    }

    /**
     * The weights of one axis.
     *
     * @param first   for each destination index the first source index it reads; rises
     * @param weights for each destination index the weights of consecutive source indices; they sum to 1
     * @param taps    length of the longest weight list
     */
    private record Axis(int[] first, float[][] weights, int taps) {
        static Axis of(int source, int destination) {
            int[] first = new int[destination];
            float[][] weights = new float[destination][];
            int taps = 0;
            double scale = (double) source / destination;
            for (int i = 0; i < destination; i++) {
                if (scale > 1) {
                    double begin = i * scale;
                    double end = Math.min((i + 1) * scale, source);
                    first[i] = (int) begin;
                    weights[i] = new float[(int) Math.ceil(end) - first[i]];
                    for (int k = 0; k < weights[i].length; k++) {
                        double covered = Math.min(end, first[i] + k + 1) - Math.max(begin, first[i] + k);
                        weights[i][k] = (float) (covered / (end - begin));
                    }
                } else {
                    double position = Math.clamp((i + 0.5) * scale - 0.5, 0.0, source - 1.0);
                    first[i] = (int) position;
                    float part = (float) (position - first[i]);
                    weights[i] = part > 0 ? new float[] {1 - part, part} : new float[] {1};
                }
                taps = Math.max(taps, weights[i].length);
            }
            return new Axis(first, weights, taps);
        }
    }
}
