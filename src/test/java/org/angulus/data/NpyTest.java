package org.angulus.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.angulus.FileSizeLimit;
import org.angulus.model.FileWriteException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NpyTest {
    private static final int FLUSHED = 4;
    private static final float[] TABLE = {0, 0.25f, 0.5f, 0.75f, 1, 1.25f};

    @TempDir
    Path folder;

    private static Path golden(String name) throws URISyntaxException {
        return Path.of(NpyTest.class.getResource("/golden/npy/" + name + ".npy").toURI());
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "f32-v2", "f32-v3", "f64"})
    void floatsOfNumPyAreRead(String name) throws Exception {
        try (Npy array = Npy.open(golden(name))) {
            assertEquals(List.of(2L, 3L), array.shape());
            assertEquals(name.equals("f64") ? NpyType.F64 : NpyType.F32, array.type());
            float[] all = new float[6];
            array.copyTo(0, all);
            assertArrayEquals(TABLE, all);
            float[] second = new float[3];
            array.copyTo(1, second);
            assertArrayEquals(Arrays.copyOfRange(TABLE, 3, 6), second);
            assertEquals(1.25f, array.floatAt(5));
            assertThrows(IllegalStateException.class, () -> array.longAt(0));
        }
    }

    @ParameterizedTest
    @CsvSource({"u8, 0 127 128 255", "i32, 0 -1 2147483647", "i64, 0 -1 1099511627776"})
    void wholeNumbersOfNumPyAreRead(String name, String values) throws Exception {
        try (Npy array = Npy.open(golden(name))) {
            String read = IntStream.range(0, values.split(" ").length).mapToObj(i -> String.valueOf(array.longAt(i))).reduce((a, b) -> a + " " + b).orElse("");
            assertEquals(values, read);
            assertThrows(IllegalStateException.class, () -> array.floatAt(0));
        }
    }

    @Test
    void anEmptyTableHasItsColumns() throws Exception {
        try (Npy array = Npy.open(golden("empty"))) {
            assertEquals(List.of(0L, 3L), array.shape());
            assertEquals(0, array.data().byteSize());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "fortran, Fortran's order",
        "big-endian, type '>f4'",
        "f16, type '<f2'",
        "scalar, no array",
        "records, several fields"
    })
    void whatIsNotReadIsRefused(String name, String words) throws Exception {
        assertRefused(golden(name), words);
    }

    private static void assertRefused(Path file, String words) {
        String message = assertThrows(DataException.class, () -> Npy.open(file)).getMessage();
        assertTrue(message.contains(words) && message.contains(file.toString()), message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4), }|asks for",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }|asks for",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }|more than a file can have",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4611686018427387904, 4), }|more than a file can have",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 3), }|where a dimension belongs",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 3), }|where a dimension belongs",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6), }|no tuple",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3), }|True or False",
        "{'descr': '<f4', 'fortran_order': False}|only the keys",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'more': 1}|unknown key",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}|twice",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} + exit()|behind its end",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)|belongs",
        "__import__('os')|belongs"
    })
    void aLyingHeaderIsRefused(String dictionary, String words) throws Exception {
        assertRefused(file(dictionary, dictionary.length(), 24), words);
    }

    @Test
    void aHeaderOfAnotherHandIsRead() throws Exception {
        String dictionary = "{ \"shape\":(6,),\"fortran_order\":False , 'descr':\"<f4\" }";
        try (Npy array = Npy.open(file(dictionary, dictionary.length(), 24))) {
            assertEquals(List.of(6L), array.shape());
        }
    }

    @Test
    void anOverlongOrCutHeaderIsRefused() throws Exception {
        assertRefused(file("{", 60_000, 24), "60000 bytes");
        assertRefused(file("{", 2000, 24), "cut short");
        assertRefused(Files.write(folder.resolve("short.npy"), new byte[3]), "does not begin like");
        assertRefused(Files.write(folder.resolve("text.npy"), "a text of some length".getBytes(StandardCharsets.US_ASCII)), "does not begin like");
        assertRefused(folder.resolve("none.npy"), "no such file");
        assertRefused(folder, "folder");
    }

    /** Format 1.0 with these words as its dictionary. */
    private Path file(String dictionary, int statedLength, int dataBytes) throws IOException {
        byte[] text = dictionary.getBytes(StandardCharsets.US_ASCII);
        ByteBuffer bytes = ByteBuffer.allocate(10 + text.length + dataBytes);
        bytes.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) statedLength, (byte) (statedLength >> 8)}).put(text);
        return Files.write(folder.resolve("made.npy"), bytes.array());
    }

    @Test
    void whatIsWrittenIsReadBack() throws Exception {
        Path file = folder.resolve("table.npy");
        Random random = new Random(5);
        float[] values = new float[1000 * 257];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        try (NpyWriter writer = NpyWriter.create(file, NpyType.F32, 257)) {
            writer.append(Arrays.copyOf(values, 257 * 3));
            writer.append(MemorySegment.ofArray(Arrays.copyOfRange(values, 257 * 3, values.length)));
            assertEquals(1000, writer.rows());
            assertThrows(IllegalArgumentException.class, () -> writer.append(1, 2, 3));
        }
        try (Npy array = Npy.open(file)) {
            array.require(NpyType.F32, -1, 257);
            float[] read = new float[values.length];
            array.copyTo(0, read);
            assertArrayEquals(values, read);
            String message = assertThrows(DataException.class, () -> array.require(NpyType.U8, -1, 112, 96, 3)).getMessage();
            assertTrue(message.contains("<f4 of shape 1000 x 257 where |u1 of shape any x 112 x 96 x 3 is needed"), message);
        }
        try (NpyWriter writer = NpyWriter.create(file, NpyType.I32)) {
            writer.append(MemorySegment.ofArray(new int[] {4, 5}));
        }
        try (Npy array = Npy.open(file)) {
            array.require(NpyType.I32, 2);
            assertEquals(5, array.longAt(1));
        }
    }

    @Test
    void aKilledWriterGoesOnBehindWhatItFlushed() throws Exception {
        Path file = folder.resolve("table.npy");
        byte[] killed;
        try (NpyWriter writer = NpyWriter.create(file, NpyType.F32, 2)) {
            writer.append(1, 2, 3, 4);
            writer.flush();
            for (int i = 0; i < 100_000; i++) {
                writer.append(9, 9);
            }
            killed = Files.readAllBytes(file);
        }
        Files.write(file, killed);
        assertTrue(killed.length > 256 + 16, "the file goes on behind what was flushed");
        assertRefused(file, "its writing did not end");
        try (NpyWriter writer = NpyWriter.resume(file, NpyType.F32, 2)) {
            assertEquals(2, writer.rows());
            writer.append(5, 6);
        }
        try (Npy array = Npy.open(file)) {
            assertEquals(List.of(3L, 2L), array.shape());
            float[] all = new float[6];
            array.copyTo(0, all);
            assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, all);
        }
        assertThrows(DataException.class, () -> NpyWriter.resume(file, NpyType.F32, 3));
        assertThrows(DataException.class, () -> NpyWriter.resume(file, NpyType.I32, 2));
        Path foreign = Files.copy(golden("f32"), folder.resolve("foreign.npy"));
        assertThrows(DataException.class, () -> NpyWriter.resume(foreign, NpyType.F32, 3));
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 270));
        assertThrows(DataException.class, () -> NpyWriter.resume(file, NpyType.F32, 2));
    }

    @Test
    void filesBeyondTwoGibibytesAreReadAndContinued() throws Exception {
        Path file = folder.resolve("vast.npy");
        int columns = 1 << 20;
        long rows = 3 << 10; // 3 GiB of bytes, sparse on the disk
        try (NpyWriter writer = NpyWriter.create(file, NpyType.U8, columns)) {
            assertEquals(0, writer.rows());
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            byte[] header = new NpyHeader(NpyType.U8, List.of(rows, (long) columns), 256).toBytes();
            channel.write(ByteBuffer.wrap(header), 0);
            channel.write(ByteBuffer.wrap(new byte[] {42}), 256 + rows * columns - 1);
        }
        byte[] row = new byte[columns];
        Arrays.fill(row, (byte) 7);
        try (NpyWriter writer = NpyWriter.resume(file, NpyType.U8, columns)) {
            writer.append(MemorySegment.ofArray(row));
        }
        try (Npy array = Npy.open(file)) {
            assertEquals(rows + 1, array.rows());
            assertEquals(42, array.row(rows - 1).get(ValueLayout.JAVA_BYTE, columns - 1));
            assertEquals(0, array.longAt(rows * columns - 2));
            assertEquals(7, array.longAt(rows * columns));
            assertEquals(-1, MemorySegment.ofArray(row).mismatch(array.row(rows)));
        }
    }

    /** What the last flush confirmed stands; with room again the file ends with the bytes of a run that nothing disturbed. */
    @ParameterizedTest
    @CsvSource({"3, 40, 1", "50000, 9, 7919"})
    void aFullDiskLeavesTheConfirmedRows(int columns, int rows, int stride) throws IOException {
        Path file = folder.resolve("rows.npy");
        try (NpyWriter writer = NpyWriter.create(file, NpyType.F32, columns)) {
            appendTo(writer, columns, rows);
        }
        byte[] whole = Files.readAllBytes(file);
        int confirmedSome = 0;
        for (int bytes = 0; bytes < whole.length; bytes += stride) {
            Files.delete(file);
            try (FileSizeLimit _ = FileSizeLimit.of(bytes)) {
                String message = assertThrows(FileWriteException.class, () -> {
                    try (NpyWriter writer = NpyWriter.create(file, NpyType.F32, columns)) {
                        appendTo(writer, columns, rows);
                    }
                }).getMessage();
                assertTrue(message.startsWith(file + ": it cannot be written (" + FileSizeLimit.REASON + "); "), message);
            }
            boolean begun = bytes >= NpyHeader.WRITTEN_BYTES;
            assertEquals(begun, Files.exists(file), "full after " + bytes);
            try (NpyWriter writer = begun ? NpyWriter.resume(file, NpyType.F32, columns) : NpyWriter.create(file, NpyType.F32, columns)) {
                assertEquals(NpyHeader.WRITTEN_BYTES + writer.rows() * columns * 4, Files.size(file));
                assertEquals(Math.max(0, (bytes - NpyHeader.WRITTEN_BYTES) / (columns * 4) / FLUSHED * FLUSHED), writer.rows(), "full after " + bytes);
                confirmedSome += writer.rows() > 0 ? 1 : 0;
                appendTo(writer, columns, rows);
            }
            assertArrayEquals(whole, Files.readAllBytes(file), "full after " + bytes);
        }
        assertTrue(confirmedSome > 10);
    }

    /** Appends what is missing, and flushes after every few rows. */
    private static void appendTo(NpyWriter writer, int columns, int rows) throws IOException {
        for (long row = writer.rows(); row < rows; row++) {
            float[] values = new float[columns];
            Arrays.fill(values, row + 0.5f);
            writer.append(values);
            if (writer.rows() % FLUSHED == 0) {
                writer.flush();
            }
        }
    }
}
