package org.angulus.data;

import java.io.IOException;
import java.nio.file.Path;
import org.angulus.model.Printable;

/**
 * A data set or one of its files that cannot be used. The message is one sentence: which file, what is wrong with it,
 * what to do.
 */
public final class DataException extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * @param file the file or folder
     * @param what what is wrong with it
     * @param cure what to do about it
     */
    public DataException(Path file, String what, String cure) {
        this(file, what, cure, null);
    }

    /** As above, for a fault that another exception reported; {@code cause} may be null. */
    public DataException(Path file, String what, String cure, Throwable cause) {
        super(file + ": " + Printable.of(what) + "; " + cure + ".", cause);
    }

    /** A line of a text file, counted from 1. */
    public static DataException atLine(Path file, int line, String what, String cure) {
        return new DataException(file, "line " + line + ": " + what, cure);
    }
}
