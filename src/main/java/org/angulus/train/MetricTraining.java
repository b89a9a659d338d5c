package org.angulus.train;

import org.angulus.loss.MetricLoss;
import org.angulus.loss.MetricLosses;

/**
 * A loss on the embeddings themselves in a run: beside the head, or alone.
 *
 * @param loss which one; none: the head alone
 * @param weight of it beside the head's loss
 * @param alone no head and no class vectors
 * @param sampling what a batch is made of
 * @param imagesPerIdentity K of IDENTITIES; a micro-batch is a multiple of it
 * @param adaptEvery pairs after which a contrastive margin is set to the threshold that tells these pairs apart best (DeepID2: 200,000); 0: it stays
 */
public record MetricTraining(MetricLoss loss, double weight, boolean alone, Sampling sampling, int imagesPerIdentity, int adaptEvery) {
    /** No such loss. */
    public static final MetricTraining NONE = new MetricTraining(new MetricLoss.None(), 1, false, Sampling.SHUFFLED, 4, 0);

    /** What a batch is made of. */
    public enum Sampling {
        /** Images in random order. */
        SHUFFLED,
        /** P people with K images each. */
        IDENTITIES,
        /** Pairs of one person and of two in turn. */
        PAIRS
    }

    public MetricTraining {
        require(weight >= 0 && weight <= 1e6, "weight is " + weight + "; it must be 0 or more");
        require(!alone || isThere(loss) && !(loss instanceof MetricLoss.Center),
                "alone is set, but " + (isThere(loss) ? "center loss alone draws all embeddings to one point" : "there is no loss") + "; leave the head or choose another");
        require(imagesPerIdentity >= 2, "imagesPerIdentity is " + imagesPerIdentity + ", which leaves no pair of one person; give 2 or more");
        require(adaptEvery >= 0, "adaptEvery is " + adaptEvery + " pairs; give 0 or more");
        require(adaptEvery == 0 || loss instanceof MetricLoss.Contrastive c && c.pairs() && sampling == Sampling.PAIRS,
                "adaptEvery is for the contrastive loss with pairs and the sampling pairs; leave it 0");
        require(!(loss instanceof MetricLoss.Contrastive c && c.pairs()) || sampling == Sampling.PAIRS,
                "the contrastive loss takes pairs, but the sampling is not pairs; set metric.sampling to pairs, or loss.pairs to false");
    }

    /** A loss, say one of {@link MetricLosses}, in the batches it is made for. */
    public static MetricTraining of(MetricLoss loss, double weight, boolean alone) {
        Sampling sampling = switch (loss) {
            case MetricLoss.None _, MetricLoss.Center _ -> Sampling.SHUFFLED;
            case MetricLoss.Contrastive own when own.pairs() -> Sampling.PAIRS;
            case MetricLoss.Contrastive _, MetricLoss.Triplet _, MetricLoss.MarginBased _ -> Sampling.IDENTITIES;
        };
        return new MetricTraining(loss, weight, alone, sampling, NONE.imagesPerIdentity, 0);
    }

    /** What a configuration that names only the kind of loss starts from; this where it names none. */
    MetricTraining forKind(String kind) {
        return switch (kind) {
            case "contrastive" -> of(MetricLosses.named("deepid2"), 0.05, false);
            case "triplet" -> of(MetricLosses.named("facenet"), 1, false);
            case "margin-based" -> of(MetricLosses.named("margin-based"), 1, false);
            case "center" -> of(MetricLosses.named("center"), 0.003, false);
            default -> this;
        };
    }

    private static boolean isThere(MetricLoss loss) {
        return !(loss instanceof MetricLoss.None);
    }

    /** Whether there is such a loss. */
    public boolean isThere() {
        return isThere(loss);
    }

    /** Refuses a micro-batch that such batches cannot be cut into. */
    void check(int microBatch) {
        require(sampling != Sampling.IDENTITIES || microBatch % imagesPerIdentity == 0 && microBatch / imagesPerIdentity >= 2,
                "a micro-batch of " + microBatch + " is not made of at least 2 people with " + imagesPerIdentity + " images each; give a multiple, "
                        + 2 * imagesPerIdentity + " or more");
        require(sampling != Sampling.PAIRS || microBatch % 4 == 0, "a micro-batch of " + microBatch + " is not made of pairs of one person and as many of two; give a multiple of 4");
    }

    private static void require(boolean condition, String problem) {
        if (!condition) {
            throw new IllegalArgumentException("metric: " + problem + ".");
        }
    }
}
