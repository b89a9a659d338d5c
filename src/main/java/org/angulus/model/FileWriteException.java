package org.angulus.model;

import java.io.IOException;
import java.nio.file.Path;

/** A file that cannot be written, on a full disk above all. The message is one sentence: which file, why, what to do. */
public final class FileWriteException extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * @param file the file that was meant, not a temporary one
     * @param cause what the system said
     */
    public FileWriteException(Path file, IOException cause) {
        super(file + ": it cannot be written (" + Printable.reason(cause) + "); check that its folder exists and is writable and that the disk has room.", cause);
    }
}
