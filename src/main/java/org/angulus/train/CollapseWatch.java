package org.angulus.train;

import java.util.Locale;

/**
 * Warns once when a triplet loss has made all embeddings one point: its loss is that of equal distances (the margin of the hinge, ln 2 of the soft
 * margin) and the mean distance is almost 0, in three reports one after the other.
 */
public final class CollapseWatch implements TrainingListener {
    /** The loss of equal distances with a soft margin, log(1 + exp(0)). */
    public static final double SOFT_MARGIN = Math.log(2);

    private static final int REPORTS = 3;
    private static final double NEAR_LOSS = 0.01;

    private final double equalLoss;
    private final double leastDistance;
    private final TrainingListener told;
    private int inARow;
    private boolean warned;

    /**
     * @param equalLoss the loss where all distances are equal: the margin, or {@link #SOFT_MARGIN}
     * @param leastDistance mean distances below count as 0; 0.05 suits embeddings of length 1
     * @param told hears the warning
     */
    public CollapseWatch(double equalLoss, double leastDistance, TrainingListener told) {
        this.equalLoss = equalLoss;
        this.leastDistance = leastDistance;
        this.told = told;
    }

    @Override
    public void onMetric(long step, MetricSummary summary) {
        boolean collapsed = Math.abs(summary.loss() - equalLoss) <= NEAR_LOSS * equalLoss && summary.meanDistance() < leastDistance;
        inARow = collapsed ? inARow + 1 : 0;
        if (inARow == REPORTS && !warned) {
            warned = true;
            told.onWarning(step, String.format(Locale.ROOT, "The embeddings have become one point: the loss stands at %.4f, which equal distances give, and the"
                    + " mean distance is %.2g. Usual causes: the hardest negatives from the first step on (take semi-hard ones, or begin with a stage of"
                    + " softmax); a learning rate that is too high; too few people in a batch.", summary.loss(), summary.meanDistance()));
        }
    }
}
