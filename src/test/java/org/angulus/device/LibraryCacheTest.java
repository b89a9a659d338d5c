package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The cache of extracted libraries, and how a library is found. */
class LibraryCacheTest {
    @TempDir
    Path folder;

    private static SortedMap<String, byte[]> set(String library, String plugin) {
        SortedMap<String, byte[]> set = new TreeMap<>();
        set.put("libangulus.so", library.getBytes());
        set.put("libangulus_cuda.so", plugin.getBytes());
        return set;
    }

    @Test
    void extractsOneSetOnce() throws IOException {
        LibraryCache cache = new LibraryCache(folder.resolve("deep/angulus"));
        Path first = cache.extract(set("one", "two"));
        assertArrayEquals("one".getBytes(), Files.readAllBytes(first.resolve("libangulus.so")));
        assertArrayEquals("two".getBytes(), Files.readAllBytes(first.resolve("libangulus_cuda.so")));
        var written = Files.getLastModifiedTime(first.resolve("libangulus.so"));
        assertEquals(first, cache.extract(set("one", "two")));
        assertEquals(written, Files.getLastModifiedTime(first.resolve("libangulus.so")));
        assertNotEquals(first, cache.extract(set("one", "three")), "another set has a folder of its own");
        try (var entries = Files.list(cache.folder())) {
            assertEquals(2, entries.count(), "nothing else is left behind");
        }
    }

    @Test
    void replacesWhatIsDamaged() throws IOException {
        LibraryCache cache = new LibraryCache(folder);
        Path place = cache.extract(set("one", "two"));
        Files.writeString(place.resolve("libangulus.so"), "onX");
        assertEquals(place, cache.extract(set("one", "two")));
        assertEquals("one", Files.readString(place.resolve("libangulus.so")));
        Files.delete(place.resolve("libangulus_cuda.so"));
        cache.extract(set("one", "two"));
        assertEquals("two", Files.readString(place.resolve("libangulus_cuda.so")));
        try (var entries = Files.list(folder)) {
            assertEquals(1, entries.count());
        }
    }

    @Test
    void manyAtOnceEndWithOneGoodFolder() throws Exception {
        SortedMap<String, byte[]> set = set("x".repeat(100_000), "y".repeat(50_000));
        Callable<Path> extraction = () -> new LibraryCache(folder).extract(set);
        try (ExecutorService pool = Executors.newFixedThreadPool(8)) {
            List<Future<Path>> all = pool.invokeAll(java.util.Collections.nCopies(24, extraction));
            for (Future<Path> one : all) {
                assertEquals(all.getFirst().get(), one.get());
            }
        }
        try (var entries = Files.list(folder)) {
            assertEquals(1, entries.count());
        }
    }

    @Test
    void saysWhereItCouldNotWrite() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        IOException failure = assertThrows(IOException.class, () -> new LibraryCache(file).extract(set("one", "two")));
        assertTrue(failure.getMessage().startsWith("the native libraries could not be extracted to " + file), failure::getMessage);
        assertTrue(failure.getMessage().endsWith("make the folder writable, free space on its disk, or name another with -Dangulus.cache=FOLDER"), failure::getMessage);
    }

    @Test
    void resourcesAreTheBuiltLibraries() throws IOException {
        byte[] library = LibraryCache.resources().get("libangulus.so");
        assertArrayEquals(new byte[] {0x7f, 'E', 'L', 'F'}, java.util.Arrays.copyOf(library, 4));
    }

    @Test
    void folderWithoutTheLibraryIsRefused() {
        IOException failure = assertThrows(IOException.class, () -> NativeLibrary.find(folder.toString(), "Linux", "amd64"));
        assertEquals("system property angulus.library.path is " + folder + ", where there is no libangulus.so", failure.getMessage());
    }

    @Test
    void otherSystemsAreToldWhatToDo() {
        IOException failure = assertThrows(IOException.class, () -> NativeLibrary.find(null, "Mac OS X", "aarch64"));
        assertEquals("this jar holds libraries for Linux on amd64, this is Mac OS X on aarch64: build libangulus.so here and name its folder with "
                + "-Dangulus.library.path=FOLDER", failure.getMessage());
    }

    @Test
    void otherVersionIsRefused() {
        IOException failure = assertThrows(IOException.class, () -> NativeLibrary.requireVersion(-7, Path.of("libangulus.so")));
        assertTrue(failure.getMessage().startsWith("libangulus.so has version -7 of the boundary, this jar needs "), failure::getMessage);
    }

    /** In a JVM of its own: the property names a folder without the library; every use says so and keeps the cause of the first attempt. */
    @Test
    void failureKeepsItsCause() throws Exception {
        Process java = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", System.getProperty("java.class.path"),
                "--enable-native-access=ALL-UNNAMED", "-Dangulus.library.path=" + folder, LibraryProbe.class.getName()).redirectErrorStream(true).start();
        String said = new String(java.getInputStream().readAllBytes());
        assertEquals(0, java.waitFor(), said);
        String cause = "system property angulus.library.path is " + folder + ", where there is no libangulus.so";
        assertEquals(("the native library cannot be used: " + cause + "\njava.io.IOException: " + cause + "\n").repeat(2), said);
    }

    /** In a JVM of its own: without the property the library comes out of the class path, through the cache. */
    @Test
    void loadsFromTheClassPath() throws Exception {
        Process java = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", System.getProperty("java.class.path"),
                "--enable-native-access=ALL-UNNAMED", "-Dangulus.cache=" + folder, LibraryProbe.class.getName()).redirectErrorStream(true).start();
        String said = new String(java.getInputStream().readAllBytes());
        assertEquals(0, java.waitFor(), said);
        assertEquals("opened cpu\nopened cpu\n", said);
        try (var entries = Files.list(folder)) {
            assertEquals(1, entries.count());
        }
    }
}
