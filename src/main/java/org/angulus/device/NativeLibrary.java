package org.angulus.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.angulus.device.ffi.Angulus;

/**
 * Finds and loads {@code libangulus.so}, once for each process. The system property {@value #PATH_PROPERTY} names a folder that holds it; without it the
 * libraries on the class path are extracted, as one set, to a cache folder ({@code ~/.cache/angulus}; the system property {@code angulus.cache} names
 * another), or to a temporary one where that cannot be written.
 */
public final class NativeLibrary {
    /** System property: a folder that holds libangulus.so and its plug-ins. */
    public static final String PATH_PROPERTY = "angulus.library.path";

    static final String NAME = "libangulus.so";

    private NativeLibrary() {
    }

    /** The outcome of the first attempt, kept. */
    private static final class Loaded {
        static final Path PATH;
        static final Throwable FAILURE;

        static {
            Path path = null;
            Throwable failure = null;
            try {
                path = load();
            } catch (IOException | RuntimeException | LinkageError e) {
                failure = e;
            }
            PATH = path;
            FAILURE = failure;
        }
    }

    /**
     * Loads the library if it is not loaded.
     *
     * @return the file it was loaded from
     * @throws NativeLibraryException when it cannot be used; the cause is that of the first attempt
     */
    public static Path require() {
        if (Loaded.FAILURE != null) {
            throw new NativeLibraryException("the native library cannot be used: " + Loaded.FAILURE.getMessage(), Loaded.FAILURE);
        }
        return Loaded.PATH;
    }

    private static Path load() throws IOException {
        Path library = find(System.getProperty(PATH_PROPERTY), System.getProperty("os.name"), System.getProperty("os.arch"));
        System.load(library.toString());
        requireVersion(Angulus.ag_abi_version(), library);
        return library;
    }

    static void requireVersion(int version, Path library) throws IOException {
        if (version != Angulus.AG_ABI_VERSION()) {
            throw new IOException(library + " has version " + version + " of the boundary, this jar needs " + Angulus.AG_ABI_VERSION()
                    + ": use the library that was built with it");
        }
    }

    /** The library's file: in {@code folder}, or without one in the cache. */
    static Path find(String folder, String system, String architecture) throws IOException {
        if (folder != null && !folder.isBlank()) {
            Path library = Path.of(folder).toAbsolutePath().resolve(NAME);
            if (!Files.isRegularFile(library)) {
                throw new IOException("system property " + PATH_PROPERTY + " is " + folder + ", where there is no " + NAME);
            }
            return library;
        }
        if (!"Linux".equals(system) || !"amd64".equals(architecture)) {
            throw new IOException("this jar holds libraries for Linux on amd64, this is " + system + " on " + architecture + ": build " + NAME
                    + " here and name its folder with -D" + PATH_PROPERTY + "=FOLDER");
        }
        return LibraryCache.find().resolve(NAME);
    }
}
