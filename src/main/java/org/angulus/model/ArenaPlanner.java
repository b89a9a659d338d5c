package org.angulus.model;

import java.util.TreeMap;

/**
 * Gives places in one allocation to tensors that live one after the other: what is released is given out again. Used while planning, in the order
 * in which the ops will run, so two tensors share bytes only when no op needs both.
 */
public final class ArenaPlanner {
    private static final long ALIGNMENT = 256;

    private final TreeMap<Long, Long> free = new TreeMap<>();
    private long end;

    /** A place: {@code bytes} from {@code offset} on. */
    public record Place(long offset, long bytes) {}

    /** The first gap that is large enough, else the end. Offsets are multiples of 256. */
    public Place take(long bytes) {
        long size = Math.max(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        for (var gap : free.entrySet()) {
            if (gap.getValue() >= size) {
                long offset = gap.getKey();
                long rest = gap.getValue() - size;
                free.remove(offset);
                if (rest > 0) {
                    free.put(offset + size, rest);
                }
                return new Place(offset, size);
            }
        }
        var last = free.lastEntry();
        boolean grows = last != null && last.getKey() + last.getValue() == end;
        long offset = grows ? last.getKey() : end;
        if (grows) {
            free.remove(offset);
        }
        end = offset + size;
        return new Place(offset, size);
    }

    /** Gives a place back. */
    public void release(Place place) {
        long offset = place.offset();
        long bytes = place.bytes();
        var before = free.floorEntry(offset);
        var after = free.ceilingEntry(offset);
        boolean overlaps = before != null && before.getKey() + before.getValue() > offset || after != null && offset + bytes > after.getKey();
        if (overlaps || offset + bytes > end) {
            throw new IllegalStateException("The place " + place + " is not taken.");
        }
        if (before != null && before.getKey() + before.getValue() == offset) {
            free.remove(before.getKey());
            offset = before.getKey();
            bytes += before.getValue();
        }
        if (after != null && after.getKey() == offset + bytes) {
            free.remove(after.getKey());
            bytes += after.getValue();
        }
        free.put(offset, bytes);
    }

    /** Bytes the allocation needs: the most that was ever in use, with the gaps between. */
    public long bytes() {
        return Math.max(end, ALIGNMENT);
    }
}
