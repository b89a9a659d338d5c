package org.angulus.device;

import java.lang.foreign.MemorySegment;
import org.angulus.device.ffi.ag_metric_summary;

/**
 * What a loss on distances says of a batch.
 *
 * @param loss without weight
 * @param active share of the terms that are not 0
 * @param terms how many there were; 0: the batch has no pair or triplet to learn from
 * @param skipped share of anchors or pairs for which no negative was found
 * @param positiveDistance mean over the pairs of one label (center loss: over the rows, to their centres)
 * @param negativeDistance mean over the pairs of two labels
 * @param collapsed share of rows nearer than 1e-3 to every other row
 * @param beta mean of b
 */
public record MetricSummary(float loss, float active, float terms, float skipped, float positiveDistance, float negativeDistance, float collapsed,
                            float beta) {
    /** Bytes of the native struct. */
    public static final long BYTES = ag_metric_summary.sizeof();

    /** Reads the native struct. */
    public static MetricSummary read(MemorySegment source, long offset) {
        MemorySegment s = source.asSlice(offset, BYTES);
        return new MetricSummary(ag_metric_summary.loss(s), ag_metric_summary.active(s), ag_metric_summary.terms(s), ag_metric_summary.skipped(s),
                ag_metric_summary.positive_distance(s), ag_metric_summary.negative_distance(s), ag_metric_summary.collapsed(s), ag_metric_summary.beta(s));
    }

    /** Multiplied by a factor: the mean of a sum over micro-batches. */
    public MetricSummary times(float factor) {
        return new MetricSummary(loss * factor, active * factor, terms * factor, skipped * factor, positiveDistance * factor, negativeDistance * factor,
                collapsed * factor, beta * factor);
    }
}
