package org.angulus.device;

import java.lang.foreign.MemorySegment;
import org.angulus.device.ffi.ag_head_summary;

/**
 * What a head says of a batch.
 *
 * @param loss mean over N
 * @param accuracy share of rows whose target cosine beats every other class
 * @param targetCosine mean of c_y
 * @param otherCosine mean of c_j, j != y
 */
public record HeadSummary(float loss, float accuracy, float targetCosine, float otherCosine) {
    /** Bytes of the native struct. */
    public static final long BYTES = ag_head_summary.sizeof();

    /** Reads the native struct. */
    public static HeadSummary read(MemorySegment source, long offset) {
        MemorySegment s = source.asSlice(offset, BYTES);
        return new HeadSummary(ag_head_summary.loss(s), ag_head_summary.accuracy(s), ag_head_summary.target_cosine(s),
                ag_head_summary.other_cosine(s));
    }
}
