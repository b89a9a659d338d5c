package org.angulus.model;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Hostile and damaged files: one exception type, one sentence, never a crash. */
class SafeTensorsDamageTest {
    private static final int DATA_BYTES = 16;

    @TempDir
    Path folder;

    /** Headers over a data section of 16 bytes, and what the refusal must say. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[]|does not begin with '{'",
                "` {}`|does not begin with '{'",
                "{'a'|not the JSON",
                "{a:1}|not the JSON",
                "{'a':5}|not the JSON",
                "{}x|not the JSON",
                "{}|last 16 bytes belong to no tensor",
                "{'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16]},'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16]}}|names the tensor 'a' twice",
                "{'__metadata__':{'k':'1','k':'2'},'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16]}}|holds 'k' twice",
                "{'__metadata__':{},'__metadata__':{}}|__metadata__ twice",
                "{'__metadata__':{'k':1}}|'k' is not a string",
                "{'__metadata__':{'angulus.crc32c':'zz'},'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16]}}|checksum zz",
                "{'a':{'dtype':'F33','shape':[4],'data_offsets':[0,16]}}|unknown element type 'F33'",
                "{'a':{'dtype':'F32','dtype':'F32','shape':[4],'data_offsets':[0,16]}}|dtype twice",
                "{'a':{'dtype':'F32','shape':[5],'data_offsets':[0,16]}}|needs 20 bytes",
                "{'a':{'dtype':'F32','shape':[4],'data_offsets':[16,0]}}|16 to 0",
                "{'a':{'dtype':'F32','shape':[5],'data_offsets':[0,20]}}|ends at byte 20 of a data section of 16",
                "{'a':{'dtype':'F32','shape':[3],'data_offsets':[4,16]}}|bytes 0 to 4 before the tensor 'a'",
                "{'a':{'dtype':'F32','shape':[3],'data_offsets':[0,12]}}|last 4 bytes",
                "{'a':{'dtype':'F32','shape':[3],'data_offsets':[0,12]},'b':{'dtype':'F32','shape':[2],'data_offsets':[8,16]}}|'b' overlaps",
                "{'a':{'dtype':'F32','shape':[-4],'data_offsets':[0,16]}}|holds -4",
                "{'a':{'dtype':'F32','shape':[4.0],'data_offsets':[0,16]}}|holds 4.0",
                "{'a':{'dtype':'F32','shape':['4'],'data_offsets':[0,16]}}|something that is no number",
                "{'a':{'dtype':'F32','shape':[4611686018427387904],'data_offsets':[0,16]}}|holds 4611686018427387904",
                "{'a':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,16]}}|impossibly large",
                "{'a':{'dtype':'F32','shape':[4],'data_offsets':[0,99999999999999999999]}}|holds 99999999999999999999",
                "{'a':{'dtype':'F32','shape':[4],'data_offsets':[0]}}|lacks a dtype, a shape or two",
                "{'a':{'shape':[4],'data_offsets':[0,16]}}|lacks a dtype",
                "{'a':{'dtype':'F32','shape':4,'data_offsets':[0,16]}}|not the JSON",
            })
    void aWrongHeaderIsNamed(String header, String sentence) throws Exception {
        Path file = folder.resolve("hostile.safetensors");
        Files.write(file, SafeTensorsTest.frame(header.replace('\'', '"'), DATA_BYTES).array());
        expect(file, sentence);
    }

    @Test
    void deepNestingAndControlCharactersAreHarmless() throws Exception {
        Path file = folder.resolve("hostile.safetensors");
        Files.write(file, SafeTensorsTest.frame("{\"a\":{\"x\":" + "[".repeat(1_000_000), 0).array());
        expect(file, "JSON");
        Files.write(file, SafeTensorsTest.frame("{\"\\u001b[2J\\n\":{}}", 0).array());
        String message = expect(file, "lacks a dtype");
        assertTrue(message.chars().noneMatch(c -> c < ' '), message);
    }

    @Test
    void aWrongHeaderLengthIsNamed() throws Exception {
        Path file = folder.resolve("hostile.safetensors");
        for (long length : new long[] {0, 1, 25, 100_000_001, Long.MAX_VALUE, -1, Long.MIN_VALUE}) {
            byte[] bytes = new byte[32];
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
            Files.write(file, bytes);
            expect(file, "announces a header of " + Long.toUnsignedString(length) + " bytes");
        }
        Files.write(file, new byte[] {2, 0, 0});
        expect(file, "only 3 bytes");
        Files.write(file, new byte[0]);
        expect(file, "only 0 bytes");
        Files.write(file, new byte[] {4, 0, 0, 0, 0, 0, 0, 0, '{', (byte) 0xc3, '"', '}'});
        expect(file, "not UTF-8");
        expect(folder, "it is a folder");
        expect(folder.resolve("absent"), "there is no such file");
    }

    @Test
    void everyCutAndEveryFlippedDataBitIsFound() throws Exception {
        Path file = folder.resolve("model.safetensors");
        new SafeTensorsWriter().floats("w", new float[] {1, 2, 3}, 3).bytes("b", new byte[] {9}, 1).write(file);
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            expect(file, "");
        }
        for (int bit = 0; bit < 13 * 8; bit++) {
            byte[] flipped = whole.clone();
            flipped[whole.length - 13 + bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(file, flipped);
            expect(file, "checksum");
        }
    }

    private static String expect(Path file, String sentence) {
        String message = assertThrows(SafeTensorsException.class, () -> SafeTensors.open(file)).getMessage();
        assertTrue(message.startsWith(file + ": ") && message.contains("; ") && message.endsWith("."), message);
        assertTrue(message.contains(sentence), message);
        return message;
    }
}
