package org.angulus.model;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Replaces a file as a whole: readers see the old content or the new one, never a part, also after a power cut. The
 * content goes to a temporary file in the same folder, is synced, renamed over the target, and the folder is synced.
 */
public final class AtomicFile {
    /** Writes the content of a file. */
    @FunctionalInterface
    public interface Content {
        void writeTo(FileChannel channel) throws IOException;
    }

    private AtomicFile() {}

    /**
     * Writes {@code content} to {@code target}, replacing what is there.
     *
     * @throws IOException when the folder is missing or not writable, or the disk is full; the old file then stands
     */
    public static void write(Path target, Content content) throws IOException {
        Path absolute = target.toAbsolutePath();
        Path folder = absolute.getParent();
        if (!Files.isDirectory(folder) || Files.isDirectory(absolute)) {
            // Said of the target: the temporary file's name would tell nobody anything.
            throw new FileSystemException(target.toString(), null, Files.isDirectory(absolute) ? "it is a folder" : "there is no folder " + folder);
        }
        String unique = Long.toUnsignedString(ThreadLocalRandom.current().nextLong(), 36);
        Path temporary = folder.resolve("." + absolute.getFileName() + "." + unique + ".tmp");
        boolean renamed = false;
        try {
            try (FileChannel channel =
                    FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                content.writeTo(channel);
                channel.force(true);
            }
            Files.move(temporary, absolute, StandardCopyOption.ATOMIC_MOVE);
            renamed = true;
        } finally {
            if (!renamed) {
                Files.deleteIfExists(temporary);
            }
        }
        syncFolder(folder);
    }

    /** Makes the names in a folder durable: files created, renamed or deleted before the call. */
    public static void syncFolder(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
