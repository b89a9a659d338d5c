package org.angulus.model;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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

    /** Some rows of a tensor. */
    private record Part(FlatLayout.Entry entry, int first, int count) {
        static Stream<Part> of(FlatLayout.Entry entry) {
            TensorSpec spec = entry.spec();
            int step = Math.clamp(ELEMENTS / spec.rowElements(), 1, spec.rows());
            return IntStream.iterate(0, first -> first < spec.rows(), first -> first + step)
                    .mapToObj(first -> new Part(entry, first, Math.min(step, spec.rows() - first)));
        }

        int elements() {
            return Math.multiplyExact(count, entry.spec().rowElements());
        }

        /** Its first element in the buffer. */
        long offset() {
            return entry.offset() + (long) first * entry.spec().rowElements();
        }
    }

    /** Every tensor to its start: the bits of {@link Weights#draw}. */
    public void start(long startValue) {
        write((spec, first, count, elements) -> spec.draw(startValue, first, count, elements));
    }

    /** Every tensor to that of its name. */
    public void write(Weights weights) {
        write((TensorRows) weights);
    }

    /** As the other. Several threads read, and take turns with the device; of several failures the first one in the layout's order is thrown. */
    void write(TensorRows tensors) {
        device.ops().fill(address, Float.BYTES * layout.count(), 0);
        List<Part> parts = layout.entries().stream().flatMap(Part::of).toList();
        int workers = Math.min(Runtime.getRuntime().availableProcessors(), parts.size());
        var failed = new ConcurrentSkipListMap<Integer, RuntimeException>();
        IntStream.range(0, workers).parallel().forEach(worker -> {
            int most = parts.stream().mapToInt(Part::elements).max().orElse(0);
            var file = new float[most];
            var memory = new float[most];
            int at = worker;
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment segment = arena.allocate(JAVA_FLOAT, most);
                for (; at < parts.size(); at += workers) {
                    write(parts.get(at), tensors, file, memory, segment);
                }
            } catch (RuntimeException e) {
                failed.put(at, e);
            }
        });
        if (!failed.isEmpty()) {
            throw failed.firstEntry().getValue();
        }
    }

    private void write(Part part, TensorRows tensors, float[] file, float[] memory, MemorySegment segment) {
        tensors.read(part.entry.spec(), part.first, part.count, file);
        part.entry.spec().toMemory(file, 0, memory, 0, part.count);
        MemorySegment.copy(memory, 0, segment, JAVA_FLOAT, 0, part.elements());
        synchronized (device) {
            device.transfers().upload(address(part), segment.asSlice(0, bytes(part)));
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
            Part.of(entry).forEach(part -> {
                float[] memory = device.transfers().floats(address(part), part.elements());
                spec.toFile(memory, 0, file, part.first, part.count);
            });
            weights.put(spec, file);
        }
    }

    private long address(Part part) {
        return address + Float.BYTES * part.offset();
    }

    private static long bytes(Part part) {
        return (long) Float.BYTES * part.elements();
    }
}
