package org.angulus.data;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.angulus.image.ImageDecoder;
import org.angulus.image.RgbImage;

/**
 * A data set as a folder with one folder for each identity. Every image below an identity's folder, at any depth, belongs
 * to it. Identities and images are sorted by Unicode code point, so labels depend on names alone. Hidden files and folders
 * are skipped; other files that are no image by their name, and folders without one, are counted and the first ones named.
 *
 * <p>Held in compact form, about the length of the path below the identity's folder and eight bytes for an image.
 */
public final class ImageFolder implements ImageSet {
    private final Path root;
    private final List<String> identities;
    private final byte[] names; // UTF-8 paths below the identity's folder, one behind the other
    private final int[] ends; // (images): end of each path in names
    private final int[] labels; // (images)
    private final Omissions ignored;
    private final Omissions unreadable;

    private ImageFolder(
            Path root,
            List<String> identities,
            byte[] names,
            int[] ends,
            int[] labels,
            Omissions ignored,
            Omissions unreadable) {
        this.root = root;
        this.identities = List.copyOf(identities);
        this.names = names;
        this.ends = ends;
        this.labels = labels;
        this.ignored = ignored;
        this.unreadable = unreadable;
    }

    /**
     * Lists a folder of at least two identities.
     *
     * @throws DataException when there is no such folder, it or a folder in it cannot be read, or it holds no image or only
     *     one identity
     */
    public static ImageFolder open(Path root) throws DataException {
        if (!Files.exists(root)) {
            throw new DataException(root, "there is no such folder", "check the path");
        }
        if (!Files.isDirectory(root)) {
            throw new DataException(root, "it is a file", "name a folder with one folder of images for each person");
        }
        FolderScan scan = new FolderScan(root);
        ImageFolderBuilder images = new ImageFolderBuilder(root);
        for (Path entry : scan.sorted(root)) {
            if (!Files.isDirectory(entry)) {
                scan.ignore(entry);
                continue;
            }
            List<byte[]> found = scan.images(entry);
            if (found.isEmpty()) {
                scan.ignore(entry);
            } else {
                images.addIdentity(FolderScan.name(entry), found);
            }
        }
        ImageFolder folder = images.build(scan);
        if (folder.count() == 0) {
            throw new DataException(
                    root,
                    "it holds no image (jpg, jpeg, png, bmp, pgm) in a sub-folder",
                    "name a folder with one folder of images for each person");
        }
        if (folder.identities.size() == 1) {
            throw new DataException(
                    root,
                    "it holds only one identity, '" + folder.identities.getFirst() + "'",
                    "name a folder with one folder of images for each of two or more people");
        }
        return folder;
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
        return ends.length;
    }

    @Override
    public int label(int image) {
        return labels[image];
    }

    /** An image's path below the root, with slashes. */
    @Override
    public String name(int image) {
        int begin = image == 0 ? 0 : ends[image - 1];
        return identities.get(labels[image]) + "/"
                + new String(names, begin, ends[image] - begin, StandardCharsets.UTF_8);
    }

    /** An image's path. */
    public Path path(int image) {
        return root.resolve(name(image));
    }

    /** How many files were left out because they are no image by their name, and folders because they hold none. */
    public long ignored() {
        return ignored.count();
    }

    /** The first 16 of the files and folders left out, as paths below the root. */
    public List<String> ignoredNames() {
        return ignored.names();
    }

    /** How many images were left out because they are missing behind a link or may not be read. */
    public long unreadable() {
        return unreadable.count();
    }

    @Override
    public RgbImage decode(int image) throws IOException {
        return ImageDecoder.decode(path(image));
    }

    @Override
    public List<String> remarks() {
        List<String> remarks = new ArrayList<>();
        if (ignored.count() > 0) {
            remarks.add("Passed over " + ignored.count() + " entries that are no pictures: " + ignored.text());
        }
        if (unreadable.count() > 0) {
            remarks.add("Left out " + unreadable.count() + " pictures that are missing or may not be read: " + unreadable.text());
        }
        return remarks;
    }

    /** Collects identities in order. */
    static final class ImageFolderBuilder {
        private final Path root;
        private final List<String> identities = new ArrayList<>();
        private byte[] names = new byte[1 << 12];
        private int used;
        private int[] ends = new int[64];
        private int[] labels = new int[64];
        private int count;

        ImageFolderBuilder(Path root) {
            this.root = root;
        }

        void addIdentity(String identity, List<byte[]> paths) throws DataException {
            for (byte[] path : paths) {
                if (used + (long) path.length > Integer.MAX_VALUE - 8) {
                    throw new DataException(
                            root, "the names of its images exceed 2 GiB", "divide it or use a packed format");
                }
                if (used + path.length > names.length) {
                    names = Arrays.copyOf(names, grown(names.length, used + path.length));
                }
                System.arraycopy(path, 0, names, used, path.length);
                used += path.length;
                if (count == ends.length) {
                    ends = Arrays.copyOf(ends, grown(count, count + 1));
                    labels = Arrays.copyOf(labels, ends.length);
                }
                ends[count] = used;
                labels[count++] = identities.size();
            }
            identities.add(identity);
        }

        private static int grown(int length, int needed) {
            return (int) Math.min(Integer.MAX_VALUE - 8L, Math.max(needed, length + (length >> 1) + 1L));
        }

        ImageFolder build(FolderScan scan) {
            return new ImageFolder(
                    root,
                    identities,
                    Arrays.copyOf(names, used),
                    Arrays.copyOf(ends, count),
                    Arrays.copyOf(labels, count),
                    scan.ignored(),
                    scan.unreadable());
        }
    }
}
