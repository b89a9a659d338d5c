package org.angulus.device;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import java.util.zip.Checksum;

/**
 * Extracts the libraries of the jar as one set to a folder named by the set's checksum: {@code FOLDER/CHECKSUM/libangulus.so} and its plug-ins. Processes that
 * extract at once end with one good folder: each writes its own and moves it into place in one step. What is found there is compared byte by byte with
 * the jar and replaced when it differs.
 *
 * @param folder that holds the sets
 */
record LibraryCache(Path folder) {
    /** System property: the folder of the sets. */
    static final String PROPERTY = "angulus.cache";

    private static final String RESOURCES = "/org/angulus/native/linux-x86_64/";
    private static final String[] PLUGINS = {"libangulus_cuda.so"};

    /**
     * The folder with the jar's libraries: in the standard cache, or, where that cannot be written and nobody named it, in a temporary folder of this
     * process, with one warning.
     */
    static Path find() throws IOException {
        SortedMap<String, byte[]> set = resources();
        try {
            return standard().extract(set);
        } catch (IOException unwritable) {
            if (named() != null) {
                throw unwritable;
            }
            Path folder = Files.createTempDirectory("angulus-");
            folder.toFile().deleteOnExit();
            Path extracted = new LibraryCache(folder).extract(set);
            extracted.toFile().deleteOnExit(); // what is registered last goes first
            set.keySet().forEach(name -> extracted.resolve(name).toFile().deleteOnExit());
            System.getLogger(LibraryCache.class.getName()).log(System.Logger.Level.WARNING,
                    unwritable.getMessage() + "; until then every process extracts them anew, this one to " + extracted);
            return extracted;
        }
    }

    private static String named() {
        String named = System.getProperty(PROPERTY);
        return named == null || named.isBlank() ? null : named;
    }

    /** The folder named by {@value #PROPERTY}, else {@code $XDG_CACHE_HOME/angulus}, else {@code ~/.cache/angulus}. */
    static LibraryCache standard() {
        if (named() != null) {
            return new LibraryCache(Path.of(named()).toAbsolutePath());
        }
        String xdg = System.getenv("XDG_CACHE_HOME");
        Path caches = xdg != null && Path.of(xdg).isAbsolute() ? Path.of(xdg) : Path.of(System.getProperty("user.home"), ".cache");
        return new LibraryCache(caches.resolve("angulus"));
    }

    /** The libraries on the class path: name to contents. Plug-ins are optional. */
    static SortedMap<String, byte[]> resources() throws IOException {
        SortedMap<String, byte[]> set = new TreeMap<>();
        byte[] library = read(NativeLibrary.NAME);
        if (library == null) {
            throw new FileNotFoundException("there is no " + RESOURCES + NativeLibrary.NAME + " on the class path: build the native library (mvn package), or "
                    + "name its folder with -D" + NativeLibrary.PATH_PROPERTY + "=FOLDER");
        }
        set.put(NativeLibrary.NAME, library);
        for (String plugin : PLUGINS) {
            byte[] contents = read(plugin);
            if (contents != null) {
                set.put(plugin, contents);
            }
        }
        return set;
    }

    private static byte[] read(String name) throws IOException {
        try (InputStream in = LibraryCache.class.getResourceAsStream(RESOURCES + name)) {
            return in == null ? null : in.readAllBytes();
        }
    }

    /** The folder that holds exactly these files' contents. */
    Path extract(SortedMap<String, byte[]> set) throws IOException {
        Path target = folder.resolve(checksum(set));
        if (holds(target, set)) {
            return target;
        }
        try {
            Files.createDirectories(folder);
            Path fresh = Files.createTempDirectory(folder, "extracting-");
            try {
                for (Map.Entry<String, byte[]> file : set.entrySet()) {
                    Files.write(fresh.resolve(file.getKey()), file.getValue());
                }
                moveInPlace(fresh, target, set);
            } finally {
                delete(fresh);
            }
        } catch (IOException e) {
            throw new IOException("the native libraries could not be extracted to " + target + " (" + e + "): make the folder writable, free space on its disk, or name another with -D"
                    + PROPERTY + "=FOLDER", e);
        }
        if (!holds(target, set)) {
            throw new IOException("the native libraries in " + target + " are not those of the jar, although they were just extracted: "
                    + "another program changes that folder");
        }
        return target;
    }

    private void moveInPlace(Path fresh, Path target, SortedMap<String, byte[]> set) throws IOException {
        try {
            Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException occupied) {
            if (holds(target, set)) {
                return; // another process was faster
            }
            if (!Files.exists(target)) {
                throw occupied;
            }
            Path damaged = Files.createTempDirectory(folder, "damaged-");
            Files.move(target, damaged, StandardCopyOption.ATOMIC_MOVE);
            delete(damaged);
            Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    private static boolean holds(Path target, SortedMap<String, byte[]> set) {
        for (Map.Entry<String, byte[]> file : set.entrySet()) {
            Path path = target.resolve(file.getKey());
            try {
                if (!Files.isRegularFile(path) || !Arrays.equals(Files.readAllBytes(path), file.getValue())) {
                    return false;
                }
            } catch (IOException unreadable) {
                return false;
            }
        }
        return true;
    }

    private static void delete(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    /** Tells builds apart and no more, since the contents are compared as well: two checksums, which need no warm code and no security provider. */
    private static String checksum(SortedMap<String, byte[]> set) {
        var crc = new CRC32();
        var other = new CRC32C();
        set.forEach((name, contents) -> {
            byte[] head = (name + ' ' + contents.length + '\n').getBytes(StandardCharsets.UTF_8);
            for (Checksum sum : List.of(crc, other)) {
                sum.update(head);
                sum.update(contents);
            }
        });
        return HexFormat.of().toHexDigits(crc.getValue() << 32 | other.getValue());
    }
}
