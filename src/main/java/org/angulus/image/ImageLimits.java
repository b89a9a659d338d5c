package org.angulus.image;

/** Sizes beyond which an image is refused before memory is taken for it: a small file can announce a vast picture. */
final class ImageLimits {
    static final int LARGEST_SIDE = 16_384;
    static final int LARGEST_AREA = 1 << 26;
    static final long LARGEST_FILE = 1L << 28;

    private ImageLimits() {}

    static void check(int height, int width, String name) throws ImageException {
        if (height < 1 || width < 1 || height > LARGEST_SIDE || width > LARGEST_SIDE
                || (long) height * width > LARGEST_AREA) {
            throw new ImageException(
                    name,
                    "it is " + height + " x " + width + " (rows x columns) where sides from 1 to " + LARGEST_SIDE
                            + " and at most " + LARGEST_AREA + " pixels are read",
                    "make it smaller or remove it");
        }
    }
}
