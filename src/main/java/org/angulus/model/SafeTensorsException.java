package org.angulus.model;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A safetensors file that cannot be used. The message is one sentence: which file, what is wrong with it, what to do.
 */
public final class SafeTensorsException extends IOException {
    private static final long serialVersionUID = 1L;

    SafeTensorsException(Path file, String what, String cure) {
        this(file, what, cure, null);
    }

    SafeTensorsException(Path file, String what, String cure, Throwable cause) {
        super(file + ": " + Printable.of(what) + "; " + cure + ".", cause);
    }
}
