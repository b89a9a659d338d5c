package org.angulus.model;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.angulus.device.Device;

/**
 * A flat f32 buffer on a device: sets its tensors from what the host has, and reads them. Goes by some rows of a tensor at a time, so the host needs no
 * second copy of the buffer. Gaps become 0. Every call waits.
 *
 * @param address of its first element
 */
public record FlatBuffer(Device device, FlatLayout layout, long address) {
    /** Elements that go at a time where a row has no more. */
    private static final int ELEMENTS = 1 << 16;

    /** Puts {@code count} rows of a tensor, from row {@code first} on, into {@code memory} in memory order. */
    @FunctionalInterface
    private interface Rows {
        void put(int first, int count, float[] memory);
    }

    /** Moves such rows between {@code memory} and the device address {@code at}, by way of a native segment of their size. */
    @FunctionalInterface
    private interface Part {
        void move(long at, MemorySegment segment, int first, int count, float[] memory);
    }

    /** Every tensor to its start: the bits of {@link Weights#draw}. */
    public void start(long startValue) {
        clear();
        for (FlatLayout.Entry entry : layout.entries()) {
            TensorSpec spec = entry.spec();
            var file = new float[rowsAtATime(spec) * spec.rowElements()];
            write(entry, (first, count, memory) -> {
                spec.draw(startValue, first, count, file);
                spec.toMemory(file, 0, memory, 0, count);
            });
        }
    }

    /** Every tensor to that of its name. */
    public void write(Weights weights) {
        clear();
        for (FlatLayout.Entry entry : layout.entries()) {
            TensorSpec spec = entry.spec();
            float[] file = weights.get(spec);
            write(entry, (first, count, memory) -> spec.toMemory(file, first, memory, 0, count));
        }
    }

    /** The tensors. */
    public Weights read() {
        Weights weights = Weights.draw(List.of(), 0);
        readInto(weights);
        return weights;
    }

    /** Adds the tensors to others. */
    public void readInto(Weights weights) {
        for (FlatLayout.Entry entry : layout.entries()) {
            TensorSpec spec = entry.spec();
            var file = new float[Math.toIntExact(spec.count())];
            inParts(entry, (at, segment, first, count, memory) -> {
                device.transfers().download(segment, at);
                MemorySegment.copy(segment, JAVA_FLOAT, 0, memory, 0, count * spec.rowElements());
                spec.toFile(memory, 0, file, first, count);
            });
            weights.put(spec, file);
        }
    }

    private void clear() {
        device.ops().fill(address, Float.BYTES * layout.count(), 0);
    }

    private void write(FlatLayout.Entry entry, Rows rows) {
        inParts(entry, (at, segment, first, count, memory) -> {
            rows.put(first, count, memory);
            MemorySegment.copy(memory, 0, segment, JAVA_FLOAT, 0, count * entry.spec().rowElements());
            device.transfers().upload(at, segment);
        });
    }

    private void inParts(FlatLayout.Entry entry, Part part) {
        TensorSpec spec = entry.spec();
        int row = spec.rowElements();
        int step = rowsAtATime(spec);
        var memory = new float[Math.multiplyExact(step, row)];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(JAVA_FLOAT, memory.length);
            for (int first = 0; first < spec.rows(); first += step) {
                int count = Math.min(step, spec.rows() - first);
                long at = address + Float.BYTES * (entry.offset() + (long) first * row);
                part.move(at, segment.asSlice(0, (long) Float.BYTES * count * row), first, count, memory);
            }
        }
    }

    private static int rowsAtATime(TensorSpec spec) {
        return Math.clamp(ELEMENTS / spec.rowElements(), 1, spec.rows());
    }
}
