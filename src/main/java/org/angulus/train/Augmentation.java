package org.angulus.train;

import org.angulus.image.Resize;
import org.angulus.image.RgbImage;
import org.angulus.model.CounterRandom;

/**
 * Random changes of training crops, in this order; mirroring is apart. A part is off at 0, and all are by default, as in the published SphereFace and
 * AM-Softmax recipes.
 *
 * @param enlarge pixels by which rows and columns are enlarged before the crop's size is cut out again (sphereface_pytorch: 4)
 * @param shift probability that this cut is at a random place, each of 0 to {@code enlarge} down and across; else it is the centre (there: 0.5)
 * @param crop probability that only a random part is kept and the rest is black: 0.2 to 1 of the area, sides 3:4 to 4:3 (AdaFace, OpenSphere: 0.2)
 * @param lowResolution probability that the picture is scaled to 0.2 to 1 of its sides and back (there: 0.2)
 * @param colour probability that brightness, contrast and saturation are each changed by a factor of 0.5 to 1.5, in random order (there: 0.2)
 */
public record Augmentation(int enlarge, double shift, double crop, double lowResolution, double colour) {
    /** Nothing is changed. */
    public static final Augmentation NONE = new Augmentation(0, 0, 0, 0, 0);

    private static final int LARGEST_ENLARGEMENT = 64;
    private static final int CROP_ATTEMPTS = 10;
    /** Numbers drawn for an example, at most. */
    private static final int DRAWS = 64;

    public Augmentation {
        require(enlarge >= 0 && enlarge <= LARGEST_ENLARGEMENT, "enlarge", enlarge, "0 to " + LARGEST_ENLARGEMENT + " pixels");
        for (double probability : new double[] {shift, crop, lowResolution, colour}) {
            require(probability >= 0 && probability <= 1, "a probability", probability, "0 to 1");
        }
        require(shift == 0 || enlarge > 0, "shift", shift, "0 without an enlargement to cut from; set enlarge, to 4 for example");
    }

    private static void require(boolean condition, String what, Object value, String allowed) {
        if (!condition) {
            throw new IllegalArgumentException(what + " is " + value + "; it must be " + allowed + ".");
        }
    }

    /** Whether nothing is ever changed. */
    boolean isNone() {
        return enlarge == 0 && crop == 0 && lowResolution == 0 && colour == 0;
    }

    /**
     * Changes the picture of one example; a function of the arguments alone.
     *
     * @param random numbers of this purpose
     * @param example since the start of the run
     */
    RgbImage apply(RgbImage image, CounterRandom random, long example) {
        Draws draws = new Draws(random, example * DRAWS);
        RgbImage changed = image;
        if (enlarge > 0) {
            changed = shifted(changed, draws);
        }
        if (draws.next() < crop) {
            changed = partOnBlack(changed, draws);
        }
        if (draws.next() < lowResolution) {
            double scale = draws.between(0.2, 1);
            RgbImage small = Resize.to(changed, side(changed.height(), scale), side(changed.width(), scale));
            changed = Resize.to(small, changed.height(), changed.width());
        }
        if (draws.next() < colour) {
            changed = recoloured(changed, draws);
        }
        return changed;
    }

    private static int side(int length, double scale) {
        return Math.max(1, (int) (length * scale));
    }

    private RgbImage shifted(RgbImage image, Draws draws) {
        boolean random = draws.next() < shift;
        int top = draws.below(enlarge + 1);
        int left = draws.below(enlarge + 1);
        RgbImage larger = Resize.to(image, image.height() + enlarge, image.width() + enlarge);
        return larger.crop(random ? top : enlarge / 2, random ? left : enlarge / 2, image.height(), image.width());
    }

