package org.angulus.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.angulus.device.ffi.ag_segment;

/** Segments in native form, laid out once and given to {@link Ops#sgdUpdate} and its like each step. Freed by the garbage collector. */
public final class SegmentTable {
    private final List<Segment> segments;
    private final MemorySegment memory;

    public SegmentTable(List<Segment> segments) {
        this.segments = List.copyOf(segments);
        memory = Arena.ofAuto().allocate(Math.max(1, segments.size()) * ag_segment.sizeof(), 8);
        for (int i = 0; i < segments.size(); i++) {
            Segment segment = segments.get(i);
            MemorySegment s = ag_segment.asSlice(memory, i);
            ag_segment.offset(s, segment.offset());
            ag_segment.count(s, segment.count());
            ag_segment.weight_decay(s, segment.weightDecay());
            ag_segment.rate_factor(s, segment.rateFactor());
            ag_segment.lower_bound(s, segment.lowerBound());
        }
    }

    /** The segments, in order. */
    public List<Segment> segments() {
        return segments;
    }

    MemorySegment memory() {
        return memory;
    }
}
