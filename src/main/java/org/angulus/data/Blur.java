package org.angulus.data;

/** Filters over an interleaved RGB picture of floats, (H, W, 3); the border repeats. */
final class Blur {
    private Blur() {}

    /** Focus and motion of a capture, on a picture {@code scale} times as high as 56 rows. */
    static void apply(float[] image, int rows, int columns, Capture capture, float scale) {
        float passes = capture.blur() * scale * scale;
        for (float left = passes; left > 0f; left -= 1f) {
            float weight = 0.25f * Math.min(1f, left);
            smooth(image, columns, 3, rows, 3 * columns, weight);
            smooth(image, rows, 3 * columns, columns, 3, weight);
        }
        smear(image, columns, 3, rows, 3 * columns, Math.abs(capture.motionX()) * scale);
        smear(image, rows, 3 * columns, columns, 3, Math.abs(capture.motionY()) * scale);
    }

    /**
     * One pass of (w, 1 - 2w, w) along lines: {@code length} pixels {@code stride} apart, {@code lines} lines {@code
     * jump} apart.
     */
    private static void smooth(float[] image, int length, int stride, int lines, int jump, float weight) {
        for (int line = 0; line < lines; line++) {
            for (int channel = 0; channel < 3; channel++) {
                int at = line * jump + channel;
                float before = image[at];
                float here = before;
                for (int i = 0; i < length; i++, at += stride) {
                    float after = i + 1 < length ? image[at + stride] : here;
                    image[at] = here + weight * (before - 2f * here + after);
                    before = here;
                    here = after;
                }
            }
        }
    }

    /** A box of odd width along lines, blended between the two nearest widths. */
    private static void smear(float[] image, int length, int stride, int lines, int jump, float width) {
        int reach = (int) Math.ceil(0.5f * width);
        if (reach == 0) {
            return;
        }
        float edge = 1f - (reach - 0.5f * width);
        float norm = 1f / (2f * (reach - 1) + 1f + 2f * edge);
        float[] line = new float[length];
        for (int start = 0; start < lines; start++) {
            for (int channel = 0; channel < 3; channel++) {
                int at = start * jump + channel;
                for (int i = 0; i < length; i++) {
                    line[i] = image[at + i * stride];
                }
                for (int i = 0; i < length; i++) {
                    float sum = edge * (line[Math.max(0, i - reach)] + line[Math.min(length - 1, i + reach)]);
                    for (int k = 1 - reach; k < reach; k++) {
                        sum += line[Math.clamp(i + k, 0, length - 1)];
                    }
                    image[at + i * stride] = sum * norm;
                }
            }
        }
    }

    /** Bilinear enlargement; pixel centres lie at half numbers on both sides. */
    static float[] enlarge(float[] image, int rows, int columns, int height, int width) {
        float[] into = new float[3 * height * width];
        float stepY = (float) rows / height;
        float stepX = (float) columns / width;
        int at = 0;
        for (int y = 0; y < height; y++) {
            float fromY = Shape.clamp((y + 0.5f) * stepY - 0.5f, 0f, rows - 1f);
            int top = Math.min((int) fromY, rows - 2);
            float down = fromY - top;
            for (int x = 0; x < width; x++) {
                float fromX = Shape.clamp((x + 0.5f) * stepX - 0.5f, 0f, columns - 1f);
                int left = Math.min((int) fromX, columns - 2);
                float right = fromX - left;
                int i = 3 * (top * columns + left);
                for (int channel = 0; channel < 3; channel++, i++) {
                    float upper = Shape.lerp(image[i], image[i + 3], right);
                    float lower = Shape.lerp(image[i + 3 * columns], image[i + 3 * columns + 3], right);
                    into[at++] = Shape.lerp(upper, lower, down);
                }
            }
        }
        return into;
    }
}
