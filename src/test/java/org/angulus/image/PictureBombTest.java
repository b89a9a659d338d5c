package org.angulus.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import javax.imageio.ImageIO;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Small files that announce or unpack to vast memory: refused, or read, within a megabyte on the heap. */
class PictureBombTest {
    private static final int SIDE = 60_000;
    private static final String TOO_LARGE =
            "it is 60000 x 60000 (rows x columns) where sides from 1 to 16384 and at most 67108864 pixels are read; make it smaller or remove it.";
    private static final long BOUND = 1L << 20;

    @FunctionalInterface
    private interface Action {
        void run() throws Exception;
    }

    /** Bytes that this thread allocates on the heap, at the second time. */
    private static long allocated(Action action) throws Exception {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        action.run();
        long before = threads.getCurrentThreadAllocatedBytes();
        action.run();
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    private static byte[] encoded(String format) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertTrue(ImageIO.write(new BufferedImage(8, 8, BufferedImage.TYPE_3BYTE_BGR), format, out));
        return out.toByteArray();
    }

    private static byte[] announcing(String format) throws Exception {
        byte[] file = format.equals("pgm") ? "P5 60000 60000 255\n".getBytes(StandardCharsets.US_ASCII) : encoded(format);
        switch (format) {
            case "jpeg" -> {
                int frame = 2;
                while ((file[frame + 1] & 0xff) != 0xc0) {
                    frame += 2 + Short.toUnsignedInt(ByteBuffer.wrap(file).getShort(frame + 2));
                }
                ByteBuffer.wrap(file).putShort(frame + 5, (short) SIDE).putShort(frame + 7, (short) SIDE);
            }
            case "png" -> {
                ByteBuffer.wrap(file).putInt(16, SIDE).putInt(20, SIDE);
                CRC32 sum = new CRC32();
                sum.update(file, 12, 17);
                ByteBuffer.wrap(file).putInt(29, (int) sum.getValue());
            }
            case "bmp" -> ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(18, SIDE).putInt(22, SIDE);
            default -> assertEquals("pgm", format);
        }
        return file;
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "bmp", "pgm"})
    void vastSizesAreRefused(String format) throws Exception {
        byte[] file = announcing(format);
        // The runtime's reader of BMP has its own words for a size that the length of the data contradicts.
        refused(format.equals("bmp") ? "it cannot be decoded as BMP (Invalid width/height for BI_RGB image data.); replace or remove it." : TOO_LARGE, () -> ImageDecoder.decode(file, "x"));
    }

    @ParameterizedTest
    @MethodSource("org.angulus.image.DecodersTest#decoders")
    void vastJpegsAreRefused(JpegDecoder decoder) throws Exception {
        byte[] file = announcing("jpeg");
        refused(TOO_LARGE, () -> ImageDecoder.decode(file, "x", decoder));
    }

    private static void refused(String sentence, Action decode) throws Exception {
        long bytes = allocated(() -> assertEquals("x: " + sentence, assertThrows(ImageException.class, decode::run).getMessage()));
        assertTrue(bytes < BOUND, bytes + " bytes");
    }

    /** Texts and profiles beside the picture, 64 MB when unpacked, are not unpacked. */
    @ParameterizedTest
    @ValueSource(strings = {"zTXt", "iTXt", "iCCP"})
    void packedTextsAreLeftPacked(String chunk) throws Exception {
        Deflater deflater = new Deflater();
        deflater.setInput(new byte[1 << 26]);
        deflater.finish();
        byte[] packed = new byte[1 << 20];
        int length = deflater.deflate(packed);
        assertTrue(deflater.finished() && length < 1 << 17);
        deflater.end();
        byte[] head = (chunk.equals("iTXt") ? "a\0\1\0\0\0" : "a\0\0").getBytes(StandardCharsets.ISO_8859_1);
        byte[] png = encoded("png");
        ByteBuffer file = ByteBuffer.allocate(png.length + 12 + head.length + length);
        file.put(png, 0, 33).putInt(head.length + length).put(chunk.getBytes(StandardCharsets.US_ASCII)).put(head).put(packed, 0, length);
        CRC32 sum = new CRC32();
        sum.update(file.array(), 37, 4 + head.length + length);
        file.putInt((int) sum.getValue()).put(png, 33, png.length - 33);
        long bytes = allocated(() -> assertEquals("8 x 8", ImageDecoder.decode(file.array(), "x").sizeText()));
        assertTrue(bytes < BOUND, bytes + " bytes");
    }
}
