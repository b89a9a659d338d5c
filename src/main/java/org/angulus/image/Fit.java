package org.angulus.image;

/** What to do with an image whose size is not the one that a network takes. */
public enum Fit {
    /** Refuse it. Aligned crops have the right size, and resizing another picture would hide a missing alignment. */
    EXACT,
    /**
     * Cut equal margins off: 112 x 112 to 112 x 96 keeps the columns 8 to 103. An odd margin cuts one more at the bottom
     * and on the right. Refused when the image is smaller than the network's.
     */
    CENTRE_CROP,
    /** Resize rows and columns each to the wanted number, see {@link Resize}; proportions are not kept. */
    RESIZE;

    /**
     * Brings an image to a size.
     *
     * @param name the image's name for the message
     * @throws ImageException when this choice does not allow it; names both sizes
     */
    public RgbImage apply(RgbImage image, int height, int width, String name) throws ImageException {
        if (image.height() == height && image.width() == width) {
            return image;
        }
        return switch (this) {
            case EXACT -> throw wrongSize(image, height, width, name, "align or crop it first, or choose another fit");
            case CENTRE_CROP -> {
                if (image.height() < height || image.width() < width) {
                    throw wrongSize(image, height, width, name, "nothing can be cut off it, so choose a larger image");
                }
                yield image.crop((image.height() - height) / 2, (image.width() - width) / 2, height, width);
            }
            case RESIZE -> Resize.to(image, height, width);
        };
    }

    private static ImageException wrongSize(RgbImage image, int height, int width, String name, String cure) {
        return new ImageException(
                name, "it is " + image.sizeText() + " (rows x columns) where " + height + " x " + width + " is needed", cure);
    }
}
