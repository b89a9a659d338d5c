package org.angulus.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.angulus.FileSizeLimit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorBoardTest {
    /** A PNG file of one row and two columns, grey. */
    private static final byte[] PNG = Base64.getDecoder()
            .decode("iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAAAAADRSSBWAAAAC0lEQVR4nGNg+A8AAQIBAIlsc9sAAAAASUVORK5CYII=");

    /** Framing, time and version of the first record. */
    private static final int VERSION_RECORD = 16 + 9 + 2 + 13;

    @TempDir
    Path folder;

    private Instant now = Instant.ofEpochSecond(1_700_000_000, 250_000_000);

    @Test
    void recordsHoldTheEventsOfTheFormat() throws Exception {
        Path file;
        try (TensorBoard board = TensorBoard.open(folder.resolve("run"), () -> now)) {
            file = board.file();
            assertTrue(file.getFileName().toString().startsWith("events.out.tfevents.1700000000."), file.toString());
            board.scalar("learning_rate", 0, 0.1);
            Map<String, Double> losses = new LinkedHashMap<>();
            losses.put("loss/total", 15.5);
            losses.put("loss/größe", Double.NaN);
            board.scalars(1L << 33, losses);
            board.image("roc", 7, PNG);
        }
        List<byte[]> payloads = records(Files.readAllBytes(file));
        assertEquals(4, payloads.size());

        Map<Integer, List<Object>> version = fields(payloads.get(0));
        assertEquals(1_700_000_000.25, Double.longBitsToDouble((long) only(version, 1)));
        assertEquals("brain.Event:2", text(only(version, 3)));

        Map<Integer, List<Object>> rate = fields(payloads.get(1));
        assertEquals(List.of(1, 2, 5), List.copyOf(rate.keySet()), "a step of 0 is written too");
        assertEquals(0L, only(rate, 2));
        Map<Integer, List<Object>> value = fields((byte[]) only(fields((byte[]) only(rate, 5)), 1));
        assertEquals("learning_rate", text(only(value, 1)));
        assertEquals(0.1f, Float.intBitsToFloat((int) only(value, 2)));

        Map<Integer, List<Object>> two = fields(payloads.get(2));
        assertEquals(1L << 33, only(two, 2));
        List<Object> values = fields((byte[]) only(two, 5)).get(1);
        assertEquals(2, values.size());
        assertEquals(15.5f, Float.intBitsToFloat((int) only(fields((byte[]) values.get(0)), 2)));
        assertEquals("loss/größe", text(only(fields((byte[]) values.get(1)), 1)));
        assertTrue(Float.isNaN(Float.intBitsToFloat((int) only(fields((byte[]) values.get(1)), 2))));

        Map<Integer, List<Object>> picture =
                fields((byte[]) only(fields((byte[]) only(fields(payloads.get(3)), 5)), 1));
        assertEquals("roc", text(only(picture, 1)));
        Map<Integer, List<Object>> image = fields((byte[]) only(picture, 4));
        assertEquals(1L, only(image, 1), "height");
        assertEquals(2L, only(image, 2), "width");
        assertEquals(3L, only(image, 3), "colour space");
        assertArrayEquals(PNG, (byte[]) only(image, 4));
    }

    @Test
    void valuesReachTheFileByFlushAndByTime() throws Exception {
        try (TensorBoard board = TensorBoard.open(folder, () -> now)) {
            assertEquals(1, records(Files.readAllBytes(board.file())).size(), "the version is there at once");
            board.scalar("a", 1, 1);
            assertEquals(1, records(Files.readAllBytes(board.file())).size());
            board.flush();
            assertEquals(2, records(Files.readAllBytes(board.file())).size());
            now = now.plus(TensorBoard.FLUSH_EVERY).minus(Duration.ofMillis(1));
            board.scalar("a", 2, 1);
            assertEquals(2, records(Files.readAllBytes(board.file())).size());
            now = now.plus(Duration.ofMillis(1));
            board.scalar("a", 3, 1);
            assertEquals(4, records(Files.readAllBytes(board.file())).size());
        }
    }

    @Test
    void twoRunsOfOneSecondGetTwoFilesAndAClosedOneRefuses() throws Exception {
        TensorBoard first = TensorBoard.open(folder, () -> now);
        try (TensorBoard second = TensorBoard.open(folder, () -> now)) {
            assertNotEquals(first.file(), second.file());
        }
        first.close();
        first.close();
        assertTrue(assertThrows(IllegalStateException.class, () -> first.scalar("a", 1, 1))
                .getMessage()
                .contains(first.file().toString()));
        try (TensorBoard board = TensorBoard.open(folder)) {
            assertThrows(IllegalArgumentException.class, () -> board.image("x", 1, new byte[40]));
            assertThrows(IllegalArgumentException.class, () -> board.image("x", 1, new byte[3]));
        }
    }

    /** The run hears of it once, and nothing follows a cut record. */
    @Test
    void aFullDiskEndsTheLogWithOneWarning() throws Exception {
        for (int bytes = 0; bytes < 400; bytes += 7) {
            Path run = folder.resolve("full-after-" + bytes);
            var warnings = new ArrayList<String>();
            try (FileSizeLimit limit = FileSizeLimit.of(bytes);
                    var listener = new TensorBoardListener(run, "lfw", warnings::add)) {
                for (int i = 0; i < 400; i++) { // more than the buffer
                    listener.onEvaluation(i, Map.of("accuracy", 0.5));
                }
                limit.close(); // room again
                listener.onEvaluation(400, Map.of("accuracy", 0.5));
            }
            assertEquals(1, warnings.size(), "full after " + bytes);
            String warning = warnings.getFirst();
            assertTrue(warning.startsWith("there are no more TensorBoard events of this run, which goes on without them: " + run + "/events."), warning);
            assertTrue(warning.contains(": it cannot be written (" + FileSizeLimit.REASON + "); "), warning);
            try (Stream<Path> inside = Files.list(run)) {
                List<Path> files = inside.toList();
                assertEquals(bytes < VERSION_RECORD ? 0 : 1, files.size(), "a file without a beginning is of no use");
                for (Path file : files) {
                    assertEquals(bytes, Files.size(file), "nothing follows");
                }
            }
        }
    }

    /** Splits records and checks both checksums with a bitwise CRC of its own. */
    private static List<byte[]> records(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        List<byte[]> payloads = new ArrayList<>();
        while (in.hasRemaining()) {
            byte[] length = new byte[8];
            in.get(length);
            assertEquals(maskedCrc(length), in.getInt());
            byte[] payload =
                    new byte[Math.toIntExact(ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong())];
            in.get(payload);
            assertEquals(maskedCrc(payload), in.getInt());
            payloads.add(payload);
        }
        return payloads;
    }

    private static int maskedCrc(byte[] bytes) {
        int crc = -1;
        for (byte b : bytes) {
            crc ^= b & 0xff;
            for (int bit = 0; bit < 8; bit++) {
                crc = crc >>> 1 ^ ((crc & 1) != 0 ? 0x82f63b78 : 0); // Castagnoli, reflected
            }
        }
        crc = ~crc;
        return (crc >>> 15 | crc << 17) + 0xa282ead8;
    }

    /** The fields of a message by number: Long for varint and fixed64, Integer for fixed32, byte[] for bytes. */
    private static Map<Integer, List<Object>> fields(byte[] message) {
        ByteBuffer in = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
        Map<Integer, List<Object>> fields = new TreeMap<>();
        while (in.hasRemaining()) {
            int key = (int) varint(in);
            Object value =
                    switch (key & 7) {
                        case 0 -> varint(in);
                        case 1 -> in.getLong();
                        case 2 -> {
                            byte[] bytes = new byte[(int) varint(in)];
                            in.get(bytes);
                            yield bytes;
                        }
                        case 5 -> in.getInt();
                        default -> throw new AssertionError("wire type " + (key & 7));
                    };
            fields.computeIfAbsent(key >>> 3, _ -> new ArrayList<>()).add(value);
        }
        return fields;
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte b = in.get();
            value |= (long) (b & 0x7f) << shift;
            if (b >= 0) {
                return value;
            }
        }
    }

    private static Object only(Map<Integer, List<Object>> fields, int number) {
        assertTrue(fields.containsKey(number), "field " + number + " in " + fields.keySet());
        assertEquals(1, fields.get(number).size(), "field " + number);
        return fields.get(number).getFirst();
    }

    private static String text(Object bytes) {
        return new String((byte[]) bytes, StandardCharsets.UTF_8);
    }
}
