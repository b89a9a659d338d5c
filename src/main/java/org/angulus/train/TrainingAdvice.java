package org.angulus.train;

import java.util.ArrayList;
import java.util.List;
import org.angulus.device.HeadKind;
import org.angulus.device.MetricSummary;
import org.angulus.loss.ScaleBound;
import org.angulus.model.Network;

/** Sentences about what a run does that its reader may not expect. */
final class TrainingAdvice {
    /** Lowest loss above which no target reaches a probability of 0.6. */
    private static final double HOPELESS_LOSS = 0.5;

    private TrainingAdvice() {}

    /**
     * What a configuration means.
     *
     * @param classes people in the training set
     * @param started whether the weights come from a model or a checkpoint
     */
    static List<String> of(TrainingConfig config, Network network, int classes, boolean started) {
        var sentences = new ArrayList<String>();
        HeadKind kind = config.head().kind();
        boolean scaled = !config.metric().alone() && kind.hasScale() && kind.isSoftmax() && kind != HeadKind.CIRCLE && !config.head().learnsScale();
        double scale = config.head().scale(classes);
        double lowest = scaled ? ScaleBound.lowestLoss(classes, scale, 0) : 0;
        if (lowest > HOPELESS_LOSS) {
            sentences.add("A scale of %s cannot bring the loss of %d people below %.2f; set head.scale to %.1f or more.".formatted(
                    scale, classes, lowest, ScaleBound.scaleFor(classes, 0.9)));
        }
        if (!started && !config.frozen().equals(Network.NOTHING)) {
            sentences.add("The weights up to " + config.frozen() + " are random and stay so, because they are frozen; start from a model, or set frozen to none.");
        }
        if (config.microBatches() > 1 && !network.statistics().entries().isEmpty()) {
            sentences.add("Batch norm takes its statistics from each micro-batch of " + config.microBatch() + " images, not from the batch of " + config.batch() + ".");
        }
        return sentences;
    }

    /** Why a batch taught a loss on embeddings nothing; null: it did teach. */
    static String of(MetricSummary metric) {
        boolean pairs = metric.positiveDistance() > 0 && metric.negativeDistance() > 0;
        if (metric.collapsed() == 1) {
            return "All embeddings of the batch have become one point: the loss on distances has collapsed; start with a smaller rate, or with the head.";
        }
        if (metric.terms() > 0) {
            return null;
        }
        return pairs
                ? "The batch had triplets, but none with a negative that the selection takes, so its step learned nothing from them; take larger batches or another selection."
                : "The batch had no pair or triplet to learn from, since no person was there twice or only one was; choose metric.sampling identities or pairs.";
    }
}
