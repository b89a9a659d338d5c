package org.angulus.data;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** A finite set of aligned crops of one size, each with the number of the person in it. Read by several threads at once. */
public interface LabeledImages {
    /** Images in the set, at least 1. */
    int count();

    /** People: labels lie in [0, classes). */
    int classes();

    /** Rows of every crop. */
    int height();

    /** Columns of every crop. */
    int width();

    /** The person in image {@code index}. */
    int label(int index);

    /** Writes image {@code index} as u8 RGB, (height, width, 3), into a segment of exactly that size. */
    void read(int index, MemorySegment rgb) throws IOException;
}
