package org.angulus.data;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import org.angulus.image.ImageDecoder;
import org.angulus.model.Printable;

/** Lists a tree of images in the order of code points and keeps account of what is no image. */
final class FolderScan {
    private final Path root;
    private final Omissions ignored = new Omissions();
    private final Omissions unreadable = new Omissions();

    FolderScan(Path root) {
        this.root = root;
    }

    /** Files that are no image by their name, and folders that hold none. */
    Omissions ignored() {
        return ignored;
    }

    /** Files that are images by their name, but are missing behind a link or may not be read. */
    Omissions unreadable() {
        return unreadable;
    }

    void ignore(Path entry) {
        ignored.add(root.relativize(entry));
    }

    /** The images below a folder as UTF-8 paths relative to it, sorted; links are followed. */
    List<byte[]> images(Path folder) throws DataException {
        List<byte[]> found = new ArrayList<>();
        Deque<Path> chain = new ArrayDeque<>();
        collect(folder, folder, chain, found);
        // Unsigned bytes of UTF-8 sort as code points do.
        found.sort(Arrays::compareUnsigned);
        return found;
    }

    private void collect(Path base, Path folder, Deque<Path> chain, List<byte[]> found) throws DataException {
        Path real = real(folder);
        if (chain.contains(real)) {
            throw new DataException(folder, "it is a link to a folder that it lies in", "remove the link");
        }
        chain.push(real);
        for (Path entry : sorted(folder)) {
            if (Files.isDirectory(entry)) {
                collect(base, entry, chain, found);
            } else if (!ImageDecoder.readable(name(entry))) {
                ignore(entry);
            } else if (Files.exists(entry) && !Files.isRegularFile(entry)) {
                throw new DataException(entry, "it is a pipe, socket or device and no file", "remove it");
            } else if (Files.isReadable(entry)) {
                found.add(base.relativize(entry).toString().getBytes(StandardCharsets.UTF_8));
            } else {
                unreadable.add(root.relativize(entry));
            }
        }
        chain.pop();
    }

    /** The entries of a folder that are not hidden, sorted by code point. */
    List<Path> sorted(Path folder) throws DataException {
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder, entry -> !name(entry).startsWith("."))) {
            for (Path entry : stream) {
                checkName(entry);
                entries.add(entry);
            }
        } catch (AccessDeniedException e) {
            throw new DataException(folder, "it cannot be read", "check its permissions", e);
        } catch (DataException e) {
            throw e;
        } catch (IOException | DirectoryIteratorException e) {
            throw new DataException(folder, "it cannot be listed (" + Printable.reason(e) + ")", "check the disk", e);
        }
        entries.sort(Comparator.comparing(
                entry -> name(entry).getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned));
        return entries;
    }

    static String name(Path entry) {
        return entry.getFileName().toString();
    }

    /** Refuses a name that a text cannot carry, which the file would not be found under again. */
    private static void checkName(Path entry) throws DataException {
        String name = name(entry);
        boolean kept;
        try {
            kept = entry.resolveSibling(name).equals(entry);
        } catch (InvalidPathException e) {
            kept = false;
        }
        if (!kept) {
            throw new DataException(
                    entry,
                    "its name is not text in the encoding of this run (" + System.getProperty("sun.jnu.encoding") + ")",
                    "start Java under a UTF-8 locale such as LC_ALL=C.UTF-8, or rename it");
        }
    }

    private static Path real(Path folder) throws DataException {
        try {
            return folder.toRealPath();
        } catch (IOException e) {
            throw new DataException(folder, "it cannot be found again (" + Printable.reason(e) + ")", "leave the folder unchanged", e);
        }
    }
}
