package org.angulus.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.angulus.HeapBytes;
import org.angulus.device.Device;
import org.angulus.device.DeviceInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class EmbeddingNetworkTest {
    private static final int HEIGHT = 32;
    private static final int WIDTH = 24;
    private static final int CROP = 3 * HEIGHT * WIDTH;
    private static final int COUNT = 11;
    /** Of the heap, for the views of memory that a call makes: less than a picture has. */
    private static final long VIEW_BYTES = 1024;
    /** Of an array, its elements not counted. */
    private static final long ARRAY_BYTES = 16;

    private static ResFaceConfig config(Variant variant) {
        return ResFaceConfig.of("resface10", variant).withWidths(List.of(8, 16, 16, 32)).withCrop(HEIGHT, WIDTH).withEmbeddingSize(16);
    }

    /** Drawn weights whose batch norms and slopes are not neutral. */
    private static Weights weights(ResFaceConfig config) {
        var network = new ResFace(config);
        List<TensorSpec> specs =
                Stream.concat(network.parameters().stream(), network.statistics().entries().stream().map(FlatLayout.Entry::spec)).toList();
        Weights weights = Weights.draw(specs, 9);
        for (TensorSpec spec : specs) {
            var random = new CounterRandom(4, spec.name());
            float[] values = weights.get(spec);
            for (int i = 0; i < values.length; i++) {
                values[i] += switch (spec.kind()) {
                    case CONV, FC, HEAD -> 0;
                    default -> (float) (0.2 * random.uniform(i));
                };
            }
        }
        return weights;
    }

    private static byte[] crops() {
        var crops = new byte[COUNT * CROP];
        var random = new CounterRandom(3, "crops");
        for (int i = 0; i < crops.length; i++) {
            crops[i] = (byte) random.bits(i);
        }
        return crops;
    }

    private static EmbeddingNetwork network(Device device, Variant variant, int largest) {
        return new EmbeddingNetwork(device, config(variant), InputFormat.DEFAULT, weights(config(variant)), largest);
    }

    private static double oneMinusCosine(float[] a, float[] b) {
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            ab += (double) a[i] * b[i];
            aa += (double) a[i] * a[i];
            bb += (double) b[i] * b[i];
        }
        return 1 - ab / Math.sqrt(aa * bb);
    }

    /** Eleven pictures in parts of 8, 2 and 1 and alone: the same to 1e-10 across buckets, and the same bits at any position of one. */
    @ParameterizedTest
    @EnumSource(Variant.class)
    void aPictureHasOneEmbedding(Variant variant) {
        byte[] crops = crops();
        try (Device device = Device.open("cpu")) {
            float[][] together;
            try (EmbeddingNetwork network = network(device, variant, 8)) {
                together = network.embed(crops, COUNT);
                for (int i = 0; i < COUNT; i++) {
                    float[] alone = network.embed(Arrays.copyOfRange(crops, i * CROP, (i + 1) * CROP), 1)[0];
                    double distance = oneMinusCosine(alone, together[i]);
                    assertTrue(Math.abs(distance) <= 1e-10, "picture " + i + " is " + distance + " away");
                }
                assertTrue(oneMinusCosine(together[0], together[1]) > 1e-6, "two pictures have two embeddings");
                var rolled = new byte[8 * CROP];
                System.arraycopy(crops, 3 * CROP, rolled, 0, 5 * CROP);
                System.arraycopy(crops, 0, rolled, 5 * CROP, 3 * CROP);
                float[][] moved = network.embed(rolled, 8);
                for (int i = 0; i < 8; i++) {
                    assertArrayEquals(together[(i + 3) % 8], moved[i], "position " + i);
                }
            }
            assertEquals(0, device.info().allocatedBytes());
        }
    }

    /** Mirroring on the device is mirroring the pixels; BGR is RGB with the channels reversed. */
    @Test
    void inputsAreMirroredAndReordered() {
        byte[] crops = crops();
        var mirrored = new byte[CROP];
        var reversed = new byte[CROP];
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                for (int c = 0; c < 3; c++) {
                    byte value = crops[3 * (y * WIDTH + x) + c];
                    mirrored[3 * (y * WIDTH + WIDTH - 1 - x) + c] = value;
                    reversed[3 * (y * WIDTH + x) + 2 - c] = value;
                }
            }
        }
        try (Device device = Device.open("cpu");
                EmbeddingNetwork network = network(device, Variant.ARTICLE, 1)) {
            float[] plain = network.embed(crops, 1)[0];
            float[] flipped = network.embed(MemorySegment.ofArray(crops), 1, true)[0];
            assertArrayEquals(network.embed(mirrored, 1)[0], flipped);
            assertFalse(Arrays.equals(plain, flipped));
            var format = new InputFormat(InputFormat.ChannelOrder.BGR, 127.5f, 1 / 128f);
            try (var other = new EmbeddingNetwork(device, config(Variant.ARTICLE), format, weights(config(Variant.ARTICLE)), 1)) {
                assertArrayEquals(plain, other.embed(reversed, 1)[0]);
            }
        }
    }

    @Test
    void misuseIsRefusedInASentence() {
        try (Device device = Device.open("cpu")) {
            EmbeddingNetwork network = network(device, Variant.CAFFE, 3);
            assertEquals(0, network.embed(new byte[0], 0).length);
            String message = assertThrows(IllegalArgumentException.class, () -> network.embed(new byte[CROP], 2)).getMessage();
            assertEquals("2 images of 32x24 are 4608 bytes, but 2304 were given.", message);
            network.close();
            network.close();
            assertThrows(IllegalStateException.class, () -> network.embed(new byte[CROP], 1));
            assertThrows(IllegalArgumentException.class, () -> network(device, Variant.CAFFE, 0));
            Weights incomplete = Weights.draw(new ResFace(config(Variant.CAFFE)).parameters(), 1);
            message = assertThrows(
                            IllegalArgumentException.class,
                            () -> new EmbeddingNetwork(device, config(Variant.ARTICLE), InputFormat.DEFAULT, incomplete, 1))
                    .getMessage();
            assertTrue(message.contains("There is no tensor 'stage1.bn.weight'"), message);
            assertEquals(0, device.info().allocatedBytes());
        }
    }

    /** Once a bucket has run, a call takes nothing of the device, and of the heap its result and a few views of memory, however many pictures it has. */
    @ParameterizedTest
    @ValueSource(ints = {1, 8})
    void aCallTakesNoMemoryButForItsResult(int count) throws IOException {
        byte[] crops = crops();
        try (Device device = Device.open("cpu");
                EmbeddingNetwork network = network(device, Variant.ARTICLE, 8)) {
            network.embed(crops, count);
            DeviceInfo before = device.info();
            assertTrue(before.allocatedBytes() > 0);
            long result = ARRAY_BYTES + count * (Integer.BYTES + ARRAY_BYTES + Float.BYTES * 16L);
            long run = HeapBytes.perCall(() -> network.run(count, count, false));
            long embed = HeapBytes.perCall(() -> network.embed(crops, count));
            assertTrue(run <= VIEW_BYTES, "a run of " + count + " takes " + run + " bytes");
            assertTrue(result <= embed && embed <= result + VIEW_BYTES, "a call with " + count + " pictures takes " + embed + " bytes, its result " + result);
            assertEquals(before.allocatedBytes(), device.info().allocatedBytes());
            assertEquals(before.peakBytes(), device.info().peakBytes());
        }
    }
}
