package org.angulus.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ResizeTest {
    @Test
    void smallCasesByHand() {
        assertEquals(26, Resize.to(grey(2, 2, 10, 20, 30, 43), 1, 1).sample(0, 0, 2), "25.75 rounds up");
        RgbImage shrunk = Resize.to(grey(1, 3, 0, 90, 255), 1, 2);
        assertEquals(30, shrunk.sample(0, 0, 0), "(0 + 90 / 2) / 1.5");
        assertEquals(200, shrunk.sample(0, 1, 0), "(90 / 2 + 255) / 1.5");
        RgbImage grown = Resize.to(grey(1, 2, 0, 100), 1, 4);
        assertEquals(0, grown.sample(0, 0, 0));
        assertEquals(25, grown.sample(0, 1, 0));
        assertEquals(75, grown.sample(0, 2, 0));
        assertEquals(100, grown.sample(0, 3, 0));
    }

    @Test
    void againstAPlainReference() {
        long start = Long.getLong("angulus.test.start", System.nanoTime());
        System.out.println("ResizeTest.againstAPlainReference: -Dangulus.test.start=" + start);
        Random random = new Random(start);
        for (int round = 0; round < 60; round++) {
            RgbImage image = random(random, 1 + random.nextInt(20), 1 + random.nextInt(20));
            int height = 1 + random.nextInt(25);
            int width = 1 + random.nextInt(25);
            RgbImage resized = Resize.to(image, height, width);
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    for (int c = 0; c < 3; c++) {
                        double expected = 0;
                        for (int r = 0; r < image.height(); r++) {
                            for (int q = 0; q < image.width(); q++) {
                                expected += weight(image.height(), height, y, r)
                                        * weight(image.width(), width, x, q)
                                        * image.sample(r, q, c);
                            }
                        }
                        // Half a level of rounding and float sums of at most 40 terms below 256.
                        double error = Math.abs(expected - resized.sample(y, x, c));
                        assertTrue(error <= 0.5 + 40 * 256 * 0x1p-23, image.sizeText() + " to " + resized.sizeText());
                    }
                }
            }
        }
    }

    /** Sums of rounded weights may exceed the highest level a little, and must not wrap around to black. */
    @Test
    void whiteStaysWhite() {
        for (int from = 1; from <= 40; from++) {
            int[] levels = new int[from * from];
            Arrays.fill(levels, 255);
            for (int to = 1; to <= 40; to++) {
                for (byte sample : Resize.to(grey(from, from, levels), to, 41 - to).pixels()) {
                    assertEquals(-1, sample, from + " to " + to);
                }
            }
        }
    }

    /** The weight of a source index in a destination index: the covered share, or the hat of linear interpolation. */
    private static double weight(int source, int destination, int to, int from) {
        double scale = (double) source / destination;
        if (scale > 1) {
            return Math.max(0, Math.min((to + 1) * scale, from + 1) - Math.max(to * scale, from)) / scale;
        }
        double position = Math.max(0, Math.min(source - 1, (to + 0.5) * scale - 0.5));
        return Math.max(0, 1 - Math.abs(position - from));
    }

    @Test
    void fitChoosesOrRefuses() throws Exception {
        RgbImage square = random(new Random(5), 112, 112);
        RgbImage cropped = Fit.CENTRE_CROP.apply(square, 112, 96, "a.png");
        for (int row = 0; row < 112; row++) {
            for (int column = 0; column < 96; column++) {
                assertEquals(square.sample(row, column + 8, 1), cropped.sample(row, column, 1));
            }
        }
        assertSame(square, Fit.EXACT.apply(square, 112, 112, "a.png"));
        assertSame(square, Fit.RESIZE.apply(square, 112, 112, "a.png"));
        assertEquals("112 x 96", Fit.RESIZE.apply(square, 112, 96, "a.png").sizeText());
        assertEquals(
                "a.png: it is 112 x 112 (rows x columns) where 112 x 96 is needed; align or crop it first, or choose another"
                        + " fit.",
                assertThrows(ImageException.class, () -> Fit.EXACT.apply(square, 112, 96, "a.png")).getMessage());
        assertTrue(assertThrows(ImageException.class, () -> Fit.CENTRE_CROP.apply(square, 113, 96, "a.png"))
                .getMessage()
                .contains("112 x 112 (rows x columns) where 113 x 96 is needed"));
        RgbImage odd = Fit.CENTRE_CROP.apply(grey(1, 4, 1, 2, 3, 4), 1, 1, "b");
        assertArrayEquals(new byte[] {2, 2, 2}, odd.pixels(), "an odd margin cuts one more on the right");
    }

    @Test
    void imagesRefuseWrongSizes() {
        assertThrows(IllegalArgumentException.class, () -> new RgbImage(2, 2, new byte[11]));
        assertThrows(IllegalArgumentException.class, () -> new RgbImage(0, 2, new byte[0]));
        assertThrows(IllegalArgumentException.class, () -> grey(2, 2, 1, 2, 3, 4).crop(1, 0, 2, 1));
        assertThrows(IllegalArgumentException.class, () -> Resize.to(grey(1, 1, 1), 0, 5));
    }

    private static RgbImage grey(int height, int width, int... levels) {
        byte[] pixels = new byte[3 * levels.length];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) levels[i / 3];
        }
        return new RgbImage(height, width, pixels);
    }

    private static RgbImage random(Random random, int height, int width) {
        byte[] pixels = new byte[3 * height * width];
        random.nextBytes(pixels);
        return new RgbImage(height, width, pixels);
    }
}
