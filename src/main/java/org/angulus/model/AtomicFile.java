package org.angulus.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
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
    private static final String TEMPORARY = "\\..+\\.[0-9a-z]{1,13}\\.tmp";

    /** Writes the content of a file. */
    @FunctionalInterface
    public interface Content {
        void writeTo(FileChannel channel) throws IOException;
    }

    private AtomicFile() {}

    /**
     * Writes {@code content} to {@code target}, replacing what is there.
     *
     * @throws FileWriteException when the folder is missing or not writable, or the disk is full; the old file then stands
     */
    public static void write(Path target, Content content) throws FileWriteException {
        Path absolute = target.toAbsolutePath();
        Path folder = absolute.getParent();
        String unique = Long.toUnsignedString(ThreadLocalRandom.current().nextLong(), 36);
        Path temporary = folder.resolve("." + absolute.getFileName() + "." + unique + ".tmp");
        try {
            if (!Files.isDirectory(folder) || Files.isDirectory(absolute)) {
                throw new FileSystemException(target.toString(), null, Files.isDirectory(absolute) ? "it is a folder" : "there is no folder " + folder);
            }
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
        } catch (IOException e) {
            throw new FileWriteException(target, e);
        }
    }

    /** Writes these bytes, as {@link #write(Path, Content)} does. */
    public static void write(Path target, byte[] bytes) throws FileWriteException {
        write(target, channel -> writeFully(channel, ByteBuffer.wrap(bytes)));
    }

    /** Writes a UTF-8 text, as {@link #write(Path, Content)} does. */
    public static void write(Path target, String text) throws FileWriteException {
        write(target, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes all that remains, at the channel's position: a disk that is nearly full takes less at a time. */
    public static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Removes the temporary files that killed processes left in a folder, which nobody else may be writing to. */
    public static void removeLeftovers(Path folder) throws IOException {
        try (DirectoryStream<Path> left = Files.newDirectoryStream(folder, entry -> entry.getFileName().toString().matches(TEMPORARY))) {
            for (Path entry : left) {
                Files.delete(entry);
            }
        }
    }

    /** Makes the names in a folder durable: files created, renamed or deleted before the call. */
    public static void syncFolder(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
