package org.angulus.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The many forms of PNG, and pictures of one pixel. */
class PngKindsTest {
    private static byte[] encoded(BufferedImage image, String format) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertTrue(ImageIO.write(image, format, out));
        return out.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "bmp", "jpeg"})
    void onePixelIsAPicture(String format) throws Exception {
        BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_3BYTE_BGR);
        image.setRGB(0, 0, 0xc8c8c8);
        RgbImage decoded = ImageDecoder.decode(encoded(image, format), "x");
        assertEquals("1 x 1", decoded.sizeText());
        assertEquals(0xc8, decoded.sample(0, 0, 1), format.equals("jpeg") ? 2 : 0);
    }

    @Test
    void sixteenBitsOfColourAndAlphaKeepTheUpperEightOfTheColour() throws Exception {
        var colours = new ComponentColorModel(ColorSpace.getInstance(ColorSpace.CS_sRGB), true, false, Transparency.TRANSLUCENT, DataBuffer.TYPE_USHORT);
        BufferedImage image = new BufferedImage(colours, colours.createCompatibleWritableRaster(2, 1), false, null);
        image.getRaster().setPixel(0, 0, new int[] {0x12ff, 0x3400, 0xfe80, 0x8000});
        image.getRaster().setPixel(1, 0, new int[] {0x00ff, 0xffff, 0x8000, 0});
        byte[] png = encoded(image, "png");
        assertEquals(16, png[24], "bits of a sample");
        assertArrayEquals(new byte[] {0x12, 0x34, (byte) 0xfe, 0, (byte) 0xff, (byte) 0x80}, ImageDecoder.decode(png, "x").pixels());
    }

    @Test
    void paletteEntriesKeepTheirColourWhateverTheirAlpha() throws Exception {
        byte[] red = {10, 20, 30};
        byte[] green = {40, 50, 60};
        byte[] blue = {70, 80, 90};
        byte[] alpha = {0, (byte) 128, (byte) 255};
        BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_BYTE_INDEXED, new IndexColorModel(8, 3, red, green, blue, alpha));
        for (int i = 0; i < 3; i++) {
            image.getRaster().setSample(i, 0, 0, i);
        }
        byte[] png = encoded(image, "png");
        assertTrue(new String(png, StandardCharsets.ISO_8859_1).contains("tRNS"), "the palette has alpha");
        assertArrayEquals(new byte[] {10, 40, 70, 20, 50, 80, 30, 60, 90}, ImageDecoder.decode(png, "x").pixels());
    }

    /** An animated PNG is read as the picture that a program sees which knows nothing of animation. */
    @Test
    void anAnimationGivesItsDefaultPicture() throws Exception {
        BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_3BYTE_BGR);
        image.setRGB(0, 0, 0x102030);
        byte[] png = encoded(image, "png");
        int ihdrEnd = 33;
        int iend = png.length - 12;
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(file);
        out.write(png, 0, ihdrEnd);
        chunk(out, "acTL", ByteBuffer.allocate(8).putInt(2).putInt(0).array());
        chunk(out, "fcTL", frame(0));
        out.write(png, ihdrEnd, iend - ihdrEnd);
        chunk(out, "fcTL", frame(1));
        chunk(out, "fdAT", new byte[] {0, 0, 0, 2, 1, 2, 3});
        out.write(png, iend, 12);
        assertArrayEquals(new byte[] {0x10, 0x20, 0x30}, ImageDecoder.decode(file.toByteArray(), "x").pixels());
    }

    /** Sequence number, width, height, place, delay, and what becomes of the frame. */
    private static byte[] frame(int sequence) {
        return ByteBuffer.allocate(26).putInt(sequence).putInt(1).putInt(1).putInt(0).putInt(0).putShort((short) 1).putShort((short) 10).array();
    }

    private static void chunk(DataOutputStream out, String type, byte[] data) throws Exception {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 sum = new CRC32();
        sum.update(name);
        sum.update(data);
        out.writeInt(data.length);
        out.write(name);
        out.write(data);
        out.writeInt((int) sum.getValue());
    }
}
