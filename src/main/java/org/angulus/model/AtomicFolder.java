package org.angulus.model;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;

/**
 * Makes a folder as a whole, as {@link AtomicFile} does a file: its files are written into {@code .NAME.partial} beside it, which is synced and renamed. A
 * folder that it replaces waits as {@code .NAME.old} meanwhile. For one writer at a time; {@link #recover} clears up after one that was killed.
 */
public final class AtomicFolder {
    private static final String PARTIAL = ".partial";
    private static final String OLD = ".old";

    /** Writes the files of a folder and syncs each. */
    @FunctionalInterface
    public interface Content {
        void writeTo(Path folder) throws IOException;
    }

    private AtomicFolder() {}

    /**
     * Writes {@code content} to {@code target}, replacing what is there.
     *
     * @throws IOException that of {@code content}, or when the folder cannot be made; what was there then stands, and nothing beside it
     */
    public static void write(Path target, Content content) throws IOException {
        Path absolute = target.toAbsolutePath();
        Path partial = hidden(absolute, PARTIAL);
        Path old = hidden(absolute, OLD);
        try {
            removeTree(partial);
            create(partial, target);
            content.writeTo(partial);
            AtomicFile.syncFolder(partial);
            if (Files.exists(absolute)) {
                removeTree(old);
                Files.move(absolute, old, StandardCopyOption.ATOMIC_MOVE);
            }
            Files.move(partial, absolute, StandardCopyOption.ATOMIC_MOVE);
            AtomicFile.syncFolder(absolute.getParent());
            removeTree(old);
        } finally {
            if (Files.exists(partial)) {
                removeTree(partial);
            }
            if (Files.exists(old) && !Files.exists(absolute)) {
                Files.move(old, absolute, StandardCopyOption.ATOMIC_MOVE);
            }
        }
    }

    private static void create(Path partial, Path target) throws FileWriteException {
        try {
            Files.createDirectory(partial);
        } catch (IOException e) {
            throw new FileWriteException(target, e);
        }
    }

    /** Removes a folder. It is renamed first, so that one which is removed by half is never taken for a whole one. */
    public static void remove(Path folder) throws IOException {
        Path partial = hidden(folder.toAbsolutePath(), PARTIAL);
        removeTree(partial);
        Files.move(folder, partial, StandardCopyOption.ATOMIC_MOVE);
        removeTree(partial);
    }

    /** Brings back or removes what a writer that was killed left hidden in {@code parent}, temporary files included. */
    public static void recover(Path parent) throws IOException {
        List<Path> hidden;
        try (Stream<Path> entries = Files.list(parent)) {
            hidden = entries.filter(entry -> name(entry).startsWith(".")).toList();
        }
        for (Path entry : hidden) {
            if (name(entry).endsWith(OLD)) {
                Path target = parent.resolve(name(entry).substring(1, name(entry).length() - OLD.length()));
                if (Files.exists(target)) {
                    removeTree(entry);
                } else {
                    Files.move(entry, target, StandardCopyOption.ATOMIC_MOVE);
                }
            } else if (name(entry).endsWith(PARTIAL)) {
                removeTree(entry);
            }
        }
        AtomicFile.removeLeftovers(parent);
    }

    private static Path hidden(Path folder, String ending) {
        return folder.resolveSibling("." + name(folder) + ending);
    }

    private static String name(Path entry) {
        return entry.getFileName().toString();
    }

    private static void removeTree(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, IOException problem) throws IOException {
                if (problem != null) {
                    throw problem;
                }
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
