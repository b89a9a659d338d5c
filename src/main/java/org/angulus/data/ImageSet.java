package org.angulus.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import org.angulus.image.RgbImage;

/**
 * Pictures on disk, each of one of several people, before they are framed to the size that a network takes ({@link FramedImages}). Read by several
 * threads at once.
 */
public interface ImageSet {
    /**
     * Opens a data set by what it is: InsightFace's records where a {@code .rec} file is named ({@link RecordImages}), a packed set where the folder
     * holds {@code images.npy} ({@link PackedImages}), MNIST's training half where it holds that ({@link Mnist}), else a folder with one folder for each person ({@link ImageFolder}).
     */
    static ImageSet open(Path root) throws DataException {
        if (root.toString().endsWith(".rec")) {
            return RecordImages.open(root);
        }
        if (Mnist.isIn(root)) {
            return Mnist.open(root, Mnist.Part.TRAIN);
        }
        return Files.exists(root.resolve(PackedImages.IMAGES)) ? PackedImages.open(root) : ImageFolder.open(root);
    }

    /** The file or folder that was opened. */
    Path root();

    /** Names of the people; the label of an image is an index into it. */
    List<String> identities();

    /** Number of images, at least 1. */
    int count();

    /** The label of an image. */
    int label(int image);

    /** A name for an image that tells where to find it below the root. */
    String name(int image);

    /**
     * An image at its own size.
     *
     * @throws IOException with one sentence that names it, when it cannot be used
     */
    RgbImage decode(int image) throws IOException;

    /** Sentences about what was found and left out on opening. */
    default List<String> remarks() {
        return List.of();
    }

    /**
     * The part of the set that a purpose allows, such as training without the people of the test; labels are numbered anew in the same order.
     *
     * @param identity whether an identity may stay
     * @param images the fewest images that an identity must have to stay
     * @throws DataException when fewer than two identities remain
     */
    default ImageSet select(Predicate<String> identity, int images) throws DataException {
        return SelectedImages.of(this, identity, images);
    }
}
