package org.angulus.device;

/** The native library cannot be used in this process. The cause is that of the first attempt, however often it is asked for. */
public final class NativeLibraryException extends AngulusException {
    private static final long serialVersionUID = 1;

    NativeLibraryException(String message, Throwable cause) {
        super(message, cause);
    }
}
