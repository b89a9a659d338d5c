package org.angulus.data;

import java.util.Objects;

/**
 * Faces drawn by the program: any number of people, any number of pictures of each, the same bits from the same start
 * value.
 *
 * <p>A person is a set of {@link Gene genes}: shapes and proportions of head, eyes, brows, nose, mouth and ears, the
 * relief that light brings out, colours of skin, hair, iris and lips, and the texture and marks of the skin. Between
 * the pictures of one person vary
 *
 * <ul>
 *   <li>pose (yaw, pitch) and what an alignment leaves over (roll, size, offset);
 *   <li>expression: smile, open mouth, lids, brows, gaze;
 *   <li>light: direction, strength and colour of two lamps, light from all around, shadows across the face;
 *   <li>hair cut, beard, backdrop, clothes;
 *   <li>occlusion: glasses and sunglasses, hats, masks, hands and objects before the face;
 *   <li>camera: exposure, white balance, saturation, contrast, resolution, focus, motion, noise, block compression.
 * </ul>
 *
 * <p>The faces have the geometry of aligned photographs: the five landmarks of a face are fitted to those of the 112
 * x 96 crop, scaled to the crop at hand, so the same picture of the same person can be drawn at any size.
 *
 * <p>A picture is a pure function of start value, identity and picture number. It can be drawn alone, in any order
 * and by any number of threads at once. Only arithmetic that is exact by definition (float + - * / and square root,
 * {@link StrictMath}) is used, so the bits are the same on every machine.
 */
public final class SyntheticFaces {
    /** Smallest height and width of a crop, in pixels. */
    public static final int SMALLEST = 8;

    /** Largest height and width of a crop, in pixels. */
    public static final int LARGEST = 2048;

    private static final int PURPOSE = 2;

    private final long startValue;
    private final int height;
    private final int width;

    /**
     * The faces of a start value, at one size.
     *
     * @param startValue gives the people and their pictures; another value gives other people
     * @param height rows of a picture, {@value #SMALLEST} to {@value #LARGEST}
     * @param width columns of a picture, {@value #SMALLEST} to {@value #LARGEST}
     * @throws IllegalArgumentException if the size is out of range
     */
    public SyntheticFaces(long startValue, int height, int width) {
        if (height < SMALLEST || width < SMALLEST || height > LARGEST || width > LARGEST) {
            throw new IllegalArgumentException("Synthetic faces can be drawn at " + SMALLEST + " to " + LARGEST
                    + " pixels in height and width, but " + height + " x " + width + " was asked for.");
        }
        this.startValue = startValue;
        this.height = height;
        this.width = width;
    }

    /** Rows of a picture. */
    public int height() {
        return height;
    }

    /** Columns of a picture. */
    public int width() {
        return width;
    }

    /** Bytes of a picture: height x width x 3. */
    public int pictureBytes() {
        return 3 * height * width;
    }

    /**
     * Draws one picture of one person.
     *
     * @param identity number of the person, 0 or more
     * @param picture number of the picture, 0 or more
     * @param rgb where it goes: height x width x 3, one unsigned byte for each of red, green, blue
     * @param offset index of the first byte written
     * @throws IllegalArgumentException if a number is negative or the picture does not fit into the array
     */
    public void render(int identity, int picture, byte[] rgb, int offset) {
        check(identity, rgb, offset);
        if (picture < 0) {
            throw new IllegalArgumentException(
                    "Pictures of a synthetic face are numbered from 0, but picture " + picture + " was asked for.");
        }
        Draws draws = Draws.of(startValue, PURPOSE, identity, picture);
        Capture capture = Capture.draw(draws);
        int noise = draws.key();
        Portrait portrait = new Portrait(FaceGenes.of(startValue, identity), Conditions.draw(draws), height, width);
        capture.take(portrait, height, width, noise, rgb, offset);
    }

    /**
     * Draws the passport picture of a person: frontal, calm, evenly lit, nothing worn, a clean camera. Two such
     * pictures differ by the people alone.
     *
     * @param identity number of the person, 0 or more
     * @param rgb where it goes, as in {@link #render}
     * @param offset index of the first byte written
     * @throws IllegalArgumentException if the number is negative or the picture does not fit into the array
     */
    public void renderNeutral(int identity, byte[] rgb, int offset) {
        check(identity, rgb, offset);
        Portrait portrait = new Portrait(FaceGenes.of(startValue, identity), Conditions.neutral(), height, width);
        Capture.CLEAN.take(portrait, height, width, 0, rgb, offset);
    }

    /**
     * What makes the person, as one number in [0, 1) per gene.
     *
     * @param identity number of the person, 0 or more
     * @throws IllegalArgumentException if the number is negative
     */
    public float[] identityVector(int identity) {
        checkIdentity(identity);
        return FaceGenes.of(startValue, identity).unit();
    }

    private void check(int identity, byte[] rgb, int offset) {
        checkIdentity(identity);
        Objects.requireNonNull(rgb, "A synthetic face needs an array to be drawn into, but null was given.");
        if (offset < 0 || offset > rgb.length - pictureBytes()) {
            throw new IllegalArgumentException("A synthetic face of " + height + " x " + width + " takes "
                    + pictureBytes() + " bytes, but from offset " + offset + " on the array of " + rgb.length
                    + " bytes has no room for it.");
        }
    }

    private static void checkIdentity(int identity) {
        if (identity < 0) {
            throw new IllegalArgumentException(
                    "Synthetic people are numbered from 0, but person " + identity + " was asked for.");
        }
    }
}
