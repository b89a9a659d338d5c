package org.angulus.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What JPEGs say of themselves before their data: every decoder reads the same colours out of it, or refuses in the same words. */
class JpegKindsTest {
    private static final String JFIF = "ffe00010 4a46494600 0101 00 0001 0001 0000";
    private static final String ADOBE = "ffee000e 41646f6265 0064 0000 0000 ";

    private static List<JpegDecoder> decoders() {
        return DecodersTest.decoders();
    }

    /**
     * A picture of one colour, 16 x 16, without application segments: the stored samples are (124, 86, 182), which is (200, 100, 50) where they are YCbCr.
     * Whether chroma is subsampled decides what the Java runtime makes of a file that does not say its colours.
     */
    private static byte[] bare(boolean subsampled) throws Exception {
        BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_3BYTE_BGR);
        for (int i = 0; i < 256; i++) {
            image.setRGB(i % 16, i / 16, subsampled ? 0xc86432 : 0x7c56b6);
        }
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        writer.setOutput(ImageIO.createImageOutputStream(out));
        // A raster is written as it is, at full size; an image is written as YCbCr, with half the rows and columns of chroma.
        writer.write(null, subsampled ? new IIOImage(image, null, null) : new IIOImage(image.getRaster(), null, null), null);
        writer.dispose();
        byte[] jpeg = out.toByteArray();
        int begin = (jpeg[3] & 0xff) == 0xe0 ? 2 + 18 : 2;
        ByteArrayOutputStream bare = new ByteArrayOutputStream();
        bare.write(jpeg, 0, 2);
        bare.write(jpeg, begin, jpeg.length - begin);
        byte[] whole = bare.toByteArray();
        assertEquals(subsampled ? 0x22 : 0x11, whole[find(whole, 0xc0) + 9]);
        return whole;
    }

    private static byte[] with(byte[] jpeg, String segments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(jpeg, 0, 2);
        out.writeBytes(HexFormat.of().parseHex(segments.replace(" ", "")));
        out.write(jpeg, 2, jpeg.length - 2);
        return out.toByteArray();
    }

    /** Where a segment's length stands. */
    private static int find(byte[] jpeg, int marker) {
        for (int at = 2; ; at += 2 + ((jpeg[at + 2] & 0xff) << 8 | jpeg[at + 3] & 0xff)) {
            if ((jpeg[at + 1] & 0xff) == marker) {
                return at + 2;
            }
        }
    }

    /** Gives the three components other names, each of a letter. */
    private static byte[] named(byte[] jpeg, String names) {
        byte[] renamed = jpeg.clone();
        int frame = find(jpeg, 0xc0);
        int scan = find(jpeg, 0xda);
        for (int i = 0; i < 3; i++) {
            renamed[frame + 8 + 3 * i] = (byte) names.charAt(i);
            renamed[scan + 3 + 2 * i] = (byte) names.charAt(i);
        }
        return renamed;
    }

    /** Component names and segments that files in the wild have; colours as libjpeg decides them. */
    @ParameterizedTest
    @MethodSource("decoders")
    void coloursAreReadAsLibjpegReadsThem(JpegDecoder decoder) throws Exception {
        List<String> named = List.of("\1\2\3", "\0\1\2", "RGB", "rgb", "\1\42\43", "YCc");
        List<String> ycc = List.of(
                JFIF, ADOBE + "01", ADOBE + "02", JFIF + ADOBE + "00", "fffe0004 4142" + JFIF, JFIF + JFIF, "ffe00007 4a46494600" + JFIF, "ffe1000a 4578696600000102" + JFIF,
                JFIF + "ffe20014 4943435f50524f46494c4500 0101 01020304", JFIF + "ffe20014 4943435f50524f46494c4500 0203 01020304");
        for (int i = 0; i < 2 * named.size(); i++) {
            String names = named.get(i / 2);
            byte[] jpeg = named(bare(i % 2 == 0), names);
            assertColour(200, 100, 50, with(jpeg, ADOBE + "01"), decoder);
            for (String segments : ycc) {
                assertColour(200, 100, 50, with(jpeg, segments), decoder);
            }
            assertColour(124, 86, 182, with(jpeg, ADOBE + "00"), decoder);
            for (String none : List.of("", "ffe00007 4a46494600", "ffe1000a 4578696600000102", "ffee0007 41646f6265")) {
                if (names.equals("RGB")) {
                    assertColour(124, 86, 182, with(jpeg, none), decoder);
                } else {
                    assertColour(200, 100, 50, with(jpeg, none), decoder);
                }
            }
        }
    }

    private static void assertColour(int red, int green, int blue, byte[] jpeg, JpegDecoder decoder) throws Exception {
        RgbImage image = ImageDecoder.decode(jpeg, "x", decoder);
        assertEquals("16 x 16", image.sizeText());
        int[] expected = {red, green, blue};
        for (int c = 0; c < 3; c++) {
            assertEquals(expected[c], image.sample(9, 9, c), 4);
        }
    }

    private static void assertRefused(byte[] jpeg, String sentence, JpegDecoder decoder) {
        assertEquals("x: " + sentence, assertThrows(ImageException.class, () -> ImageDecoder.decode(jpeg, "x", decoder)).getMessage());
    }

    /** A whole file of another process, four components or more bits: libjpeg-turbo 3 decodes some of them, the runtime none. */
    @ParameterizedTest
    @MethodSource("decoders")
    void whatNotEveryDecoderReadsIsRefusedInTheSameWords(JpegDecoder decoder) throws Exception {
        byte[] whole = with(bare(true), JFIF);
        int frame = find(whole, 0xc0);
        for (int process : new int[] {3, 5, 6, 7, 9, 10, 11, 13, 14, 15}) {
            byte[] other = whole.clone();
            other[frame - 1] = (byte) (0xc0 + process);
            assertRefused(other, "it is a lossless, hierarchical or arithmetic-coded JPEG (SOF" + process + "); convert it to baseline or progressive.", decoder);
        }
        for (Map.Entry<Integer, String> bits : Map.of(2, "2", 12, "12", 16, "16").entrySet()) {
            byte[] deep = whole.clone();
            deep[frame + 2] = bits.getKey().byteValue();
            assertRefused(deep, "it is a JPEG of " + bits.getValue() + " bits per sample; convert it to 8 bits.", decoder);
        }
        for (String transform : List.of("00", "02")) {
            byte[] four = with(bare(true), ADOBE + transform);
            four[find(four, 0xc0) + 7] = 4;
            assertRefused(four, "it is a CMYK JPEG; convert it to RGB.", decoder);
        }
    }

    /** A file that is damaged twice: what the decoder only warns of must not hide what ends it. */
    @ParameterizedTest
    @MethodSource("decoders")
    void aWarningHidesNoError(JpegDecoder decoder) throws Exception {
        for (String warned : List.of(JFIF, ADOBE + "02", "ffe00010 4a46494600 0901 00 0001 0001 0000")) {
            byte[] jpeg = with(bare(true), warned);
            byte[] expected = ImageDecoder.decode(jpeg, "x", decoder).pixels();
            assertColour(200, 100, 50, jpeg, decoder);
            int scan = find(jpeg, 0xda);
            byte[] broken = jpeg.clone();
            broken[scan + 3] = 77; // a component that the frame does not have
            String message = assertThrows(ImageException.class, () -> ImageDecoder.decode(broken, "x", decoder)).getMessage();
            assertTrue(message.startsWith("x: it cannot be decoded as JPEG ("), message);
            assertArrayEquals(expected, ImageDecoder.decode(jpeg, "x", decoder).pixels());
        }
    }
}
