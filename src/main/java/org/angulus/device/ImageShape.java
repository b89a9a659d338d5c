package org.angulus.device;

/**
 * What {@link Ops#imageNormalize} does: {@code y = (u8 - mean) * factor}.
 *
 * @param n images
 * @param h rows
 * @param w columns
 * @param c channels, 1 to 4
 * @param type of y
 * @param reverse whether the channel order is reversed (RGB to BGR)
 * @param mean 127.5 by default
 * @param factor 1/128 by default
 */
public record ImageShape(int n, int h, int w, int c, Type type, boolean reverse, float mean, float factor) {
    /** (u8 - 127.5) / 128, channels as they come. */
    public static ImageShape of(int n, int h, int w, int c, Type type) {
        return new ImageShape(n, h, w, c, type, false, 127.5f, 1 / 128f);
    }
}
