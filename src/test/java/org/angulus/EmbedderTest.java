package org.angulus;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.angulus.device.AngulusException;
import org.angulus.device.Device;
import org.angulus.device.DeviceException;
import org.angulus.eval.FlipFusion;
import org.angulus.image.ImageException;
import org.angulus.image.RgbImage;
import org.angulus.model.EmbeddingNetwork;
import org.angulus.model.InputFormat;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EmbedderTest {
    private static final EmbedderOptions CPU = EmbedderOptions.DEFAULT.withDevice("cpu").withLargestBatch(8);

    @TempDir
    static Path folder;

    private static Path model;

    @BeforeAll
    static void writeModel() throws IOException {
        model = TestModel.write(folder.resolve("model.safetensors"));
    }

    private static List<RgbImage> crops(int count) {
        return IntStream.range(0, count).mapToObj(TestModel::crop).toList();
    }

    /** Whatever way a crop comes in, its embedding is the network's output, fused and brought to unit length. */
    @ParameterizedTest
    @EnumSource(FlipFusion.class)
    void everyWayInGivesTheSame(FlipFusion flip) throws IOException {
        RgbImage crop = TestModel.crop(3);
        float[] raw;
        try (Device device = Device.open("cpu");
                EmbeddingNetwork network = EmbeddingNetwork.load(device, model, 8)) {
            MemorySegment pixels = MemorySegment.ofArray(crop.pixels());
            raw = flip.fuse(network.embed(pixels, 1, false)[0], network.embed(pixels, 1, true)[0]);
        }
        Embedding expected = Embedding.of(raw);
        try (Embedder embedder = Embedder.open(model, CPU.withFlip(flip))) {
            assertEquals(flip == FlipFusion.CONCAT ? 2 * TestModel.SIZE : TestModel.SIZE, embedder.embeddingSize());
            assertEquals(expected, embedder.embedCrop(crop));
            assertEquals(expected, embedder.embedCrop(crop.pixels()));
            assertEquals(expected, embedder.embedCrop(TestModel.png(folder.resolve("crop.png"), crop)));
            assertEquals(List.of(expected), embedder.embedCrops(List.of(crop)));
            try (Arena confined = Arena.ofConfined()) {
                MemorySegment in = confined.allocateFrom(ValueLayout.JAVA_BYTE, crop.pixels());
                MemorySegment out = confined.allocate(ValueLayout.JAVA_FLOAT, embedder.embeddingSize());
                embedder.embedCrops(in, 1, out);
                assertArrayEquals(expected.toArray(), out.toArray(ValueLayout.JAVA_FLOAT));
            }
            try (Stream<Embedded<RgbImage>> stream = embedder.embedAll(List.of(crop).iterator(), item -> item)) {
                assertEquals(List.of(new Embedded<>(0, crop, expected, null)), stream.toList());
            }
            assertNotEquals(expected, embedder.embedCrop(TestModel.crop(4)));
        }
    }

    /** More crops than a batch and than a part of the raw interface; native memory that any thread may read. */
    @Test
    void rawRowsAreThoseOfTheList() throws IOException {
        int count = 8 * 16 + 5;
        List<RgbImage> crops = crops(count);
        try (Embedder embedder = Embedder.open(model, CPU.withFixedBatch(true));
                Arena arena = Arena.ofShared()) {
            MemorySegment in = arena.allocate((long) count * embedder.cropBytes());
            for (int i = 0; i < count; i++) {
                crops.get(i).copyTo(in.asSlice((long) i * embedder.cropBytes()));
            }
            MemorySegment out = arena.allocate(ValueLayout.JAVA_FLOAT, (long) count * TestModel.SIZE);
            embedder.embedCrops(in, count, out);
            List<Embedding> embeddings = embedder.embedCrops(crops);
            for (int i = 0; i < count; i++) {
                float[] row = out.asSlice(4L * i * TestModel.SIZE, 4L * TestModel.SIZE).toArray(ValueLayout.JAVA_FLOAT);
                assertArrayEquals(embeddings.get(i).toArray(), row, "row " + i);
            }
            embedder.embedCrops(in, 0, MemorySegment.ofArray(new float[0]));
            assertEquals(List.of(), embedder.embedCrops(List.of()));
        }
    }

    /** At any place of a batch, and with a fixed batch in batches of any size. */
    @Test
    void aCropHasTheSameBitsAtAnyPlace() throws IOException {
        List<RgbImage> crops = crops(8);
        try (Embedder embedder = Embedder.open(model, CPU);
                Embedder fixed = Embedder.open(model, CPU.withFixedBatch(true))) {
            List<Embedding> batch = embedder.embedCrops(crops);
            List<Embedding> reversed = embedder.embedCrops(crops.reversed());
            for (int i = 0; i < 8; i++) {
                assertEquals(batch.get(i), reversed.get(7 - i), "place " + i);
                assertEquals(batch.get(i), fixed.embedCrop(crops.get(i)), "alone " + i);
                assertEquals(1, batch.get(i).cosine(embedder.embedCrop(crops.get(i))), 1e-10);
            }
            for (int count = 1; count < 8; count++) {
                assertEquals(batch.subList(0, count), fixed.embedCrops(crops.subList(0, count)));
            }
        }
    }

    /** Channel order and normalisation are the model file's. */
    @Test
    void theModelFileDecidesTheInput() throws IOException {
        RgbImage crop = TestModel.crop(1);
        byte[] swapped = crop.pixels().clone();
        for (int i = 0; i < swapped.length; i += 3) {
            swapped[i] = crop.pixels()[i + 2];
            swapped[i + 2] = crop.pixels()[i];
        }
        try (Embedder rgb = Embedder.open(model, CPU)) {
            Path file = TestModel.write(folder.resolve("bgr.safetensors"), rgb.metadata().network(),
                    new InputFormat(InputFormat.ChannelOrder.BGR, 127.5f, 1 / 128f), 9);
            try (Embedder bgr = Embedder.open(file, CPU)) {
                assertEquals(rgb.embedCrop(crop), bgr.embedCrop(swapped));
                assertNotEquals(rgb.embedCrop(crop), bgr.embedCrop(crop));
            }
            Path other = TestModel.write(folder.resolve("scaled.safetensors"), rgb.metadata().network(),
                    new InputFormat(InputFormat.ChannelOrder.RGB, 100, 1 / 64f), 9);
            try (Embedder scaled = Embedder.open(other, CPU)) {
                assertNotEquals(rgb.embedCrop(crop), scaled.embedCrop(crop));
            }
        }
    }

    @Test
    void wrongSizesAreRefusedWithBothSizes() throws IOException {
        RgbImage large = TestModel.crop(1, 112, 96);
        Path file = TestModel.png(folder.resolve("large.png"), large);
        try (Embedder embedder = Embedder.open(model, CPU)) {
            assertEquals("the crop is 112 x 96 (rows x columns) where this model takes 32 x 24; align or crop it first",
                    assertThrows(IllegalArgumentException.class, () -> embedder.embedCrop(large)).getMessage());
            assertThrows(IllegalArgumentException.class, () -> embedder.embedCrops(List.of(TestModel.crop(1), large)));
            assertEquals("the crop has 7 bytes where this model takes 3 x 32 x 24 = 2304; give u8 RGB samples of exactly that size",
                    assertThrows(IllegalArgumentException.class, () -> embedder.embedCrop(new byte[7])).getMessage());
            String message = assertThrows(ImageException.class, () -> embedder.embedCrop(file)).getMessage();
            assertTrue(message.startsWith(file.toString()) && message.contains("112 x 96") && message.contains("32 x 24"), message);
            MemorySegment two = MemorySegment.ofArray(new byte[2 * embedder.cropBytes()]);
            assertThrows(IllegalArgumentException.class, () -> embedder.embedCrops(two, 3, MemorySegment.ofArray(new float[100])));
            assertThrows(IllegalArgumentException.class, () -> embedder.embedCrops(two, 2, MemorySegment.ofArray(new float[31])));
            assertThrows(IllegalArgumentException.class, () -> embedder.embedCrops(two, -1, MemorySegment.ofArray(new float[32])));
        }
    }

    @Test
    void streamReportsWhatFailsAndGoesOn() throws IOException {
        int count = 50;
        try (Embedder embedder = Embedder.open(model, CPU.withFixedBatch(true))) {
            List<Embedded<Integer>> results;
            try (Stream<Embedded<Integer>> stream = embedder.embedAll(IntStream.range(0, count).iterator(), i -> switch (i) {
                case 7 -> throw new IOException("damaged");
                case 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23 -> throw new IllegalStateException("a defect of the reader");
                case 30 -> null;
                case 31 -> TestModel.crop(i, 16, 16);
                default -> TestModel.crop(i);
            })) {
                results = stream.toList();
            }
            assertEquals(count, results.size());
            for (int i = 0; i < count; i++) {
                Embedded<Integer> result = results.get(i);
                assertEquals(i, result.index());
                assertEquals(i, result.item());
                boolean bad = i >= 7 && i <= 23 || i == 30 || i == 31;
                assertEquals(!bad, result.succeeded(), "item " + i);
                if (!bad) {
                    assertEquals(embedder.embedCrop(TestModel.crop(i)), result.embedding(), "item " + i);
                }
            }
            assertEquals("damaged", results.get(7).failure().getMessage());
            assertTrue(results.get(31).failure().getMessage().contains("16 x 16"));
        }
    }

    @Test
    void streamEndsWhereItsItemsFail() throws IOException {
        try (Embedder embedder = Embedder.open(model, CPU);
                Stream<Embedded<RgbImage>> stream = embedder.embedAll(Stream.of(1, 2).map(i -> {
                    if (i == 2) {
                        throw new IllegalArgumentException("no second item");
                    }
                    return TestModel.crop(i);
                }).iterator(), item -> item)) {
            assertEquals("no second item", assertThrows(IllegalArgumentException.class, stream::toList).getMessage());
        }
    }

    @Test
    void streamOfFilesNamesTheBadOne() throws IOException {
        Path good = TestModel.png(folder.resolve("good.png"), TestModel.crop(1));
        Path bad = Files.writeString(folder.resolve("bad.png"), "no picture");
        try (Embedder embedder = Embedder.open(model, CPU);
                Stream<Embedded<Path>> stream = embedder.embedFiles(List.of(good, bad, folder.resolve("absent.png")).iterator())) {
            List<Embedded<Path>> results = stream.toList();
            assertTrue(results.get(0).succeeded());
            assertTrue(results.get(1).failure().getMessage().startsWith(bad.toString()), results.get(1).failure()::getMessage);
            assertTrue(results.get(2).failure().getMessage().contains("there is no such file"));
        }
    }

    @Test
    void closingTwiceIsHarmlessAndUseAfterwardsIsAnError() throws IOException {
        Embedder embedder = Embedder.open(model, CPU);
        Stream<Embedded<RgbImage>> stream = embedder.embedAll(List.of(TestModel.crop(1)).iterator(), item -> item);
        embedder.close();
        embedder.close();
        assertEquals("the embedder is closed", assertThrows(IllegalStateException.class, () -> embedder.embedCrop(TestModel.crop(1))).getMessage());
        assertThrows(IllegalStateException.class, () -> embedder.embedCrop(folder.resolve("absent.png")));
        assertThrows(IllegalStateException.class, () -> embedder.embedCrops(List.of()));
        assertThrows(IllegalStateException.class, () -> embedder.embedCrops(MemorySegment.ofArray(new byte[0]), 0, MemorySegment.ofArray(new float[0])));
        assertThrows(IllegalStateException.class, () -> embedder.embedAll(List.<RgbImage>of().iterator(), item -> item));
        assertThrows(IllegalStateException.class, stream::toList);
    }

    @Test
    void aGivenDeviceStaysOpenAndGetsItsMemoryBack() throws IOException {
        try (Device device = Device.open("cpu")) {
            try (Embedder embedder = Embedder.open(model, device, CPU.withThreads(1))) {
                embedder.embedCrop(TestModel.crop(1));
            }
            assertTrue(device.isOpen());
            assertEquals(1, device.info().threads());
            assertEquals(0, device.info().allocatedBytes());
            assertThrows(IOException.class, () -> Embedder.open(folder.resolve("absent.safetensors"), device, CPU));
            assertEquals(0, device.info().allocatedBytes());
        }
    }

    @Test
    void aFailureOfTheDeviceReachesTheCaller() throws IOException {
        Device device = Device.open("cpu");
        try (Embedder embedder = Embedder.open(model, device, CPU)) {
            embedder.embedCrop(TestModel.crop(1));
            device.close();
            String message = assertThrows(IllegalStateException.class, () -> embedder.embedCrop(TestModel.crop(1))).getMessage();
            assertEquals("The device cpu was closed before the network that it runs.", message);
        }
    }

    /** A network that overflows gives no direction: said in words. */
    @Test
    void outputWithoutDirectionIsRefused() throws IOException {
        Path file = TestModel.writeOverflowing(folder.resolve("overflow.safetensors"));
        try (Embedder embedder = Embedder.open(file, CPU)) {
            String message = assertThrows(AngulusException.class, () -> embedder.embedCrop(TestModel.crop(1))).getMessage();
            assertTrue(message.startsWith("the network gave crop 0 no direction"), message);
        }
    }

    @Test
    void impossibleOptionsAreRefused() {
        for (Runnable wrong : List.<Runnable>of(
                () -> CPU.withLargestBatch(0),
                () -> CPU.withLargestBatch(4097),
                () -> CPU.withThreads(-1),
                () -> CPU.withLatency(Duration.ofMillis(-1)),
                () -> CPU.withLatency(Duration.ofHours(1)))) {
            assertThrows(IllegalArgumentException.class, wrong::run);
        }
        assertThrows(DeviceException.class, () -> Embedder.open(model, "no such device"));
    }
}
