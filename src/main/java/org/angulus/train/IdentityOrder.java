package org.angulus.train;

import org.angulus.data.LabeledImages;

/**
 * Batches of P people with K images each, for losses on the distances within a batch. People with fewer than two images are left out; a person with fewer than K gives
 * some of them again. No person stands twice in a batch; all have had their turn, but for less than P, before one comes again.
 */
public final class IdentityOrder implements ExampleOrder {
    private final Identities identities;
    private final int people;
    private final int each;
    private final long startValue;

    /**
     * @param people P
     * @param each K
     * @throws IllegalArgumentException with one sentence, when the set has too few people with two images
     */
    public IdentityOrder(LabeledImages set, int people, int each, long startValue) {
        if (people < 2 || each < 2) {
            throw new IllegalArgumentException("batches of identities: " + people + " people with " + each
                    + " images each have no pair to compare; give at least 2 people with 2 images (batch, metric.imagesPerIdentity).");
        }
        identities = new Identities(set);
        if (identities.severals() < people) {
            throw new IllegalArgumentException("batches of identities: " + identities.severals() + " of the " + identities.people()
                    + " people of the training set have two images or more, but a batch takes " + people
                    + "; give more images, a smaller batch, or more images of each person (metric.imagesPerIdentity).");
        }
        this.people = people;
        this.each = each;
        this.startValue = startValue;
    }

    /** People that batches are made of: those with at least two images. */
    public int remaining() {
        return identities.severals();
    }

    @Override
    public int image(long example) {
        int batch = people * each;
        long number = Math.floorDiv(example, batch);
        int place = (int) Math.floorMod(example, (long) batch);
        int perEpoch = identities.severals() / people;
        long epoch = Math.floorDiv(number, perEpoch);
        int turn = (int) Math.floorMod(number, (long) perEpoch) * people + place / each;
        int person = identities.several(new Permutation(identities.severals(), startValue, epoch).at(turn));
        return identities.shuffled(person, startValue, epoch, place % each % identities.count(person));
    }
}
