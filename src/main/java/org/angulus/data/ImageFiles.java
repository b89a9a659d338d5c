package org.angulus.data;

import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Files of pictures in a fixed order, whoever they show: all below a folder, or those that a list names. Hidden files and folders are skipped, and
 * files that are no picture by their name.
 *
 * @param root what the names are relative to
 * @param names paths with slashes, at least one, none with a line break
 */
public record ImageFiles(Path root, List<String> names) {
    public ImageFiles {
        names = List.copyOf(names);
    }

    /** All pictures below a folder, at any depth, sorted by the code points of their paths. */
    public static ImageFiles below(Path folder) throws DataException {
        List<String> names = new ArrayList<>();
        for (byte[] name : new FolderScan(folder).images(folder)) {
            String text = new String(name, StandardCharsets.UTF_8);
            if (text.contains("\n") || text.contains("\r")) {
                throw new DataException(folder, "a picture in it has a line break in its name, '" + text.strip().replaceAll("\\R", "?") + "'", "rename it");
            }
            names.add(text);
        }
        if (names.isEmpty()) {
            throw new DataException(folder, "it holds no picture (jpg, jpeg, png, bmp, pgm)", "name another folder");
        }
        return new ImageFiles(folder, names);
    }

    /** The pictures that a text file names, one on each line, in its order; relative paths begin at the list's own folder. Empty lines are skipped. */
    public static ImageFiles listed(Path list) throws DataException {
        LinesFile lines = LinesFile.read(list);
        List<String> names = new ArrayList<>();
        while (lines.hasNext()) {
            String name = String.join("\t", lines.next("a path"));
            if (!name.isEmpty()) {
                names.add(checked(lines, name));
            }
        }
        if (names.isEmpty()) {
            throw new DataException(list, "it names no picture", "write one path on each line");
        }
        Path folder = list.toAbsolutePath().getParent();
        return new ImageFiles(folder, names);
    }

    private static String checked(LinesFile lines, String name) throws DataException {
        try {
            Path.of(name);
            return name;
        } catch (InvalidPathException e) {
            throw lines.fault("'" + name + "' is no path (" + e.getReason() + ")");
        }
    }

    /** Number of pictures. */
    public int count() {
        return names.size();
    }

    /** Where a picture lies. */
    public Path path(int image) {
        return root.resolve(names.get(image));
    }
}
