package org.angulus.device;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.angulus.device.ffi.Angulus;

/** A point in a stream's order. */
public final class Event implements AutoCloseable {
    private final Device device;
    private final long event;
    private boolean closed;

    Event(Device device, long event) {
        this.device = device;
        this.event = event;
    }

    private long open() {
        if (closed) {
            throw new IllegalStateException("the event on " + device.name() + " is closed");
        }
        return event;
    }

    /** This event is the present end of {@code stream}. */
    public void record(Stream stream) {
        long id = open();
        device.call(handle -> Angulus.ag_event_record(handle, id, stream.code()));
    }

    /** What is enqueued on {@code stream} from now on waits for this event; the caller does not. */
    public void await(Stream stream) {
        long id = open();
        device.call(handle -> Angulus.ag_event_wait(handle, id, stream.code()));
    }

    /** Waits until the stream has passed this event. */
    public void sync() {
        long id = open();
        device.call(handle -> Angulus.ag_event_sync(handle, id));
    }

    /** Seconds from {@code start} to this event; waits for both. */
    public double secondsSince(Event start) {
        long id = open();
        long from = start.open();
        MemorySegment out = device.structs().result();
        device.call(handle -> Angulus.ag_event_elapsed(handle, from, id, out));
        return out.get(ValueLayout.JAVA_DOUBLE, 0);
    }

    /** Does nothing the second time, or when the device is closed. */
    @Override
    public void close() {
        if (!closed && device.isOpen()) {
            device.call(handle -> Angulus.ag_event_destroy(handle, event));
        }
        closed = true;
    }
}
