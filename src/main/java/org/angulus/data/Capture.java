package org.angulus.data;

import static org.angulus.data.Shape.clamp01;
import static org.angulus.data.Shape.sqrt;

/**
 * What camera and file do to one picture: resolution, motion and focus, exposure, white balance, contrast, noise,
 * block compression.
 *
 * @param detail resolution of the sensor over that of the crop, at most 1
 * @param blur strength of the defocus: passes of the kernel (1 2 1) / 4 on a crop of 56 rows, more on larger ones in
 *     proportion to area
 * @param motionX horizontal smear, pixels of a crop of 56 rows
 * @param motionY vertical smear, the same
 * @param exposure mean brightness aimed at, linear
 * @param metering 1 where the camera brings every scene to that mean, 0 where it leaves the scene as it is
 * @param warmth gain of red over blue
 * @param tint gain of green
 * @param saturation distance from grey, 1 for true colours
 * @param contrast slope of the tone curve's middle: 0 straight, above 0 steeper
 * @param noise standard deviation, in levels of 255
 * @param quantum step of the block transform's coefficients in levels of 255, 0 for none
 */
record Capture(
        float detail,
        float blur,
        float motionX,
        float motionY,
        float exposure,
        float metering,
        float warmth,
        float tint,
        float saturation,
        float contrast,
        float noise,
        float quantum) {
    static final Capture CLEAN = new Capture(1f, 0f, 0f, 0f, 0.22f, 0f, 0f, 0f, 1f, 0f, 0f, 0f);

    static Capture draw(Draws draws) {
        float detail = draws.chance(0.20f) ? draws.uniform(0.4f, 0.9f) : 1f;
        float blur = draws.chance(0.3f) ? draws.uniform(0f, 2.5f) : 0f;
        boolean moved = draws.chance(0.08f);
        float motionX = draws.uniform(-3f, 3f);
        float motionY = draws.uniform(-3f, 3f);
        return new Capture(
                detail,
                blur,
                moved ? motionX : 0f,
                moved ? motionY : 0f,
                draws.uniform(0.10f, 0.34f),
                draws.uniform(0.55f, 1f),
                0.10f * draws.normal(),
                0.03f * draws.normal(),
                draws.chance(0.05f) ? 0f : draws.uniform(0.6f, 1.3f),
                draws.uniform(-0.25f, 0.35f),
                draws.chance(0.4f) ? draws.uniform(2f, 12f) : draws.uniform(0f, 3f),
                draws.chance(0.3f) ? draws.uniform(6f, 30f) : 0f);
    }

    /** Takes the picture: HWC, RGB, one byte a channel, from {@code offset} on. The key gives the noise. */
    void take(Portrait portrait, int height, int width, int key, byte[] rgb, int offset) {
        int rows = Math.max(4, Math.round(detail * height));
        int columns = Math.max(4, Math.round(detail * width));
        float[] plane = new float[3 * rows * columns];
        expose(portrait, height, width, plane, rows, columns);
        Blur.apply(plane, rows, columns, this, rows / 56f);
        develop(plane);
        if (rows != height || columns != width) {
            plane = Blur.enlarge(plane, rows, columns, height, width);
        }
        if (noise > 0f) {
            grain(plane, key);
        }
        if (quantum > 0f) {
            BlockCode.apply(plane, height, width, quantum);
        }
        for (int i = 0; i < plane.length; i++) {
            rgb[offset + i] = (byte) (int) (255f * clamp01(plane[i]) + 0.5f);
        }
    }

    private static void expose(Portrait portrait, int height, int width, float[] plane, int rows, int columns) {
        Pixel p = new Pixel();
        float stepY = (float) height / rows;
        float stepX = (float) width / columns;
        int at = 0;
        for (int row = 0; row < rows; row++) {
            float y = (row + 0.5f) * stepY - 0.5f;
            for (int column = 0; column < columns; column++) {
                portrait.look((column + 0.5f) * stepX - 0.5f, y, p);
                plane[at++] = p.red;
                plane[at++] = p.green;
                plane[at++] = p.blue;
            }
        }
    }

    /**
     * From radiance to levels in [0, 1]: exposure, white balance, saturation, display curve (a square root),
     * contrast.
     */
    private void develop(float[] plane) {
        float sum = 0f;
        for (int i = 1; i < plane.length; i += 3) {
            sum += Math.min(1f, plane[i]);
        }
        float mean = Math.max(0.01f, sum * 3f / plane.length);
        float gain = 1f + metering * (exposure / mean - 1f);
        float red = gain * (1f + warmth);
        float green = gain * (1f + tint);
        float blue = gain * (1f - warmth);
        for (int i = 0; i < plane.length; i += 3) {
            float r = plane[i] * red;
            float g = plane[i + 1] * green;
            float b = plane[i + 2] * blue;
            float grey = 0.3f * r + 0.6f * g + 0.1f * b;
            plane[i] = tone(grey + saturation * (r - grey));
            plane[i + 1] = tone(grey + saturation * (g - grey));
            plane[i + 2] = tone(grey + saturation * (b - grey));
        }
    }

    private float tone(float linear) {
        // A soft shoulder, so that bright skin keeps some shape.
        float x = Math.max(0f, linear);
        x = x < 0.7f ? x : 1f - 0.09f / (x - 0.4f);
        float level = sqrt(x);
        float centred = level - 0.5f;
        return clamp01(0.5f + centred * (1f + contrast * (1f - 3.2f * centred * centred)));
    }

    private void grain(float[] plane, int key) {
        float sigma = noise / 255f;
        for (int i = 0; i < plane.length; i += 3) {
            long bits = Draws.mix(((long) key << 32) + i);
            float grey = sigma * Draws.normal(bits);
            // Colour noise is weaker than noise of brightness: two of the words' fields again, with opposite signs.
            float colour = 0.8f * sigma * (((bits & 0xFFFF) - (bits >>> 48)) * 0x1p-16f);
            plane[i] += grey + colour;
            plane[i + 1] += grey;
            plane[i + 2] += grey - colour;
        }
    }
}
