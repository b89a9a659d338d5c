package org.angulus.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.angulus.data.FailedImages;
import org.angulus.image.RgbImage;
import org.angulus.model.CounterRandom;
import org.junit.jupiter.api.Test;

class AugmentationTest {
    private static final int HEIGHT = 28;
    private static final int WIDTH = 24;
    private static final int EXAMPLES = 1000;
    private static final CounterRandom RANDOM = new CounterRandom(5, "test");

    /** Red rises with the row, green with the column, blue is 90: where a pixel came from can be read off it. */
    private static RgbImage ramp() {
        byte[] pixels = new byte[HEIGHT * WIDTH * 3];
        for (int i = 0; i < HEIGHT * WIDTH; i++) {
            pixels[3 * i] = (byte) (40 + 6 * (i / WIDTH));
            pixels[3 * i + 1] = (byte) (40 + 6 * (i % WIDTH));
            pixels[3 * i + 2] = 90;
        }
        return new RgbImage(HEIGHT, WIDTH, pixels);
    }

    private static RgbImage apply(Augmentation how, long example) {
        RgbImage changed = how.apply(ramp(), RANDOM, example);
        assertEquals(ramp().sizeText(), changed.sizeText());
        return changed;
    }

    /** How many of the examples are changed: the share within five standard errors. */
    private static void assertShare(double share, Augmentation how) {
        int changed = 0;
        for (int i = 0; i < EXAMPLES; i++) {
            changed += Arrays.equals(ramp().pixels(), apply(how, i).pixels()) ? 0 : 1;
        }
        assertEquals(share * EXAMPLES, changed, 5 * Math.sqrt(EXAMPLES * share * (1 - share)));
    }

    @Test
    void eachPartChangesItsShareAndIsOffAtZero() {
        assertShare(0, Augmentation.NONE);
        assertShare(0.2, new Augmentation(0, 0, 0.2, 0, 0));
        assertShare(0.2, new Augmentation(0, 0, 0, 0.2, 0));
        assertShare(0.2, new Augmentation(0, 0, 0, 0, 0.2));
    }

    /** The cut of the enlarged picture: 25 places, each about equally often, or always the centre. */
    @Test
    void theCutIsAtARandomPlaceOrInTheCentre() {
        Set<Integer> places = new HashSet<>();
        for (int i = 0; i < EXAMPLES; i++) {
            RgbImage shifted = apply(new Augmentation(4, 1, 0, 0, 0), i);
            places.add(shifted.sample(14, 12, 0) << 8 | shifted.sample(14, 12, 1));
        }
        assertEquals(25, places.size());
        byte[] centre = apply(new Augmentation(4, 0, 0, 0, 0), 0).pixels();
        assertFalse(Arrays.equals(ramp().pixels(), centre), "enlarged by a seventh");
        int central = 0;
        for (int i = 0; i < EXAMPLES; i++) {
            central += Arrays.equals(centre, apply(new Augmentation(4, 0.5, 0, 0, 0), i).pixels()) ? 1 : 0;
        }
        double share = 0.5 + 0.5 / 25;
        assertEquals(share * EXAMPLES, central, 5 * Math.sqrt(EXAMPLES * share * (1 - share)));
    }

    /** What is kept is one rectangle in its place, its area and sides within the limits; the rest is black. */
    @Test
    void aPartOnBlackIsARectangleInItsPlace() {
        for (int i = 0; i < EXAMPLES; i++) {
            RgbImage part = apply(new Augmentation(0, 0, 1, 0, 0), i);
            int top = HEIGHT;
            int left = WIDTH;
            int bottom = -1;
            int right = -1;
            int kept = 0;
            for (int y = 0; y < HEIGHT; y++) {
                for (int x = 0; x < WIDTH; x++) {
                    if (part.sample(y, x, 2) == 0) {
                        assertEquals(0, part.sample(y, x, 0) + part.sample(y, x, 1));
                        continue;
                    }
                    assertEquals(40 + 6 * y, part.sample(y, x, 0));
                    assertEquals(40 + 6 * x, part.sample(y, x, 1));
                    top = Math.min(top, y);
                    left = Math.min(left, x);
                    bottom = Math.max(bottom, y);
                    right = Math.max(right, x);
                    kept++;
                }
            }
            int rows = bottom - top + 1;
            int columns = right - left + 1;
            assertEquals(rows * columns, kept);
            double area = (double) kept / (HEIGHT * WIDTH);
            assertTrue(area > 0.17 && area <= 1, "area " + area);
            double ratio = (double) columns / rows;
            assertTrue(ratio > 0.68 && ratio < 1.45, "ratio " + ratio);
        }
    }

