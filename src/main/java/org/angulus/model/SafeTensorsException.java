package org.angulus.model;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A safetensors file that cannot be used. The message is one sentence: which file, what is wrong with it, what to do.
 */
public final class SafeTensorsException extends IOException {
    private static final long serialVersionUID = 1L;

    private static final int LONGEST = 400;

    SafeTensorsException(Path file, String what, String cure) {
        this(file, what, cure, null);
    }

    SafeTensorsException(Path file, String what, String cure, Throwable cause) {
        super(file + ": " + printable(what) + "; " + cure + ".", cause);
    }

    /** Names from a hostile header may be long or hold control characters: neither reaches a terminal or a log. */
    private static String printable(String text) {
        String clean = text.replaceAll("\\p{Cntrl}", "?");
        return clean.length() <= LONGEST ? clean : clean.substring(0, LONGEST) + "...";
    }
}
