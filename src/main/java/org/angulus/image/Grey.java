package org.angulus.image;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** From colours to grey: luma as in ITU-R BT.601, (299 red + 587 green + 114 blue) / 1000, rounded. A picture that is grey already keeps its values. */
public final class Grey {
    private Grey() {}

    /**
     * Reduces samples.
     *
     * @param rgb u8 (pixels, 3)
     * @param grey u8 (pixels); may be the same memory
     */
    public static void of(MemorySegment rgb, MemorySegment grey, long pixels) {
        for (long i = 0; i < pixels; i++) {
            int red = Byte.toUnsignedInt(rgb.get(ValueLayout.JAVA_BYTE, RgbImage.CHANNELS * i));
            int green = Byte.toUnsignedInt(rgb.get(ValueLayout.JAVA_BYTE, RgbImage.CHANNELS * i + 1));
            int blue = Byte.toUnsignedInt(rgb.get(ValueLayout.JAVA_BYTE, RgbImage.CHANNELS * i + 2));
            grey.set(ValueLayout.JAVA_BYTE, i, (byte) ((299 * red + 587 * green + 114 * blue + 500) / 1000));
        }
    }
}
