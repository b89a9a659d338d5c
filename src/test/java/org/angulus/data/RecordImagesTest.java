package org.angulus.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecordImagesTest {
    private static final byte[] NONE = {};

    @TempDir
    Path folder;

    private static byte[] picture(int level) throws IOException {
        return TestPictures.png(2, 3, level);
    }

    /** As InsightFace lays it out: record 0 announces the pictures 1 to 4 and the people's records 5 and 6. */
    private static RecordFiles published() throws IOException {
        return new RecordFiles()
                .add(0, NONE, 5, 7)
                .add(1, picture(10), 3)
                .add(2, picture(20), 3, 99)
                .add(3, picture(30), 12)
                .add(4, picture(40), 12)
                .add(5, NONE, 1, 3)
                .add(6, NONE, 3, 5);
    }

    @Test
    void aPublishedSetGivesItsPicturesAndPeople() throws Exception {
        ImageSet set = ImageSet.open(published().write(folder));
        assertEquals(List.of("3", "12"), set.identities());
        assertEquals(List.of(0, 0, 1, 1), IntStream.range(0, set.count()).mapToObj(set::label).toList());
        assertEquals("record 2", set.name(1));
        for (int i = 0; i < 4; i++) {
            assertEquals(10 * (i + 1), set.decode(i).sample(1, 2, 2));
            assertEquals("2 x 3", set.decode(i).sizeText());
        }
    }

    @Test
    void withoutAnAnnouncementEveryRecordIsAPicture() throws Exception {
        ImageSet set = ImageSet.open(new RecordFiles().add(0, picture(1), 1).add(7, picture(2), 0).write(folder));
        assertEquals(List.of("0", "1"), set.identities());
        assertEquals(1, set.decode(0).sample(0, 0, 2));
        assertEquals(2, set.decode(1).sample(0, 0, 2));
    }

    /** A payload that holds the magic number is cut there, also in the header, twice in a row, at its begin and at its end. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 100})
    void recordsInPartsAreJoined(int at) throws Exception {
        byte[] payload = new byte[4 * 120 + 3];
        new Random(at).nextBytes(payload);
        ByteBuffer words = ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN);
        for (int word : new int[] {at, at + 1, at + 5, 119}) {
            words.putInt(4 * word, RecordIo.MAGIC);
        }
        float magicLabel = Float.intBitsToFloat(RecordIo.MAGIC);
        Path rec = new RecordFiles().add(0, payload, magicLabel).add(1, payload, 1, magicLabel).add(2, new byte[] {7}, 5).write(folder);
        RecordIo records = RecordIo.open(rec);
        String[] lines = Files.readString(folder.resolve("train.idx")).split("[\t\n]");
        assertTrue((Files.readAllBytes(rec)[7] & 0xe0) == 0x20, "the first record is in parts");
        assertArrayEquals(payload, records.image(Long.parseLong(lines[1])).image());
        assertArrayEquals(new float[] {magicLabel}, records.labels(0));
        assertArrayEquals(payload, records.image(Long.parseLong(lines[3])).image());
        assertArrayEquals(new float[] {1, magicLabel}, records.labels(Long.parseLong(lines[3])));
        assertArrayEquals(new byte[] {7}, records.image(Long.parseLong(lines[5])).image());
    }

    private void assertRefused(String words) {
        String message = assertThrows(DataException.class, () -> RecordImages.open(folder.resolve("train.rec"))).getMessage();
        assertTrue(message.contains(words) && message.contains("train."), message);
    }

    @Test
    void whatDoesNotFitIsRefused() throws Exception {
        assertRefused("no such file");
        Path rec = published().write(folder);
        Path idx = folder.resolve("train.idx");
        String lines = Files.readString(idx);
        Files.delete(idx);
        assertRefused("index of the records is not there");
        Files.writeString(idx, lines.replaceFirst("2\t.*\n", ""));
        assertRefused("lists 3 pictures where record 0 announces 4");
        Files.writeString(idx, lines + "seven\t8\n");
        assertRefused("line 8: it is no key and byte");
        Files.writeString(idx, lines + "99999999999\t8\n");
        assertRefused("line 8: it is no key and byte");
        Files.writeString(idx, lines.replaceFirst("2\t.*\n", "2\t123456789012\n"));
        assertRefused("lies behind the end");
        Files.writeString(idx, lines.replaceFirst("2\t.*\n", "2\t4\n"));
        assertRefused("magic number");
        Files.writeString(idx, "");
        assertRefused("lists 0 pictures");
        Files.writeString(idx, lines);
        Files.write(rec, Arrays.copyOf(Files.readAllBytes(rec), 60));
        assertRefused("damaged");
        new RecordFiles().add(0, picture(1), 1).add(1, picture(1), 0.5f).write(folder);
        assertRefused("record 1 has the label 0.5");
        new RecordFiles().add(0, picture(1), Float.NaN).write(folder);
        assertRefused("label NaN");
        new RecordFiles().add(0, picture(1), -1).write(folder);
        assertRefused("label -1.0");
    }
}
