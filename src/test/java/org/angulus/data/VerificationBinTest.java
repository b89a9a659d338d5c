package org.angulus.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.angulus.data.PickleReader.Bytes;
import org.angulus.image.Fit;
import org.angulus.image.Framing;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VerificationBinTest {
    private static final List<String> NAMES = List.of(
            "python3-0", "python3-1", "python3-2", "python3-3", "python3-4", "python3-5", "python2-0", "python2-2", "numpy-2", "numpy-4", "numbers");

    @TempDir
    Path folder;

    private static Path golden(String name) throws Exception {
        return Path.of(VerificationBinTest.class.getResource("/golden/pickle/" + name + ".bin").toURI());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "python3-0", "python3-1", "python3-2", "python3-3", "python3-4", "python3-5", "python2-0", "python2-2", "numpy-2", "numpy-4", "numbers"
    })
    void whatPythonWritesIsRead(String name) throws Exception {
        List<?> both = (List<?>) PickleReader.read(golden(name), Files.readAllBytes(golden(name)));
        List<?> strings = (List<?>) both.getFirst();
        byte[] every = new byte[256];
        byte[] starts = new byte[300];
        for (int i = 0; i < 300; i++) {
            every[i % 256] = (byte) i;
            starts[i] = (byte) (i % 3 == 1 ? 0xd8 : 0xff);
        }
        List<byte[]> wanted = List.of(every, new byte[0], "\\'\"\n\r\t\\u0041\\x41".getBytes(StandardCharsets.US_ASCII), starts);
        assertEquals(4, strings.size());
        for (int i = 0; i < 4; i++) {
            assertArrayEquals(wanted.get(i), ((Bytes) strings.get(i)).copy(), "string " + i);
        }
        VerificationBin bin = VerificationBin.read(golden(name));
        assertEquals(2, bin.pairs());
        assertTrue(bin.same(0));
        assertFalse(bin.same(1));
    }

    private static void assertRefused(Path file, String words) {
        String message = assertThrows(DataException.class, () -> VerificationBin.read(file)).getMessage();
        assertTrue(message.contains(words) && message.contains(file.getFileName().toString()), message);
    }

    @ParameterizedTest
    @CsvSource({
        "call-0, the Python name posix.getcwd",
        "call-4, the Python name posix.getcwd",
        "dictionary, the opcode 0x7d",
        "float, the opcode 0x47",
        "three, 3 pictures for 2 pairs"
    })
    void whatIsNoVerificationSetIsRefused(String name, String words) throws Exception {
        assertRefused(golden(name), words);
    }

    @Test
    void otherFilesAreRefused() throws Exception {
        assertRefused(folder.resolve("none.bin"), "no such file");
        assertRefused(Files.write(folder.resolve("empty.bin"), new byte[0]), "damaged");
        assertRefused(Files.writeString(folder.resolve("number.bin"), "I5\n."), "not of a list of pictures");
        assertRefused(Files.writeString(folder.resolve("pair.bin"), "(lp0\n(lp1\ntttt."), "damaged");
        byte[] whole = Files.readAllBytes(golden("python3-4"));
        assertRefused(Files.write(folder.resolve("cut.bin"), Arrays.copyOf(whole, whole.length - 10)), "damaged");
    }

    /** Small files that ask for much: deep nesting, a text encoded again and again, objects without end, lengths beyond the file. */
    @Test
    void bombsAreRefused() throws Exception {
        assertRefused(Files.write(folder.resolve("deep.bin"), "(".repeat(100).getBytes(StandardCharsets.US_ASCII)), "nesting deeper than 32");
        String text = "a".repeat(1000);
        assertRefused(
                Files.writeString(folder.resolve("again.bin"), "(lp0\nc_codecs\nencode\np1\nV" + text + "\np2\n" + "g1\n(g2\nVlatin1\ntR".repeat(100) + "."),
                "the same bytes over and over");
        assertRefused(Files.writeString(folder.resolve("endless.bin"), "N".repeat(1 << 21)), "more than 1048576 objects");
        for (String opcode : List.of("T", "B", "X")) {
            for (int length : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 7}) {
                ByteBuffer bytes = ByteBuffer.allocate(11).order(ByteOrder.LITTLE_ENDIAN).put((byte) opcode.charAt(0)).putInt(length);
                assertRefused(Files.write(folder.resolve("length.bin"), bytes.array()), "damaged");
            }
        }
        ByteBuffer bytes = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN).put((byte) 0x8e).putLong(1L << 32);
        assertRefused(Files.write(folder.resolve("length.bin"), bytes.array()), "damaged");
    }

    @Test
    void picturesAreDecodedAndFramed() throws Exception {
        byte[] bytes = BinFiles.of(List.of(TestPictures.png(4, 4, 7), TestPictures.png(4, 4, 14)), true);
        VerificationBin bin = VerificationBin.read(Files.write(folder.resolve("lfw.bin"), bytes));
        MemorySegment crop = MemorySegment.ofArray(new byte[4 * 2 * 3]);
        PhotoSource photos = bin.photos(4, 2, new Framing(0, 0, Fit.CENTRE_CROP));
        assertTrue(photos.read(bin.photo(0, 1), crop));
        assertEquals(14, crop.get(ValueLayout.JAVA_BYTE, 23));
        assertFalse(photos.read(new Photo("picture", 3), crop));
        PhotoSource exact = bin.photos(4, 2, Framing.EXACT);
        String message = assertThrows(IOException.class, () -> exact.read(bin.photo(0, 0), crop)).getMessage();
        assertTrue(message.contains("lfw.bin, picture 1") && message.contains("4 x 4"), message);
    }
}
