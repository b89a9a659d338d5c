package org.angulus.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.angulus.FileSizeLimit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files and folders that are written whole or not at all, on disks that are full after every number of bytes. */
class AtomicFileTest {
    @TempDir
    private Path folder;

    private List<String> names() throws IOException {
        try (Stream<Path> inside = Files.list(folder)) {
            return inside.map(entry -> entry.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void theOldFileStandsWhereverTheDiskIsFull() throws IOException {
        Path file = folder.resolve("model.safetensors");
        new SafeTensorsWriter().floats("w", new float[] {1, 2, 3}, 3).write(file);
        byte[] old = Files.readAllBytes(file);
        var writer = new SafeTensorsWriter().floats("w", new float[1000], 1000).longs("n", new long[] {1}, 1);
        writer.write(folder.resolve("whole"));
        byte[] whole = Files.readAllBytes(folder.resolve("whole"));
        Files.delete(folder.resolve("whole"));
        for (int bytes = 0; bytes < whole.length; bytes += bytes < 300 ? 1 : 37) {
            FileWriteException refused;
            try (FileSizeLimit _ = FileSizeLimit.of(bytes)) {
                refused = assertThrows(FileWriteException.class, () -> writer.write(file), "full after " + bytes);
            }
            assertEquals(file + ": it cannot be written (" + FileSizeLimit.REASON
                    + "); check that its folder exists and is writable and that the disk has room.", refused.getMessage());
            assertArrayEquals(old, Files.readAllBytes(file));
            assertEquals(List.of("model.safetensors"), names());
        }
        try (FileSizeLimit _ = FileSizeLimit.of(whole.length)) {
            writer.write(file);
        }
        assertArrayEquals(whole, Files.readAllBytes(file));
    }

    @Test
    void aFolderThatCannotBeWrittenIsNamed() {
        Path missing = folder.resolve("no/such/file");
        String message = assertThrows(FileWriteException.class, () -> AtomicFile.write(missing, "text")).getMessage();
        assertTrue(message.startsWith(missing + ": it cannot be written (there is no folder " + missing.getParent() + "); "), message);
    }

    @Test
    void leftoversAreRemovedAndNothingElse() throws IOException {
        String[] temporary = new String[1];
        AtomicFile.write(folder.resolve("kept"), _ -> temporary[0] = names().getFirst());
        for (String name : List.of(temporary[0], ".hidden", "kept.tmp", ".tmp")) {
            Files.writeString(folder.resolve(name), "left or mine");
        }
        assertEquals(5, names().size());
        AtomicFile.removeLeftovers(folder);
        assertEquals(List.of(".hidden", ".tmp", "kept", "kept.tmp"), names());
    }

    @Test
    void theOldFolderStandsWhereverTheDiskIsFull() throws IOException {
        Path target = folder.resolve("set");
        AtomicFolder.write(target, inside -> AtomicFile.write(inside.resolve("a"), "old"));
        for (int bytes = 0; bytes < 10; bytes++) {
            try (FileSizeLimit _ = FileSizeLimit.of(bytes)) {
                assertThrows(FileWriteException.class, () -> AtomicFolder.write(target, AtomicFileTest::twoFiles));
            }
            assertEquals("old", Files.readString(target.resolve("a")));
            assertEquals(List.of("set"), names());
        }
        AtomicFolder.write(target, AtomicFileTest::twoFiles);
        assertEquals("01234", Files.readString(target.resolve("a")));
        assertEquals("0123456789", Files.readString(target.resolve("b")));
        assertEquals(List.of("set"), names());
    }

    private static void twoFiles(Path inside) throws IOException {
        AtomicFile.write(inside.resolve("a"), "01234");
        AtomicFile.write(inside.resolve("b"), "0123456789");
    }

    /** Killed before the new folder is in its place, and after. */
    @Test
    void whatAKilledWriterHidIsBroughtBackOrRemoved() throws IOException {
        Files.writeString(Files.createDirectories(folder.resolve(".set.old")).resolve("a"), "old");
        Files.writeString(Files.createDirectories(folder.resolve(".set.partial")).resolve("a"), "half");
        AtomicFolder.recover(folder);
        assertEquals(List.of("set"), names());
        assertEquals("old", Files.readString(folder.resolve("set/a")));
        Files.writeString(Files.createDirectories(folder.resolve(".set.old")).resolve("a"), "older");
        AtomicFolder.recover(folder);
        assertEquals(List.of("set"), names());
        assertEquals("old", Files.readString(folder.resolve("set/a")));
        AtomicFolder.remove(folder.resolve("set"));
        assertFalse(Files.exists(folder.resolve("set")));
        assertEquals(List.of(), names());
    }
}
