package org.angulus.train;

import java.util.List;

/**
 * The triplets that batches are made of until they are used up. Stands in checkpoints, since it was chosen by weights that are gone.
 *
 * @param number of the round, from 0
 * @param firstStep of the run that takes from it
 * @param images numbers in the training set: anchor, positive, negative, anchor, ...
 */
public record TripletRound(long number, long firstStep, List<Integer> images) {
    /** Refuses what is not made of triplets. */
    public TripletRound {
        images = List.copyOf(images);
        if (images.isEmpty() || images.size() % 3 != 0) {
            throw new IllegalArgumentException("A round of triplets has " + images.size() + " images; it must have 3, or a multiple.");
        }
    }

    /** The step after its last one, with batches of so many images: the last batch is filled up from the beginning. */
    long endStep(int batch) {
        return firstStep + Math.ceilDiv(images.size(), batch);
    }
}
