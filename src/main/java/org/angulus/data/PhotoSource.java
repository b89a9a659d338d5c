package org.angulus.data;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Gives the aligned crop of a photograph. */
@FunctionalInterface
public interface PhotoSource {
    /**
     * Writes a crop as u8 RGB, (height, width, 3), into a segment of exactly that size.
     *
     * @return false when there is no such photograph
     * @throws IOException when it is there but cannot be used
     */
    boolean read(Photo photo, MemorySegment rgb) throws IOException;
}
