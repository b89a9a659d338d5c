package org.angulus.device;

import java.lang.foreign.MemorySegment;
import org.angulus.device.ffi.Angulus;

/** A recorded sequence of ops, run with one call. It pins the allocations it names until it is closed. */
public final class Graph implements AutoCloseable {
    private final Device device;
    private final MemorySegment graph;
    private boolean closed;

    Graph(Device device, MemorySegment graph) {
        this.device = device;
        this.graph = graph;
    }

    /** Enqueues the recorded ops on the compute stream. */
    public void launch() {
        if (closed) {
            throw new IllegalStateException("the graph on " + device.name() + " is closed");
        }
        device.call(handle -> Angulus.ag_graph_launch(handle, graph));
    }

    /** Waits for the device and forgets the recording. Does nothing the second time, or when the device is closed. */
    @Override
    public void close() {
        if (!closed && device.isOpen()) {
            device.call(handle -> Angulus.ag_graph_destroy(handle, graph));
        }
        closed = true;
    }
}
