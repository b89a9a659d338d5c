package org.angulus.device;

/** What an op does with what stood in its output. */
public enum Write {
    /** {@code y = v}. */
    OVERWRITE,
    /** {@code y = y + v}. */
    ACCUMULATE;

    int code() {
        return ordinal();
    }
}
