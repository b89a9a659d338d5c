package org.angulus.data;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.angulus.image.RgbImage;

/**
 * Digits, or whatever else is published in MNIST's form: a folder with pictures and labels as IDX files, {@code train-images-idx3-ubyte} and
 * {@code train-labels-idx1-ubyte} for training, {@code t10k-...} for testing, each as it is or as {@code .gz}. Grey pictures; held in memory, a byte
 * for each pixel. A label is its own name.
 */
public final class Mnist implements ImageSet {
    private static final int IMAGES_MAGIC = 0x803;
    private static final int LABELS_MAGIC = 0x801;
    private static final int MOST_PIXELS = 1 << 24;

    private final Path root;
    private final Part part;
    private final int height;
    private final int width;
    private final byte[] pixels; // (count, height, width)
    private final byte[] labels; // (count)
    private final List<String> identities;

    /** The halves of the set. */
    public enum Part {
        TRAIN("train"),
        TEST("t10k");

        private final String prefix;

        Part(String prefix) {
            this.prefix = prefix;
        }

        private String images() {
            return prefix + "-images-idx3-ubyte";
        }

        private String labels() {
            return prefix + "-labels-idx1-ubyte";
        }
    }

    private Mnist(Path root, Part part, int height, int width, byte[] pixels, byte[] labels) {
        this.root = root;
        this.part = part;
        this.height = height;
        this.width = width;
        this.pixels = pixels;
        this.labels = labels;
        int classes = 1 + IntStream.range(0, labels.length).map(i -> Byte.toUnsignedInt(labels[i])).max().orElse(0);
        this.identities = IntStream.range(0, classes).mapToObj(String::valueOf).toList();
    }

    /** Whether a folder holds the training pictures of such a set. */
    static boolean isIn(Path root) {
        return find(root, Part.TRAIN.images()) != null;
    }

    /**
     * Reads one half of a set.
     *
     * @throws DataException when a file is missing or damaged, or pictures and labels do not fit together
     */
    public static Mnist open(Path root, Part part) throws DataException {
        Path imageFile = require(root, part.images());
        Path labelFile = require(root, part.labels());
        ByteBuffer images = read(imageFile, IMAGES_MAGIC, 4);
        ByteBuffer labels = read(labelFile, LABELS_MAGIC, 2);
        int count = images.getInt(4);
        int height = images.getInt(8);
        int width = images.getInt(12);
        if (count < 1 || height < 1 || width < 1 || (long) height * width > MOST_PIXELS || 16 + (long) count * height * width != images.limit()) {
            throw new DataException(imageFile, "its header states " + Integer.toUnsignedString(count) + " pictures of " + Integer.toUnsignedString(height) + "x"
                    + Integer.toUnsignedString(width) + ", but " + (images.limit() - 16) + " bytes follow", "fetch it again");
        }
        if (labels.getInt(4) != count || labels.limit() != 8 + (long) count) {
            throw new DataException(labelFile, "it holds " + (labels.limit() - 8) + " labels and states " + Integer.toUnsignedString(labels.getInt(4))
                    + ", where " + imageFile.getFileName() + " has " + count + " pictures", "fetch both again");
        }
        byte[] pixels = new byte[count * height * width];
        images.get(16, pixels);
        byte[] digits = new byte[count];
        labels.get(8, digits);
        return new Mnist(root, part, height, width, pixels, digits);
    }

    private static Path find(Path root, String name) {
        Path plain = root.resolve(name);
        Path packed = root.resolve(name + ".gz");
        return Files.exists(plain) ? plain : Files.exists(packed) ? packed : null;
    }

    private static Path require(Path root, String name) throws DataException {
        Path found = find(root, name);
        if (found == null) {
            throw new DataException(root, "it holds no " + name + ", nor one that ends in .gz", "name a folder with MNIST's four files");
        }
        return found;
    }

    private static ByteBuffer read(Path file, int magic, int numbers) throws DataException {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
            if (file.toString().endsWith(".gz")) {
                try (InputStream unpacked = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
                    bytes = unpacked.readAllBytes();
                }
            }
        } catch (EOFException e) {
            throw new DataException(file, "it ends too early", "fetch it again", e);
        } catch (IOException e) {
            throw new DataException(file, "it cannot be read (" + e.getMessage() + ")", "fetch it again", e);
        }
        if (bytes.length < Integer.BYTES * numbers || ByteBuffer.wrap(bytes).getInt() != magic) {
            throw new DataException(file, "it is no IDX file of " + (magic == IMAGES_MAGIC ? "pictures" : "labels") + " in bytes", "fetch it again");
        }
        return ByteBuffer.wrap(bytes);
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
        return labels.length;
    }

    /** Rows of every picture. */
    public int height() {
        return height;
    }

    /** Columns of every picture. */
    public int width() {
        return width;
    }

    @Override
    public int label(int image) {
        return Byte.toUnsignedInt(labels[image]);
    }

    @Override
    public String name(int image) {
        return part.images() + ", picture " + image;
    }

    @Override
    public RgbImage decode(int image) {
        byte[] rgb = new byte[height * width * RgbImage.CHANNELS];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = pixels[image * height * width + i / RgbImage.CHANNELS];
        }
        return new RgbImage(height, width, rgb);
    }
}
