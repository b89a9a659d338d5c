package org.angulus.train;

/** What a loss on distances between embeddings says of a batch. */
public interface MetricSummary {
    /** Mean over the batch. */
    double loss();

    /** Mean distance between two embeddings of the batch. */
    double meanDistance();
}
