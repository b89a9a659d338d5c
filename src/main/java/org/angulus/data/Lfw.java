package org.angulus.data;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.angulus.image.Framing;
import org.angulus.model.Printable;

/**
 * The photographs of LFW, or crops made of them, in the layout of the original: {@code Name/Name_0001.jpg}. Crops may also be
 * png, bmp, pgm or jpeg files.
 */
public final class Lfw {
    private static final List<String> EXTENSIONS = List.of("jpg", "png", "jpeg", "bmp", "pgm");

    private static final Pattern NUMBERED = Pattern.compile("_[0-9]{4}\\.(" + String.join("|", EXTENSIONS) + ")");

    private final Path root;

    private Lfw(Path root) {
        this.root = root;
    }

    /**
     * Opens the folder that holds one folder for each person.
     *
     * @throws DataException when it is not there or its first folders do not look like LFW
     */
    public static Lfw open(Path root) throws DataException {
        if (!Files.exists(root)) {
            throw new DataException(root, "there is no such folder", "check the path");
        }
        if (!Files.isDirectory(root)) {
            throw new DataException(root, "it is a file", "name the folder with one folder for each person");
        }
        try (DirectoryStream<Path> people = Files.newDirectoryStream(root, Files::isDirectory)) {
            for (Path person : people) {
                if (holdsPhotos(person)) {
                    return new Lfw(root);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            throw new DataException(root, "it cannot be listed (" + Printable.reason(e) + ")", "check its permissions", e);
        }
        throw new DataException(
                root,
                "no folder in it holds images named like LFW's (Name/Name_0001.jpg)",
                "name the folder with one folder for each person");
    }

    private static boolean holdsPhotos(Path person) throws IOException {
        String name = person.getFileName().toString();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(person)) {
            for (Path file : files) {
                String photo = file.getFileName().toString();
                if (photo.startsWith(name) && NUMBERED.matcher(photo.substring(name.length())).matches()) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The folder that holds one folder for each person. */
    public Path root() {
        return root;
    }

    /** The file of a photograph; empty when it is missing. */
    public Optional<Path> find(Photo photo) {
        Path person = root.resolve(photo.person());
        return EXTENSIONS.stream()
                .map(extension -> person.resolve(photo.name() + "." + extension))
                .filter(Files::isRegularFile)
                .findFirst();
    }

    /** The photographs as crops of {@code height} x {@code width}. */
    public PhotoSource crops(int height, int width, Framing framing) {
        return (photo, rgb) -> {
            Optional<Path> file = find(photo);
            if (file.isPresent()) {
                framing.decode(file.get(), height, width).copyTo(rgb);
            }
            return file.isPresent();
        };
    }

    /** Those of the photographs that have no file, in the given order. */
    public List<Photo> missing(Collection<Photo> photos) {
        return photos.stream().filter(photo -> find(photo).isEmpty()).toList();
    }
}
