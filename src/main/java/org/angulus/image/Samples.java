package org.angulus.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBufferByte;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;
import java.util.Arrays;

/**
 * The stored samples of a decoded picture as RGB, without colour management: grey is repeated, alpha is dropped, 16-bit
 * samples keep their upper eight bits, palettes are looked up.
 */
final class Samples {
    private Samples() {}

    static RgbImage of(BufferedImage image, String name) throws ImageException {
        int height = image.getHeight();
        int width = image.getWidth();
        byte[] pixels = new byte[height * width * RgbImage.CHANNELS];
        ColorModel colours = image.getColorModel();
        if (!(colours instanceof ComponentColorModel)) {
            packed(image, pixels); // palettes and packed integers, both sRGB
            return new RgbImage(height, width, pixels);
        }
        int type = colours.getColorSpace().getType();
        if (type != ColorSpace.TYPE_GRAY && type != ColorSpace.TYPE_RGB) {
            throw new ImageException(
                    name, "its colours are neither grey nor RGB", "convert it to an RGB file, for example a PNG");
        }
        boolean grey = type == ColorSpace.TYPE_GRAY;
        Raster raster = image.getRaster();
        if (raster.getDataBuffer() instanceof DataBufferByte buffer
                && raster.getSampleModel() instanceof PixelInterleavedSampleModel model
                && raster.getSampleModelTranslateX() == 0
                && raster.getSampleModelTranslateY() == 0) {
            interleaved(buffer, model, grey, pixels);
        } else {
            general(raster, colours.getComponentSize(0), grey, pixels);
        }
        return new RgbImage(height, width, pixels);
    }

    private static void packed(BufferedImage image, byte[] pixels) {
        int width = image.getWidth();
        int[] row = new int[width];
        for (int y = 0, to = 0; y < image.getHeight(); y++) {
            image.getRGB(0, y, width, 1, row, 0, width);
            for (int argb : row) {
                pixels[to++] = (byte) (argb >> 16);
                pixels[to++] = (byte) (argb >> 8);
                pixels[to++] = (byte) argb;
            }
        }
    }

    private static void interleaved(
            DataBufferByte buffer, PixelInterleavedSampleModel model, boolean grey, byte[] pixels) {
        byte[] source = buffer.getData();
        int[] bands = model.getBandOffsets();
        int red = bands[0];
        int green = bands[grey ? 0 : 1];
        int blue = bands[grey ? 0 : 2];
        int step = model.getPixelStride();
        for (int y = 0, to = 0; y < model.getHeight(); y++) {
            int from = buffer.getOffset() + y * model.getScanlineStride();
            for (int x = 0; x < model.getWidth(); x++, from += step) {
                pixels[to++] = source[from + red];
                pixels[to++] = source[from + green];
                pixels[to++] = source[from + blue];
            }
        }
    }

    private static void general(Raster raster, int bits, boolean grey, byte[] pixels) {
        int bands = raster.getNumBands();
        int width = raster.getWidth();
        int shift = Math.max(0, bits - 8);
        int[] row = new int[width * bands];
        for (int y = 0, to = 0; y < raster.getHeight(); y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
            for (int x = 0; x < width; x++, to += RgbImage.CHANNELS) {
                if (grey) {
                    Arrays.fill(pixels, to, to + RgbImage.CHANNELS, (byte) (row[x * bands] >> shift));
                } else {
                    pixels[to] = (byte) (row[x * bands] >> shift);
                    pixels[to + 1] = (byte) (row[x * bands + 1] >> shift);
                    pixels[to + 2] = (byte) (row[x * bands + 2] >> shift);
                }
            }
        }
    }
}
