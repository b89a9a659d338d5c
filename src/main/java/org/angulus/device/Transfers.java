package org.angulus.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.angulus.device.ffi.Angulus;

/** Copies between host and device. All but {@link #enqueue} wait. */
public final class Transfers {
    private final Device device;

    Transfers(Device device) {
        this.device = device;
    }

    /**
     * Enqueues an upload. The source stays unchanged until the stream has passed this point: wait for an event.
     *
     * @param destination device address
     * @param offset first byte of {@code source}
     */
    public void enqueue(Stream stream, long destination, HostBuffer source, long offset, long bytes) {
        MemorySegment from = source.segment().asSlice(offset, bytes);
        device.call(handle -> Angulus.ag_upload(handle, stream.code(), destination, from, bytes));
    }

    /** Uploads a native segment of any host memory. */
    public void upload(long destination, MemorySegment source) {
        device.call(handle -> Angulus.ag_upload_sync(handle, destination, source, source.byteSize()));
    }

    /** Downloads as many bytes as a native segment has. */
    public void download(MemorySegment destination, long source) {
        device.call(handle -> Angulus.ag_download(handle, destination, source, destination.byteSize()));
    }

    public void upload(long destination, float[] values) {
        try (Arena arena = Arena.ofConfined()) {
            upload(destination, arena.allocateFrom(ValueLayout.JAVA_FLOAT, values));
        }
    }

    public void upload(long destination, int[] values) {
        try (Arena arena = Arena.ofConfined()) {
            upload(destination, arena.allocateFrom(ValueLayout.JAVA_INT, values));
        }
    }

    public void upload(long destination, short[] values) {
        try (Arena arena = Arena.ofConfined()) {
            upload(destination, arena.allocateFrom(ValueLayout.JAVA_SHORT, values));
        }
    }

    public void upload(long destination, byte[] values) {
        try (Arena arena = Arena.ofConfined()) {
            upload(destination, arena.allocateFrom(ValueLayout.JAVA_BYTE, values));
        }
    }

    public void upload(long destination, StepScalars scalars) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment struct = arena.allocate(StepScalars.BYTES, 8);
            scalars.write(struct, 0);
            upload(destination, struct);
        }
    }

    public void upload(long destination, StepControl control) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment struct = arena.allocate(StepControl.BYTES, 8);
            control.write(struct, 0);
            upload(destination, struct);
        }
    }

    public float[] floats(long source, int count) {
        try (Arena arena = Arena.ofConfined()) {
            return down(arena, source, count * 4L).toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    public int[] ints(long source, int count) {
        try (Arena arena = Arena.ofConfined()) {
            return down(arena, source, count * 4L).toArray(ValueLayout.JAVA_INT);
        }
    }

    public short[] shorts(long source, int count) {
        try (Arena arena = Arena.ofConfined()) {
            return down(arena, source, count * 2L).toArray(ValueLayout.JAVA_SHORT);
        }
    }

    public byte[] bytes(long source, int count) {
        try (Arena arena = Arena.ofConfined()) {
            return down(arena, source, count).toArray(ValueLayout.JAVA_BYTE);
        }
    }

    public StepControl control(long source) {
        try (Arena arena = Arena.ofConfined()) {
            return StepControl.read(down(arena, source, StepControl.BYTES), 0);
        }
    }

    public HeadSummary summary(long source) {
        try (Arena arena = Arena.ofConfined()) {
            return HeadSummary.read(down(arena, source, HeadSummary.BYTES), 0);
        }
    }

    public MetricSummary metricSummary(long source) {
        try (Arena arena = Arena.ofConfined()) {
            return MetricSummary.read(down(arena, source, MetricSummary.BYTES), 0);
        }
    }

    private MemorySegment down(Arena arena, long source, long bytes) {
        MemorySegment segment = arena.allocate(bytes, 8);
        download(segment, source);
        return segment;
    }
}
