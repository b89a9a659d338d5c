package org.angulus.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Many f32 tensors in one flat buffer. Every tensor starts at a multiple of 64 elements (256 bytes), except those that are placed right behind
 * their predecessor. The gaps are elements of the buffer like any other and stay 0.
 */
public final class FlatLayout {
    private static final int ALIGNMENT = 64;

    /**
     * A tensor and where it lies.
     *
     * @param spec the tensor
     * @param offset of its first element
     */
    public record Entry(TensorSpec spec, long offset) {}

    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private long end;

    /** Adds a tensor at the next aligned place. */
    public void add(TensorSpec spec) {
        end = align(end);
        addDense(spec);
    }

    /** Adds a tensor right behind the last one, for kernels that read both as one. */
    public void addDense(TensorSpec spec) {
        if (entries.putIfAbsent(spec.name(), new Entry(spec, end)) != null) {
            throw new IllegalArgumentException("The tensor '" + spec.name() + "' is there twice.");
        }
        end += spec.count();
    }

    /** Adds a tensor of another layout at the place it has there, behind all that is here. */
    public void addAt(Entry entry) {
        if (entry.offset() < end) {
            throw new IllegalArgumentException("The tensor '" + entry.spec().name() + "' would lie over another one.");
        }
        end = entry.offset();
        addDense(entry.spec());
    }

    /** Elements of the whole buffer, gaps included; at least one alignment unit. */
    public long count() {
        return Math.max(ALIGNMENT, align(end));
    }

    /** Elements of the tensors alone: the number of parameters. */
    public long tensorCount() {
        return entries.values().stream().mapToLong(entry -> entry.spec().count()).sum();
    }

    public List<Entry> entries() {
        return new ArrayList<>(entries.values());
    }

    /** Offset of the first element of a tensor that is there. */
    public long offset(TensorSpec spec) {
        Entry entry = entries.get(spec.name());
        if (entry == null) {
            throw new IllegalArgumentException("There is no tensor '" + spec.name() + "' here.");
        }
        return entry.offset();
    }

    private static long align(long element) {
        return (element + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
