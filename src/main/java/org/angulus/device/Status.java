package org.angulus.device;

/** What a native call answered. */
public enum Status {
    OK,
    /** An argument is wrong: the words name it, what came and what was expected. */
    INVALID_ARGUMENT,
    /** The call is not allowed now: recording, or pinned memory. */
    INVALID_STATE,
    /** The words say what was asked and what was free. */
    OUT_OF_MEMORY,
    /** No such device, kernel or type here. */
    UNAVAILABLE,
    /** A kernel met bad data. */
    DEVICE_FAULT,
    /** A defect of the native library. */
    INTERNAL;

    private static final Status[] VALUES = values();

    /** The status with this code; a code of no status is a defect. */
    static Status of(int code) {
        return code >= 0 && code < VALUES.length ? VALUES[code] : INTERNAL;
    }
}
