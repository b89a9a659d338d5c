package org.angulus.train;

import java.util.EnumSet;
import java.util.Set;
import org.angulus.device.PairSelection;
import org.angulus.loss.MetricLoss;
import org.angulus.loss.MetricLosses;

/**
 * A loss on the embeddings themselves in a run: beside the head, or alone.
 *
 * @param loss which one; none: the head alone
 * @param weight of it beside the head's loss
 * @param alone no head and no class vectors
 * @param sampling what a batch is made of
 * @param imagesPerIdentity K of IDENTITIES, where a micro-batch is a multiple of it, and of FACENET_ROUND
 * @param adaptEvery pairs after which a contrastive margin is set to the threshold that tells these pairs apart best (DeepID2: 200,000); 0: it stays
 * @param identitiesPerRound P of FACENET_ROUND
 */
public record MetricTraining(MetricLoss loss, double weight, boolean alone, Sampling sampling, int imagesPerIdentity, int adaptEvery,
        int identitiesPerRound) {
    private static final Set<PairSelection> CHOSEN_IN_ROUNDS = EnumSet.of(PairSelection.SEMI_HARD, PairSelection.SEMI_HARD_RANDOM, PairSelection.VIOLATOR);

    /** No such loss. */
    public static final MetricTraining NONE = new MetricTraining(new MetricLoss.None(), 1, false, Sampling.SHUFFLED, 4, 0, 45);

    /** What a batch is made of. */
    public enum Sampling {
        /** Images in random order. */
        SHUFFLED,
        /** P people with K images each. */
        IDENTITIES,
        /** Pairs of one person and of two in turn. */
        PAIRS,
        /** Triplets that are chosen from time to time, among P K embedded images, by the selection of the loss: {@link TripletRounds}. */
        FACENET_ROUND
    }

    public MetricTraining {
        require(weight >= 0 && weight <= 1e6, "weight is " + weight + "; it must be 0 or more");
        require(!alone || isThere(loss) && !(loss instanceof MetricLoss.Center),
                "alone is set, but " + (isThere(loss) ? "center loss alone draws all embeddings to one point" : "there is no loss") + "; leave the head or choose another");
        require(imagesPerIdentity >= 2, "imagesPerIdentity is " + imagesPerIdentity + ", which leaves no pair of one person; give 2 or more");
        require(identitiesPerRound >= 2 && identitiesPerRound <= 65536, "identitiesPerRound is " + identitiesPerRound + "; it must be 2 to 65536 people");
        require(sampling != Sampling.FACENET_ROUND || loss instanceof MetricLoss.Triplet t && CHOSEN_IN_ROUNDS.contains(t.selection()),
                "the sampling is facenet-round, which chooses triplets by semi-hard, semi-hard-random or violator; give a triplet loss with one of these selections");
        require(!(loss instanceof MetricLoss.Triplet t && t.selection() == PairSelection.TRIPLETS),
                "the selection triplets is what a round leaves in its batches; give the sampling facenet-round and the selection of its choice");
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
        return new MetricTraining(loss, weight, alone, sampling, NONE.imagesPerIdentity, 0, NONE.identitiesPerRound);
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

    /** The loss as batches see it: what a round chose stands in them row after row. */
    MetricLoss inBatches() {
        return sampling == Sampling.FACENET_ROUND ? ((MetricLoss.Triplet) loss).ofChosen() : loss;
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
        require(sampling != Sampling.FACENET_ROUND || microBatch % 3 == 0, "a micro-batch of " + microBatch + " is not made of triplets; give a multiple of 3");
        require(sampling != Sampling.PAIRS || microBatch % 4 == 0, "a micro-batch of " + microBatch + " is not made of pairs of one person and as many of two; give a multiple of 4");
    }

    private static void require(boolean condition, String problem) {
        if (!condition) {
            throw new IllegalArgumentException("metric: " + problem + ".");
        }
    }
}
