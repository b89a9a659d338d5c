package org.angulus.image;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A picture of 8-bit RGB samples: rows x columns x 3, top row first. */
public final class RgbImage {
    /** Samples of a pixel: red, green, blue. */
    public static final int CHANNELS = 3;

    private final int height;
    private final int width;
    private final byte[] pixels; // (height, width, 3)

    /** Wraps samples without copying them. */
    public RgbImage(int height, int width, byte[] pixels) {
        if (height < 1 || width < 1 || (long) height * width * CHANNELS != pixels.length) {
            throw new IllegalArgumentException("an RGB image of " + height + " rows and " + width + " columns needs "
                    + (long) height * width * CHANNELS + " bytes, got " + pixels.length);
        }
        this.height = height;
        this.width = width;
        this.pixels = pixels;
    }

    /** Rows. */
    public int height() {
        return height;
    }

    /** Columns. */
    public int width() {
        return width;
    }

    /** The samples themselves, (height, width, 3), not a copy. */
    public byte[] pixels() {
        return pixels;
    }

    /** One sample, 0 to 255; channel 0 is red. */
    public int sample(int row, int column, int channel) {
        return Byte.toUnsignedInt(pixels[(row * width + column) * CHANNELS + channel]);
    }

    /** Copies all samples to the start of a segment. */
    public void copyTo(MemorySegment destination) {
        MemorySegment.copy(pixels, 0, destination, ValueLayout.JAVA_BYTE, 0, pixels.length);
    }

    /** The part of {@code rows} x {@code columns} whose upper left pixel is at ({@code top}, {@code left}). */
    public RgbImage crop(int top, int left, int rows, int columns) {
        if (top < 0 || left < 0 || rows > height - top || columns > width - left) {
            throw new IllegalArgumentException("a crop of " + rows + " x " + columns + " at row " + top + ", column "
                    + left + " leaves the image of " + sizeText());
        }
        byte[] part = new byte[rows * columns * CHANNELS];
        for (int row = 0; row < rows; row++) {
            System.arraycopy(
                    pixels,
                    ((top + row) * width + left) * CHANNELS,
                    part,
                    row * columns * CHANNELS,
                    columns * CHANNELS);
        }
        return new RgbImage(rows, columns, part);
    }

    /** The size as rows x columns, such as {@code 112 x 96}. */
    public String sizeText() {
        return height + " x " + width;
    }
}
