package org.angulus.data;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import org.angulus.image.RgbImage;

/**
 * A set of decoded crops of one size, in a folder of three files: {@code images.npy}, u8 (N, height, width, 3), {@code labels.npy}, i32 (N), and
 * {@code identities.txt}, a name for each label on a line. The pixels are memory-mapped: reading a crop is a copy, and the set may be larger than the
 * memory. Made by {@link PackWriter}, or by NumPy. The files stay mapped until nothing refers to the set any more.
 */
public final class PackedImages implements ImageSet {
    static final String IMAGES = "images.npy";
    static final String LABELS = "labels.npy";
    static final String IDENTITIES = "identities.txt";

    private final Path root;
    private final Npy images;
    private final Npy labels;
    private final List<String> identities;
    private final int height;
    private final int width;

    private PackedImages(Path root, Npy images, Npy labels, List<String> identities) {
        this.root = root;
        this.images = images;
        this.labels = labels;
        this.identities = identities;
        this.height = images.shape().get(1).intValue();
        this.width = images.shape().get(2).intValue();
    }

    /**
     * Opens a packed set.
     *
     * @throws DataException when a file is missing or damaged, or the three do not fit together
     */
    public static PackedImages open(Path root) throws DataException {
        Npy images = Npy.open(root.resolve(IMAGES), Arena.ofAuto());
        images.require(NpyType.U8, -1, -1, -1, RgbImage.CHANNELS);
        if (images.rows() < 1 || images.rows() > Integer.MAX_VALUE - 8 || images.rowBytes() < 1 || images.rowBytes() > 1 << 28) {
            throw new DataException(
                    images.file(), "it has the shape " + Npy.text(images.shape()) + ", where at least one and at most 2^31 crops of a picture's size belong", "pack the set again");
        }
        Npy labels = Npy.open(root.resolve(LABELS), Arena.ofAuto());
        labels.require(NpyType.I32, images.rows());
        List<String> identities = TextFile.read(root.resolve(IDENTITIES)).lines().toList();
        for (long i = 0; i < labels.rows(); i++) {
            long label = labels.longAt(i);
            if (label < 0 || label >= identities.size()) {
                throw new DataException(
                        labels.file(), "the label " + label + " of image " + i + " has no name among the " + identities.size() + " of " + IDENTITIES, "pack the set again");
            }
        }
        return new PackedImages(root, images, labels, identities);
    }

    @Override
    public Path root() {
        return root;
    }

    @Override
    public List<String> identities() {
        return identities;
    }

    @Override
    public int count() {
        return (int) images.rows();
    }

    @Override
    public int label(int image) {
        return (int) labels.longAt(image);
    }

    @Override
    public String name(int image) {
        return "image " + image;
    }

    @Override
    public RgbImage decode(int image) {
        return new RgbImage(height, width, images.row(image).toArray(ValueLayout.JAVA_BYTE));
    }
}
