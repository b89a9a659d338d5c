package org.angulus.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageDecoderTest {
    private static final int ROWS = 5;
    private static final int COLUMNS = 7;

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "png," + BufferedImage.TYPE_3BYTE_BGR,
        "png," + BufferedImage.TYPE_INT_RGB,
        "png," + BufferedImage.TYPE_4BYTE_ABGR,
        "bmp," + BufferedImage.TYPE_3BYTE_BGR,
        "bmp," + BufferedImage.TYPE_INT_RGB,
    })
    void losslessColourComesBackExactly(String format, int type) throws Exception {
        BufferedImage image = new BufferedImage(COLUMNS, ROWS, type);
        Random random = new Random(3);
        int[] rgb = random.ints(ROWS * COLUMNS).toArray();
        image.setRGB(0, 0, COLUMNS, ROWS, Arrays.stream(rgb).map(v -> v | 0xff000000).toArray(), 0, COLUMNS);
        RgbImage decoded = ImageDecoder.decode(encode(image, format), "x");
        assertEquals("5 x 7", decoded.sizeText());
        for (int i = 0; i < rgb.length; i++) {
            assertEquals(rgb[i] >> 16 & 255, decoded.sample(i / COLUMNS, i % COLUMNS, 0));
            assertEquals(rgb[i] >> 8 & 255, decoded.sample(i / COLUMNS, i % COLUMNS, 1));
            assertEquals(rgb[i] & 255, decoded.sample(i / COLUMNS, i % COLUMNS, 2));
        }
    }

    /** A half transparent pixel keeps its colour: alpha is dropped, not blended. */
    @Test
    void alphaIsDropped() throws Exception {
        BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_4BYTE_ABGR);
        image.setRGB(0, 0, 0x40102030);
        assertArrayEquals(new byte[] {0x10, 0x20, 0x30}, ImageDecoder.decode(encode(image, "png"), "x").pixels());
    }

    /** The stored level, not one that a colour conversion from linear grey made of it. */
    @ParameterizedTest
    @ValueSource(strings = {"png", "bmp"})
    void greyIsRepeated(String format) throws Exception {
        BufferedImage image = new BufferedImage(256, 1, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 256; i++) {
            image.getRaster().setSample(i, 0, 0, i);
        }
        RgbImage decoded = ImageDecoder.decode(encode(image, format), "x");
        for (int i = 0; i < 256; i++) {
            for (int c = 0; c < 3; c++) {
                assertEquals(i, decoded.sample(0, i, c));
            }
        }
    }

    @Test
    void sixteenBitsKeepTheUpperEightAndPalettesAreLookedUp() throws Exception {
        BufferedImage deep = new BufferedImage(2, 1, BufferedImage.TYPE_USHORT_GRAY);
        deep.getRaster().setSample(0, 0, 0, 0x12ff);
        deep.getRaster().setSample(1, 0, 0, 0xfe00);
        assertArrayEquals(
                new byte[] {0x12, 0x12, 0x12, (byte) 0xfe, (byte) 0xfe, (byte) 0xfe},
                ImageDecoder.decode(encode(deep, "png"), "x").pixels());
        IndexColorModel palette = new IndexColorModel(
                1, 2, new byte[] {1, 9}, new byte[] {2, 8}, new byte[] {3, 7});
        BufferedImage indexed = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY, palette);
        indexed.getRaster().setSample(0, 0, 0, 1);
        assertArrayEquals(
                new byte[] {9, 8, 7, 1, 2, 3}, ImageDecoder.decode(encode(indexed, "png"), "x").pixels());
    }

    /**
     * EXIF 2.3, tag Orientation: where the stored row 0 and column 0 lie in the upright picture. A flat 8 x 8 block for each
     * of 2 x 3 fields survives JPEG nearly unchanged.
     */
    @ParameterizedTest
    @CsvSource({
        "1,top,left", "2,top,right", "3,bottom,right", "4,bottom,left",
        "5,left,top", "6,right,top", "7,right,bottom", "8,left,bottom",
    })
    void exifOrientationTurnsJpegsUpright(int orientation, String row0, String column0) throws Exception {
        int rows = 2;
        int columns = 3;
        BufferedImage image = new BufferedImage(8 * columns, 8 * rows, BufferedImage.TYPE_BYTE_GRAY);
        for (int y = 0; y < 8 * rows; y++) {
            for (int x = 0; x < 8 * columns; x++) {
                image.getRaster().setSample(x, y, 0, level(y / 8, x / 8));
            }
        }
        byte[] plain = encode(image, "jpeg");
        boolean turned = row0.equals("left") || row0.equals("right");
        for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
            RgbImage upright = ImageDecoder.decode(withOrientation(plain, orientation, order), "x");
            assertEquals(turned ? "24 x 16" : "16 x 24", upright.sizeText());
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < columns; c++) {
                    int down = turned ? side(column0, c, columns) : side(row0, r, rows);
                    int across = turned ? side(row0, r, rows) : side(column0, c, columns);
                    assertEquals(level(r, c), upright.sample(8 * down + 4, 8 * across + 4, 0), 3, "block " + r + ", " + c);
                }
            }
        }
    }

    private static int level(int row, int column) {
        return 20 + 40 * (3 * row + column);
    }

    private static int side(String where, int index, int count) {
        return where.equals("top") || where.equals("left") ? index : count - 1 - index;
    }

    @Test
    void damagedExifIsIgnored() throws Exception {
        byte[] plain = encode(new BufferedImage(16, 8, BufferedImage.TYPE_BYTE_GRAY), "jpeg");
        byte[] turned = withOrientation(plain, 6, ByteOrder.BIG_ENDIAN);
        assertEquals("16 x 8", ImageDecoder.decode(turned, "x").sizeText());
        assertEquals("8 x 16", ImageDecoder.decode(withOrientation(plain, 9, ByteOrder.BIG_ENDIAN), "x").sizeText());
        // Segment: marker 2, length 2, "Exif\0\0" 6, then TIFF: byte order 2, 42 2, directory offset 4.
        int tiff = 2 + 2 + 2 + 6;
        for (int directory : new int[] {0, 7, 1000, -1, Integer.MAX_VALUE}) {
            byte[] damaged = turned.clone();
            ByteBuffer.wrap(damaged).putInt(tiff + 4, directory);
            assertEquals("8 x 16", ImageDecoder.decode(damaged, "x").sizeText());
        }
        byte[] order = turned.clone();
        order[tiff] = 'X';
        assertEquals("8 x 16", ImageDecoder.decode(order, "x").sizeText());
    }

    @Test
    void jpegColourIsRgbInThisOrder() throws Exception {
        BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_3BYTE_BGR);
        for (int i = 0; i < 256; i++) {
            image.setRGB(i % 16, i / 16, 0xc86432);
        }
        RgbImage decoded = ImageDecoder.decode(encode(image, "jpeg"), "x");
        assertEquals(0xc8, decoded.sample(8, 8, 0), 4);
        assertEquals(0x64, decoded.sample(8, 8, 1), 4);
        assertEquals(0x32, decoded.sample(8, 8, 2), 4);
    }

    @Test
    void pgmInBothForms() throws Exception {
        byte[] binary = "P5 # a comment\n3 2\n# another\n255\n".getBytes(StandardCharsets.US_ASCII);
        byte[] samples = {0, '#', (byte) 255, '\n', 1, ' '};
        byte[] file = Arrays.copyOf(binary, binary.length + samples.length);
        System.arraycopy(samples, 0, file, binary.length, samples.length);
        RgbImage image = ImageDecoder.decode(file, "x");
        assertEquals("2 x 3", image.sizeText());
        for (int i = 0; i < 6; i++) {
            assertEquals(Byte.toUnsignedInt(samples[i]), image.sample(i / 3, i % 3, i % 3));
        }
        RgbImage text = ImageDecoder.decode("P2\n2 1 15\n0 #c\n15".getBytes(StandardCharsets.US_ASCII), "x");
        assertArrayEquals(new byte[] {0, 0, 0, -1, -1, -1}, text.pixels(), "15 of 15 is white");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "P5 3 2 255|holds 0 samples where 6 should be",
                "P2 2 1 255 7|no grey level stands at byte 12",
                "P2 1 1 7 8|a grey level of 8 exceeds the stated largest of 7",
                "P5 3 2 65535|grey levels go to 65535",
                "P5 3 2 0|grey levels go to 0",
                "P5 x 2 255|no width stands at byte 3",
                "P5 3x 2 255|no width stands at byte 3",
                "P5 3 -2 255|no height stands at byte 5",
                "P5 99999999999999999999 2 255|no width stands",
                "P5 16385 1 255|where sides from 1 to 16384",
                "P5 16384 16384 255|at most 67108864 pixels",
                "P5 0 4 255|it is 4 x 0",
                "GIF89a|none of JPEG, PNG, BMP and PGM",
                "RIFF....WEBPVP8X|none of JPEG, PNG, BMP and PGM",
                "%PDF-1.7|none of JPEG, PNG, BMP and PGM",
                "<!DOCTYPE html>|none of JPEG, PNG, BMP and PGM",
                "Photograph of Ann|none of JPEG, PNG, BMP and PGM",
                "BMW, photographed by Ann|cannot be decoded as BMP",
                "P2 people|no width stands at byte 3",
                "''|none of JPEG, PNG, BMP and PGM",
            })
    void badFilesAreRefusedInOneSentence(String content, String sentence) {
        refused(content.getBytes(StandardCharsets.US_ASCII), sentence);
    }

    @Test
    void jpegsThatTheNetworkCannotUseAreRefused() throws Exception {
        refused(frame(4, 8, 10, 10), "it is a CMYK JPEG; convert it to RGB.");
        refused(frame(2, 8, 10, 10), "a JPEG of 2 colour components");
        refused(frame(3, 12, 10, 10), "12 bits per sample");
        refused(frame(3, 8, 65_535, 65_535), "65535 x 65535");
        refused(frame(3, 8, 0, 10), "states no size");
        refused(Arrays.copyOf(frame(3, 8, 10, 10), 9), "header is cut short");
        refused(frame(3, 8, 10, 10), "cannot be decoded as JPEG");
    }

    @Test
    void everyCutIsRefusedOrLosesNothing() throws Exception {
        BufferedImage image = new BufferedImage(40, 40, BufferedImage.TYPE_3BYTE_BGR);
        int[] noise = new Random(9).ints(1600).toArray();
        image.setRGB(0, 0, 40, 40, noise, 0, 40);
        for (String format : new String[] {"jpeg", "png", "bmp"}) {
            byte[] whole = encode(image, format);
            byte[] expected = ImageDecoder.decode(whole, "x").pixels();
            int refused = 0;
            for (int length = 0; length < whole.length; length++) {
                try {
                    // Only what no pixel depends on may be missing, such as an end marker or a checksum.
                    assertArrayEquals(expected, ImageDecoder.decode(Arrays.copyOf(whole, length), "x").pixels());
                } catch (ImageException e) {
                    assertTrue(e.getMessage().startsWith("x: "), e.getMessage());
                    refused++;
                }
            }
            assertTrue(refused > whole.length - 40, format + ": " + refused + " of " + whole.length);
        }
    }

    @Test
    void filesAreReadByContentAndFitted() throws Exception {
        BufferedImage image = new BufferedImage(112, 112, BufferedImage.TYPE_3BYTE_BGR);
        Path file = folder.resolve("Zoë 1.jpg");
        Files.write(file, encode(image, "png"));
        assertEquals("112 x 96", ImageDecoder.decode(file, 112, 96, Fit.CENTRE_CROP).sizeText());
        String message = assertThrows(ImageException.class, () -> ImageDecoder.decode(file, 112, 96, Fit.EXACT))
                .getMessage();
        assertTrue(message.startsWith(file + ": it is 112 x 112 (rows x columns) where 112 x 96 is needed; "), message);
        Path absent = folder.resolve("absent.jpg");
        assertEquals(
                absent + ": there is no such file; check the path.",
                assertThrows(ImageException.class, () -> ImageDecoder.decode(absent)).getMessage());
        assertTrue(assertThrows(ImageException.class, () -> ImageDecoder.decode(folder))
                .getMessage()
                .contains("it is a folder, pipe, socket or device"));
        assertTrue(ImageDecoder.readable("a.b.JPEG"));
        assertFalse(ImageDecoder.readable("jpg"));
        assertFalse(ImageDecoder.readable("a.jpg.txt"));
    }

    private static void refused(byte[] bytes, String sentence) {
        String message = assertThrows(ImageException.class, () -> ImageDecoder.decode(bytes, "name"))
                .getMessage();
        assertTrue(message.startsWith("name: ") && message.contains("; ") && message.endsWith("."), message);
        assertTrue(message.contains(sentence), message);
    }

    private static byte[] encode(BufferedImage image, String format) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertTrue(ImageIO.write(image, format, out), "no writer for " + format);
        return out.toByteArray();
    }

    /** Start of image, a frame header, an empty start of scan and nothing behind it. */
    private static byte[] frame(int components, int precision, int height, int width) {
        return ByteBuffer.allocate(2 + 10 + 3 * components + 4)
                .putShort((short) 0xffd8)
                .putShort((short) 0xffc0)
                .putShort((short) (8 + 3 * components))
                .put((byte) precision)
                .putShort((short) height)
                .putShort((short) width)
                .put((byte) components)
                .put(new byte[3 * components])
                .putShort((short) 0xffda)
                .putShort((short) 2)
                .array();
    }

    private static byte[] withOrientation(byte[] jpeg, int orientation, ByteOrder order) {
        ByteBuffer tiff = ByteBuffer.allocate(26).order(order);
        tiff.putShort((short) (order == ByteOrder.BIG_ENDIAN ? 0x4d4d : 0x4949));
        tiff.putShort((short) 42).putInt(8).putShort((short) 1);
        tiff.putShort((short) 0x0112).putShort((short) 3).putInt(1).putShort((short) orientation).putShort((short) 0);
        tiff.putInt(0);
        ByteBuffer file = ByteBuffer.allocate(jpeg.length + 10 + tiff.capacity());
        file.put(jpeg, 0, 2).putShort((short) 0xffe1).putShort((short) (8 + tiff.capacity()));
        file.put("Exif\0\0".getBytes(StandardCharsets.US_ASCII)).put(tiff.array());
        return file.put(jpeg, 2, jpeg.length - 2).array();
    }
}