    @Test
    void lowResolutionKeepsTheMeanAndLosesDetail() {
        byte[] pixels = new byte[HEIGHT * WIDTH * 3];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (i / 3 % 2 == 0 ? 60 : 140);
        }
        RgbImage stripes = new RgbImage(HEIGHT, WIDTH, pixels);
        int softer = 0;
        for (int i = 0; i < 100; i++) {
            RgbImage low = new Augmentation(0, 0, 0, 1, 0).apply(stripes, RANDOM, i);
            double mean = 0;
            double spread = 0;
            for (byte sample : low.pixels()) {
                mean += (sample & 0xff) / (double) pixels.length;
                spread = Math.max(spread, Math.abs((sample & 0xff) - 100));
            }
            assertEquals(100, mean, 6);
            softer += spread < 35 ? 1 : 0;
        }
        assertTrue(softer > 60, softer + " of 100 are softer");
    }

    /** Grey stays grey whatever the factors, and its level stays within what brightness and contrast allow. */
    @Test
    void coloursChangeWithinTheFactors() {
        byte[] grey = new byte[HEIGHT * WIDTH * 3];
        Arrays.fill(grey, (byte) 100);
        Set<Integer> levels = new HashSet<>();
        for (int i = 0; i < 200; i++) {
            RgbImage changed = new Augmentation(0, 0, 0, 0, 1).apply(new RgbImage(HEIGHT, WIDTH, grey), RANDOM, i);
            assertEquals(changed.sample(3, 4, 0), changed.sample(3, 4, 1));
            assertEquals(changed.sample(3, 4, 0), changed.sample(3, 4, 2));
            levels.add(changed.sample(3, 4, 0));
        }
        assertTrue(levels.stream().allMatch(level -> level >= 49 && level <= 151), levels.toString());
        assertTrue(levels.size() > 50, levels.size() + " levels");
        RgbImage vivid = apply(new Augmentation(0, 0, 0, 0, 1), 3);
        assertFalse(Arrays.equals(ramp().pixels(), vivid.pixels()));
    }

    /** The batches are the same for one thread in order and four threads in any order. */
    @Test
    void threadsChangeNoByte() throws Exception {
        var all = new Augmentation(4, 0.5, 0.5, 0.5, 0.5);
        var images = new DrawnImages(50, 5, 16, 12, 3);
        var batches = new ShuffledBatches(images, 7, true, all, new FailedImages(true));
        byte[][] inOrder = new byte[8][];
        for (int i = 0; i < 8; i++) {
            inOrder[i] = batch(batches, i);
        }
        try (var threads = Executors.newFixedThreadPool(4)) {
            var tasks = new ArrayList<Callable<byte[]>>();
            for (int i = 7; i >= 0; i--) {
                int number = i;
                tasks.add(() -> batch(batches, number));
            }
            var results = threads.invokeAll(tasks);
            for (int i = 0; i < 8; i++) {
                assertArrayEquals(inOrder[7 - i], results.get(i).get());
            }
        }
        assertFalse(Arrays.equals(inOrder[0], batch(new ShuffledBatches(images, 7, true), 0)), "the batches are changed at all");
        assertFalse(Arrays.equals(inOrder[0], batch(new ShuffledBatches(images, 8, true, all, new FailedImages(true)), 0)));
    }

    private static byte[] batch(ShuffledBatches batches, int number) throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment images = arena.allocate(16 * 16 * 12 * 3);
            batches.fill(16L * number, new BatchSource.Batch(16, images, arena.allocate(64, 4), arena.allocate(16)));
            return images.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    @Test
    void theConfigurationNamesEachPart() {
        assertEquals(Augmentation.NONE, TrainingConfig.recipe("default").augmentation());
        var given = TrainingConfig.parse("{\"augmentation\": {\"enlarge\": 4, \"shift\": 0.5, \"colour\": 0.2}}");
        assertEquals(new Augmentation(4, 0.5, 0, 0, 0.2), given.augmentation());
        assertFalse(given.sameComputation(TrainingConfig.recipe("default")));
        for (String wrong : List.of("{\"enlarge\": -1}", "{\"enlarge\": 65}", "{\"shift\": 0.5}", "{\"crop\": 1.5}", "{\"colour\": -0.1}")) {
            String json = "{\"augmentation\": " + wrong + "}";
            String message = assertThrows(IllegalArgumentException.class, () -> TrainingConfig.parse(json)).getMessage();
            assertTrue(message.contains("augmentation: ") && message.contains("it must be"), message);
        }
    }
}