    /** torchvision's RandomResizedCrop without the resizing; a part that does not fit is drawn again, and after ten times all is kept. */
    private static RgbImage partOnBlack(RgbImage image, Draws draws) {
        for (int attempt = 0; attempt < CROP_ATTEMPTS; attempt++) {
            double area = image.height() * image.width() * draws.between(0.2, 1);
            double ratio = Math.exp(draws.between(Math.log(3.0 / 4), Math.log(4.0 / 3)));
            int rows = (int) Math.round(Math.sqrt(area / ratio));
            int columns = (int) Math.round(Math.sqrt(area * ratio));
            if (rows >= 1 && columns >= 1 && rows <= image.height() && columns <= image.width()) {
                int top = draws.below(image.height() - rows + 1);
                int left = draws.below(image.width() - columns + 1);
                return only(image, top, left, rows, columns);
            }
        }
        return image;
    }

    private static RgbImage only(RgbImage image, int top, int left, int rows, int columns) {
        byte[] pixels = new byte[image.pixels().length];
        for (int row = top; row < top + rows; row++) {
            int begin = (row * image.width() + left) * RgbImage.CHANNELS;
            System.arraycopy(image.pixels(), begin, pixels, begin, columns * RgbImage.CHANNELS);
        }
        return new RgbImage(image.height(), image.width(), pixels);
    }

    /** The three factors blend with black, with the mean grey level, and with each pixel's own grey level. */
    private static RgbImage recoloured(RgbImage image, Draws draws) {
        double[] factors = {draws.between(0.5, 1.5), draws.between(0.5, 1.5), draws.between(0.5, 1.5)};
        int first = draws.below(3);
        int second = (first + 1 + draws.below(2)) % 3;
        byte[] pixels = image.pixels().clone();
        for (int which : new int[] {first, second, 3 - first - second}) {
            switch (which) {
                case 0 -> blend(pixels, factors[0], 0);
                case 1 -> blend(pixels, factors[1], meanGrey(pixels));
                default -> saturate(pixels, (float) factors[2]);
            }
        }
        return new RgbImage(image.height(), image.width(), pixels);
    }

    /** Blends every sample with one level. */
    private static void blend(byte[] pixels, double factor, double level) {
        byte[] blended = new byte[256];
        for (int i = 0; i < blended.length; i++) {
            blended[i] = rounded((float) (level + factor * (i - level)));
        }
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = blended[pixels[i] & 0xff];
        }
    }

    /** Blends every pixel with its grey level. */
    private static void saturate(byte[] pixels, float factor) {
        for (int i = 0; i < pixels.length; i += RgbImage.CHANNELS) {
            float rest = (1 - factor) * grey(pixels, i);
            pixels[i] = rounded(rest + factor * (pixels[i] & 0xff));
            pixels[i + 1] = rounded(rest + factor * (pixels[i + 1] & 0xff));
            pixels[i + 2] = rounded(rest + factor * (pixels[i + 2] & 0xff));
        }
    }

    /** The nearest level, halves up. */
    private static byte rounded(float level) {
        return (byte) Math.max(0, Math.min(255, (int) (level + 0.5f)));
    }

    private static double meanGrey(byte[] pixels) {
        double sum = 0;
        for (int i = 0; i < pixels.length; i += RgbImage.CHANNELS) {
            sum += grey(pixels, i);
        }
        return sum / (pixels.length / RgbImage.CHANNELS);
    }

    /** ITU-R BT.601. */
    private static float grey(byte[] pixels, int at) {
        return 0.299f * (pixels[at] & 0xff) + 0.587f * (pixels[at + 1] & 0xff) + 0.114f * (pixels[at + 2] & 0xff);
    }

    /** The numbers of one example, one after the other. */
    private static final class Draws {
        private final CounterRandom random;
        private long index;

        Draws(CounterRandom random, long first) {
            this.random = random;
            this.index = first;
        }

        double next() {
            return random.uniform(index++);
        }

        double between(double low, double high) {
            return low + (high - low) * next();
        }

        int below(int count) {
            return (int) (next() * count);
        }
    }
}
