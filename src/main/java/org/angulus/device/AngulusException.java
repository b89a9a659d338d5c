package org.angulus.device;

/** The root of all that this package throws of its own. */
public class AngulusException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public AngulusException(String message) {
        super(message);
    }

    public AngulusException(String message, Throwable cause) {
        super(message, cause);
    }
}
