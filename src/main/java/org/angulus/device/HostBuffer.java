package org.angulus.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Host memory that a device reads directly, so that an upload from it need not wait. Any thread may fill it. Ends with its device. */
public final class HostBuffer implements AutoCloseable {
    private final Device device;
    private final MemorySegment pointer;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;
    private boolean closed;

    HostBuffer(Device device, MemorySegment pointer, long bytes) {
        this.device = device;
        this.pointer = pointer;
        segment = pointer.reinterpret(bytes, arena, null);
    }

    /** The memory; using it after close is an IllegalStateException. */
    public MemorySegment segment() {
        return segment;
    }

    /** Bytes. */
    public long bytes() {
        return segment.byteSize();
    }

    /** Ends the access to the memory; true the first time. */
    synchronized boolean end() {
        if (closed) {
            return false;
        }
        closed = true;
        arena.close();
        return true;
    }

    /**
     * Frees the memory. Does nothing the second time. The caller has waited for the uploads from it.
     *
     * @throws IllegalStateException while recording: the buffer stays open
     */
    @Override
    public void close() {
        device.requireNotRecording("closing a host buffer");
        if (end() && device.isOpen()) {
            device.freeHost(this, pointer);
        }
    }
}
