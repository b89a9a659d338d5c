package org.angulus.image;

import java.nio.file.Path;

/**
 * How a file becomes a crop of the size a network takes: first cut to the centre, then fitted.
 *
 * @param centreRows rows of the centre that is cut out first; 0: nothing is cut
 * @param centreColumns columns of it; 0 as well then
 * @param fit what to do with a size that is still another one
 */
public record Framing(int centreRows, int centreColumns, Fit fit) {
    /** Only files of exactly the right size. */
    public static final Framing EXACT = new Framing(0, 0, Fit.EXACT);

    public Framing {
        if (centreRows < 0 || centreColumns < 0 || (centreRows == 0) != (centreColumns == 0)) {
            throw new IllegalArgumentException("the centre is " + centreRows + " x " + centreColumns + "; give two positive sizes, or none");
        }
    }

    /** Reads a file and frames it to {@code height} x {@code width}. */
    public RgbImage decode(Path file, int height, int width) throws ImageException {
        return apply(ImageDecoder.decode(file), height, width, file.toString());
    }

    /**
     * Frames an image to {@code height} x {@code width}.
     *
     * @param name for messages
     */
    public RgbImage apply(RgbImage image, int height, int width, String name) throws ImageException {
        RgbImage centre = centreRows > 0 ? Fit.CENTRE_CROP.apply(image, centreRows, centreColumns, name) : image;
        return fit.apply(centre, height, width, name);
    }
}
