package org.angulus.train;

import org.angulus.data.LabeledImages;
import org.angulus.model.CounterRandom;

/**
 * Pairs, as DeepID2 is trained on: examples 2i and 2i + 1 are two images of one person where i is even, else of two. People and images are drawn for each pair; one
 * person needs two images.
 */
public final class PairOrder implements ExampleOrder {
    private final Identities identities;
    private final LabeledImages set;
    private final CounterRandom random;

    /** @throws IllegalArgumentException with one sentence, when there is nobody with two images, or one person only */
    public PairOrder(LabeledImages set, long startValue) {
        identities = new Identities(set);
        identities.requirePairs("batches of pairs");
        this.set = set;
        random = new CounterRandom(startValue, "pairs");
    }

    @Override
    public int image(long example) {
        long pair = example / 2;
        boolean second = example % 2 == 1;
        if (pair % 2 == 0) {
            int person = identities.several(below(pair, 0, identities.severals()));
            int count = identities.count(person);
            int one = below(pair, 1, count);
            return identities.image(person, second ? (one + 1 + below(pair, 2, count - 1)) % count : one);
        }
        int one = below(pair, 0, set.count());
        for (int attempt = 1; second; attempt++) {
            int other = below(pair, attempt, set.count());
            if (set.label(other) != set.label(one)) {
                return other;
            }
        }
        return one;
    }

    private int below(long pair, int attempt, int bound) {
        return (int) ((random.bits(pair, attempt) >>> 33) % bound);
    }
}
