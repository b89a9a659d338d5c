package org.angulus.image;

/** Turns an image by its EXIF orientation so that the first stored row stands where the photographer saw it. */
final class Orientation {
    private Orientation() {}

    /**
     * The upright image. Orientation 1 is upright; 2 mirrored left to right; 3 upside down; 4 mirrored top to bottom;
     * 5 mirrored about the main diagonal; 6 to be turned clockwise by 90 degrees; 7 mirrored about the other diagonal; 8 to
     * be turned anticlockwise by 90 degrees.
     */
    static RgbImage apply(RgbImage image, int orientation) {
        if (orientation == 1) {
            return image;
        }
        boolean transposed = orientation >= 5;
        int height = transposed ? image.width() : image.height();
        int width = transposed ? image.height() : image.width();
        boolean fromBottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
        boolean fromRight = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
        byte[] source = image.pixels();
        byte[] upright = new byte[source.length];
        for (int y = 0, to = 0; y < height; y++) {
            for (int x = 0; x < width; x++, to += RgbImage.CHANNELS) {
                int row = transposed ? x : y;
                int column = transposed ? y : x;
                row = fromBottom ? image.height() - 1 - row : row;
                column = fromRight ? image.width() - 1 - column : column;
                int from = (row * image.width() + column) * RgbImage.CHANNELS;
                upright[to] = source[from];
                upright[to + 1] = source[from + 1];
                upright[to + 2] = source[from + 2];
            }
        }
        return new RgbImage(height, width, upright);
    }
}
