package org.angulus.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.angulus.data.FailedImages;
import org.angulus.data.LabeledImages;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShuffledBatchesTest {
    /** Image i is filled with the byte i and has the label i mod classes. */
    private record Numbered(int count, int classes, int height, int width) implements LabeledImages {
        @Override
        public int label(int index) {
            return index % classes;
        }

        @Override
        public void read(int index, MemorySegment rgb) {
            rgb.fill((byte) index);
        }
    }

    /** Sizes on both sides of a power of two, of a power of four, and 1. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 1000})
    void everyEpochShowsEveryImageOnce(int count) {
        var batches = new ShuffledBatches(new Numbered(count, 1, 2, 2), 9, true);
        for (int epoch = 0; epoch < 3; epoch++) {
            long first = (long) epoch * count;
            int[] order = IntStream.range(0, count).map(i -> batches.image(first + i)).toArray();
            assertArrayEquals(IntStream.range(0, count).toArray(), Arrays.stream(order).sorted().toArray());
        }
    }

    @Test
    void epochsAndStartValuesHaveTheirOwnOrder() {
        var batches = new ShuffledBatches(new Numbered(100, 1, 2, 2), 9, true);
        var others = new ShuffledBatches(new Numbered(100, 1, 2, 2), 10, true);
        int[] first = IntStream.range(0, 100).map(batches::image).toArray();
        assertFalse(Arrays.equals(first, IntStream.range(100, 200).map(batches::image).toArray()));
        assertFalse(Arrays.equals(first, IntStream.range(0, 100).map(others::image).toArray()));
        assertFalse(Arrays.equals(first, IntStream.range(0, 100).toArray()));
    }

    /** A pair of neighbours in the order is as often rising as falling: within five standard errors over 1,000 epochs. */
    @Test
    void ordersAreNotBiased() {
        int rising = 0;
        for (int epoch = 0; epoch < 1000; epoch++) {
            var order = new Permutation(1000, 4, epoch);
            rising += order.at(17) < order.at(18) ? 1 : 0;
        }
        assertEquals(500, rising, 5 * Math.sqrt(250));
    }

    @Test
    void aLargeSetStaysInRange() {
        var order = new Permutation(Integer.MAX_VALUE, 4, 0);
        for (int i = 0; i < 1000; i++) {
            int value = order.at(Integer.MAX_VALUE - 1 - i);
            assertFalse(value < 0 || value == Integer.MAX_VALUE, "value " + value);
        }
    }

    @Test
    void batchesCarryTheRestOfAnEpochOverAndAreTheSameWhenAskedAgain() throws IOException {
        var batches = new ShuffledBatches(new Numbered(10, 3, 4, 2), 9, true);
        int[][] first = read(batches, 8, 4);
        for (int i = 0; i < 4; i++) {
            int image = batches.image(8 + i);
            assertEquals(image, first[0][i]);
            assertEquals(image % 3, first[1][i]);
        }
        assertArrayEquals(first, read(batches, 8, 4));
        int flipped = Arrays.stream(read(batches, 0, 1000)[2]).sum();
        assertEquals(500, flipped, 5 * Math.sqrt(250));
        assertEquals(0, Arrays.stream(read(new ShuffledBatches(new Numbered(10, 3, 4, 2), 9, false), 0, 1000)[2]).sum());
    }

    @Test
    void anImageThatFailsIsReplacedByPositionAlone() throws IOException {
        var images = new DamagedImages(new Numbered(100, 7, 4, 2), i -> i == 13 || i == 31);
        var failed = new FailedImages(false);
        var batches = new ShuffledBatches(images, 9, true, Augmentation.NONE, failed);
        int[][] whole = read(batches, 0, 500);
        assertEquals(List.of("image 13 is damaged.", "image 31 is damaged."), batches.takeProblems().stream().sorted().toList());
        assertTrue(failed.count() >= 10, failed.count() + " failures in five epochs with two bad images");
        int replaced = 0;
        for (int i = 0; i < 500; i++) {
            assertFalse(whole[0][i] == 13 || whole[0][i] == 31 || whole[0][i] == 120);
            assertEquals(whole[0][i] % 7, whole[1][i], "the label is that of the image that stands in");
            replaced += whole[0][i] == batches.image(i) ? 0 : 1;
        }
        assertEquals(10, replaced, "two of a hundred in each of five epochs");
        var again = new ShuffledBatches(images, 9, true, Augmentation.NONE, new FailedImages(false));
        for (int position = 450; position >= 0; position -= 50) {
            int[][] part = read(again, position, 50);
            assertArrayEquals(Arrays.copyOfRange(whole[0], position, position + 50), part[0]);
        }
    }

    @Test
    void tooManyFailuresEndTheRunAndAStrictOneEndsAtTheFirst() {
        var images = new DamagedImages(new Numbered(100, 7, 4, 2), i -> i % 2 == 0);
        var batches = new ShuffledBatches(images, 9, true);
        String message = assertThrows(IOException.class, () -> read(batches, 0, 100)).getMessage();
        assertTrue(message.contains("17 of ") && message.contains("mend or remove them"), message);
        var strict = new ShuffledBatches(images, 9, true, Augmentation.NONE, new FailedImages(true));
        assertTrue(assertThrows(IOException.class, () -> read(strict, 0, 100)).getMessage().matches("image \\d+ is damaged\\."));
    }

    @Test
    void anEmptySetIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new ShuffledBatches(new Numbered(0, 1, 2, 2), 9, true));
    }

    /** First byte of each image, labels, flips. */
    private static int[][] read(ShuffledBatches batches, long position, int size) throws IOException {
        int pixels = 3 * batches.height() * batches.width();
        try (Arena arena = Arena.ofConfined()) {
            var batch = new BatchSource.Batch(size, arena.allocate((long) size * pixels), arena.allocate(4L * size, 4), arena.allocate(size));
            batches.fill(position, batch);
            var result = new int[3][size];
            for (int i = 0; i < size; i++) {
                result[0][i] = batch.images().get(ValueLayout.JAVA_BYTE, (long) i * pixels);
                assertEquals(result[0][i], batch.images().get(ValueLayout.JAVA_BYTE, (long) (i + 1) * pixels - 1));
                result[1][i] = batch.labels().getAtIndex(ValueLayout.JAVA_INT, i);
                result[2][i] = batch.flips().get(ValueLayout.JAVA_BYTE, i);
            }
            return result;
        }
    }
}
