package org.angulus.image;

import java.io.IOException;

/** An image that cannot be used. The message is one sentence: which image, what is wrong with it, what to do. */
public final class ImageException extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * @param name the image's file or another name for it
     * @param what what is wrong with it
     * @param cure what to do about it
     */
    public ImageException(String name, String what, String cure) {
        this(name, what, cure, null);
    }

    /** As above, for a fault that another exception reported; {@code cause} may be null. */
    public ImageException(String name, String what, String cure, Throwable cause) {
        super(name + ": " + what + "; " + cure + ".", cause);
    }

    /** The same fault, found once and met again. */
    ImageException(ImageException first) {
        super(first.getMessage(), first);
    }
}
