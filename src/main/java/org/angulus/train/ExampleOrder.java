package org.angulus.train;

import org.angulus.data.LabeledImages;
import org.angulus.loss.MetricLoss;

/** Which image of a set stands at each place of a run: a function of the place alone, and with {@link TripletRounds} of the round that has begun. */
@FunctionalInterface
public interface ExampleOrder {
    /** The number of the image that example {@code example} of the run is. */
    int image(long example);

    /**
     * The order that a configuration asks for.
     *
     * @throws IllegalArgumentException with one sentence, when the set cannot fill such batches
     */
    static ExampleOrder of(TrainingConfig config, LabeledImages images) {
        MetricTraining metric = config.metric();
        return switch (metric.sampling()) {
            case SHUFFLED -> shuffled(images.count(), config.startValue());
            case IDENTITIES -> new IdentityOrder(images, config.microBatch() / metric.imagesPerIdentity(), metric.imagesPerIdentity(), config.startValue());
            case PAIRS -> new PairOrder(images, config.startValue());
            case FACENET_ROUND -> new TripletRounds(images, (MetricLoss.Triplet) metric.loss(), metric.identitiesPerRound(), metric.imagesPerIdentity(), config.batch(),
                    config.startValue());
        };
    }

    /** Endless epochs, each in its own order: example p is image (p mod count) of the order of epoch (p / count). */
    static ExampleOrder shuffled(int count, long startValue) {
        return example -> new Permutation(count, startValue, Math.floorDiv(example, count)).at((int) Math.floorMod(example, (long) count));
    }
}
