package org.angulus.device;

/** The two streams of a device: what is enqueued on one runs in order; events order one after the other. */
public enum Stream {
    /** All ops, graphs and uploads that ops wait for. */
    COMPUTE,
    /** Uploads of the batches to come. */
    COPY;

    int code() {
        return ordinal();
    }
}
