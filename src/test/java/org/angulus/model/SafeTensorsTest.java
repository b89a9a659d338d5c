package org.angulus.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafeTensorsTest {
    @TempDir
    Path folder;

    @Test
    void everyTypeComesBackInOrder() throws Exception {
        Path file = folder.resolve("model.safetensors");
        float[] weights = {1.5f, -0f, Float.MIN_VALUE, Float.MAX_VALUE, Float.NEGATIVE_INFINITY, 3};
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment doubles = arena.allocateFrom(ValueLayout.JAVA_DOUBLE, Math.PI, Math.E);
            new SafeTensorsWriter()
                    .metadata("network", "resface20")
                    .metadata("crop", "112x96 \"<ö>\"\n")
                    .floats("z.weight", weights, 2, 3)
                    .bytes("a", new byte[] {0, (byte) 200, 7}, 3)
                    .longs("steps", new long[] {Long.MIN_VALUE, 1L << 40}, 2)
                    .ints("labels", new int[] {-1, 5}, 1, 2)
                    .bfloat16("half", new float[] {1, -2.5f}, 2)
                    .floats("scalar", new float[] {42})
                    .floats("none", new float[0], 0, 7)
                    .add("pi", TensorType.F64, doubles, 2)
                    .write(file);
        }
        try (SafeTensors read = SafeTensors.open(file)) {
            assertEquals(
                    List.of("z.weight", "a", "steps", "labels", "half", "scalar", "none", "pi"),
                    read.entries().stream().map(TensorEntry::name).toList());
            assertEquals("112x96 \"<ö>\"\n", read.metadata().get("crop"));
            assertEquals(List.of("network", "crop", SafeTensors.CRC_KEY), List.copyOf(read.metadata().keySet()));
            assertArrayEquals(weights, read.floats("z.weight"));
            assertTrue(read.entry("z.weight").hasShape(2, 3));
            assertArrayEquals(new long[] {0, 200, 7}, read.longs("a"));
            assertArrayEquals(new long[] {Long.MIN_VALUE, 1L << 40}, read.longs("steps"));
            assertArrayEquals(new long[] {-1, 5}, read.longs("labels"));
            assertArrayEquals(new float[] {1, -2.5f}, read.floats("half"));
            assertTrue(read.entry("scalar").hasShape());
            assertArrayEquals(new float[] {42}, read.floats("scalar"));
            assertEquals(0, read.floats("none").length);
            assertEquals(Math.E, read.data("pi").get(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8));
            assertTrue(read.data("pi").isReadOnly());
            assertFalse(read.contains("pi2"));
            assertTrue(assertThrows(SafeTensorsException.class, () -> read.floats("pi")).getMessage().contains("F64"));
        }
    }

    @Test
    void bytesOnDiskAreTheFormatsBytes() throws Exception {
        Path file = folder.resolve("two.safetensors");
        new SafeTensorsWriter().floats("w", new float[] {1, 2}, 2).write(file);
        byte[] bytes = Files.readAllBytes(file);
        ByteBuffer view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int header = Math.toIntExact(view.getLong(0));
        assertEquals(0, header % 8);
        CRC32C crc = new CRC32C();
        crc.update(bytes, 8 + header, 8);
        assertEquals(
                "{\"__metadata__\":{\"angulus.crc32c\":\"" + "%08x".formatted(crc.getValue())
                        + "\"},\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                new String(bytes, 8, header, StandardCharsets.UTF_8).stripTrailing());
        assertEquals(1f, view.getFloat(8 + header));
        assertEquals(2f, view.getFloat(8 + header + 4));
        assertEquals(bytes.length, 8 + header + 8);
    }

    @Test
    void aFileOfAnotherMakerIsAccepted() throws Exception {
        Path file = Path.of(SafeTensorsTest.class.getResource("/golden/foreign.safetensors").toURI());
        try (SafeTensors read = SafeTensors.open(file)) {
            assertEquals(Map.of("maker", "Zoë \uD834\uDD1E", "network", "none"), read.metadata());
            assertEquals(7, read.entries().size());
            float[] expected = new float[24];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = i / 8f - 1;
            }
            assertArrayEquals(expected, read.floats("conv.weight"));
            assertEquals("[2, 3, 2, 2]", read.entry("conv.weight").shapeText());
            assertArrayEquals(new float[] {0.5f, -2, 65504, 0x1p-24f}, read.floats("half"));
            assertArrayEquals(new long[] {-1, 1L << 40}, read.longs("steps"));
            assertArrayEquals(new long[] {7, -8, 9}, read.longs("labels"));
            assertTrue(read.entry("labels").hasShape(1, 3));
            assertArrayEquals(new long[] {0, 127, 255}, read.longs("image"));
            assertArrayEquals(new float[] {3.25f}, read.floats("scalar"));
            assertTrue(read.entry("empty").hasShape(0, 4));
        }
    }

    @Test
    void bfloat16RoundsToNearestEven() {
        assertEquals((short) 0x3f80, TensorType.toBFloat16(1f));
        assertEquals((short) 0x3f80, TensorType.toBFloat16(Float.intBitsToFloat(0x3f808000)), "tie to even, down");
        assertEquals((short) 0x3f82, TensorType.toBFloat16(Float.intBitsToFloat(0x3f818000)), "tie to even, up");
        assertEquals((short) 0x3f81, TensorType.toBFloat16(Float.intBitsToFloat(0x3f808001)));
        assertEquals((short) 0x7f80, TensorType.toBFloat16(Float.MAX_VALUE), "overflows to infinity");
        assertTrue(Float.isNaN(TensorType.fromBFloat16(TensorType.toBFloat16(Float.intBitsToFloat(0x7f800001)))));
        for (int bits = 0; bits < 1 << 16; bits++) {
            float exact = TensorType.fromBFloat16((short) bits);
            if (!Float.isNaN(exact)) {
                assertEquals((short) bits, TensorType.toBFloat16(exact));
            }
        }
    }

    /** 2.25 GiB, a sparse file: sizes beyond an int, and a checksum over more than one 1 GiB part. */
    @Test
    void filesBeyondTwoGiBWork() throws Exception {
        long elements = 9L << 26;
        CRC32C crc = new CRC32C();
        byte[] zeros = new byte[1 << 26];
        for (long at = 0; at < 4 * elements - zeros.length; at += zeros.length) {
            crc.update(zeros);
        }
        byte[] last = zeros;
        ByteBuffer.wrap(last).order(ByteOrder.LITTLE_ENDIAN).putFloat(last.length - 4, 6.5f);
        crc.update(last);
        String header = "{\"__metadata__\":{\"angulus.crc32c\":\"%08x\"},\"big\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[0,%d]}}"
                .formatted(crc.getValue(), elements, 4 * elements);
        Path file = folder.resolve("big.safetensors");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            channel.write(frame(header, 0));
            channel.write(ByteBuffer.wrap(last, last.length - 4, 4), 8 + header.length() + 4 * elements - 4);
        }
        try (SafeTensors read = SafeTensors.open(file)) {
            assertEquals(4 * elements, read.data("big").byteSize());
            assertEquals(6.5f, read.data("big").get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * elements - 4));
        }
    }

    @Test
    void writingReplacesWholeFilesAndLeavesNothingBeside() throws Exception {
        Path file = folder.resolve("model.safetensors");
        new SafeTensorsWriter().floats("w", new float[] {1}, 1).write(file);
        try (SafeTensors old = SafeTensors.open(file)) {
            new SafeTensorsWriter().floats("w", new float[] {2}, 1).write(file);
            assertArrayEquals(new float[] {1}, old.floats("w"), "an open reader keeps the old file");
        }
        try (SafeTensors fresh = SafeTensors.open(file)) {
            assertArrayEquals(new float[] {2}, fresh.floats("w"));
        }
        assertThrows(
                IllegalStateException.class,
                () -> AtomicFile.write(file, channel -> {
                    channel.write(ByteBuffer.wrap(new byte[] {1}));
                    throw new IllegalStateException("interrupted in the middle");
                }));
        try (SafeTensors kept = SafeTensors.open(file)) {
            assertArrayEquals(new float[] {2}, kept.floats("w"));
        }
        try (var files = Files.list(folder)) {
            assertEquals(List.of(file), files.toList());
        }
    }

    @Test
    void closedFilesAreRefusedAndClosingTwiceIsHarmless() throws Exception {
        Path file = folder.resolve("model.safetensors");
        new SafeTensorsWriter().floats("w", new float[] {1}, 1).write(file);
        SafeTensors read = SafeTensors.open(file);
        MemorySegment data = read.data("w");
        read.close();
        read.close();
        assertThrows(IllegalStateException.class, () -> data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0));
        assertThrows(IllegalStateException.class, () -> read.floats("w"));
    }

    @Test
    void theWriterRefusesWhatDoesNotFit() {
        SafeTensorsWriter writer = new SafeTensorsWriter().floats("w", new float[6], 2, 3);
        assertThrows(IllegalArgumentException.class, () -> writer.floats("w", new float[1], 1));
        assertThrows(IllegalArgumentException.class, () -> writer.floats("__metadata__", new float[1], 1));
        assertThrows(IllegalArgumentException.class, () -> writer.floats("v", new float[6], 2, 2));
        assertThrows(IllegalArgumentException.class, () -> writer.floats("v", new float[6], -2, -3));
        assertThrows(IllegalArgumentException.class, () -> writer.floats("v", new float[6], 1L << 62, 1L << 62));
        assertThrows(IllegalArgumentException.class, () -> writer.metadata("k", null));
    }

    static ByteBuffer frame(String header, int dataBytes) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + json.length + dataBytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .rewind();
    }
}
