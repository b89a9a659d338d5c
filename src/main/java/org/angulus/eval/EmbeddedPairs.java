package org.angulus.eval;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.angulus.data.Photo;
import org.angulus.eval.VerificationPairs.Pair;

/**
 * The pairs of a list whose two photographs both have an embedding. Photographs without one are named, and their pairs
 * are left out and counted; the others keep the folds of the list.
 */
public final class EmbeddedPairs {
    private final VerificationPairs list;
    private final List<Pair> tested;
    private final Map<Photo, float[]> features;
    private final List<Photo> missing;
    private final int dimension;

    private EmbeddedPairs(VerificationPairs list, List<Pair> tested, Map<Photo, float[]> features, List<Photo> missing) {
        this.list = list;
        this.tested = tested;
        this.features = features;
        this.missing = missing;
        this.dimension = tested.isEmpty() ? 0 : features.get(tested.getFirst().left()).length;
    }

    /**
     * Looks up the embedding of every photograph once.
     *
     * @param list       the pairs
     * @param embeddings gives the raw embedding (need not have unit length) of a photograph, or null where the
     *     photograph is missing; the arrays are kept, not copied
     * @throws IllegalArgumentException when embeddings differ in length, hold a number that is not finite, or are zero,
     *     or when a fold has no pair of the same person or no pair of different people left
     */
    public static EmbeddedPairs of(VerificationPairs list, Function<Photo, float[]> embeddings) {
        Map<Photo, float[]> features = new HashMap<>();
        List<Photo> missing = new ArrayList<>();
        int dimension = -1;
        for (Photo photo : list.photos()) {
            float[] feature = embeddings.apply(photo);
            if (feature == null) {
                missing.add(photo);
                continue;
            }
            if (dimension >= 0 && feature.length != dimension) {
                throw new IllegalArgumentException("the embedding of " + photo + " has " + feature.length
                        + " numbers where the others have " + dimension);
            }
            dimension = feature.length;
            double norm = Features.norm(feature);
            if (!(norm > 0 && norm < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("the embedding of " + photo + " has the norm " + norm
                        + ", so it has no direction; check the network's output for this image");
            }
            features.put(photo, feature);
        }
        return new EmbeddedPairs(list, list.pairsOf(features.keySet()), features, List.copyOf(missing));
    }

    /** The list the pairs are from. */
    public VerificationPairs list() {
        return list;
    }

    /** The pairs that can be tested, in the order of the list. */
    public List<Pair> tested() {
        return tested;
    }

    /** The photographs without an embedding. */
    public List<Photo> missing() {
        return missing;
    }

    /** Numbers in an embedding. */
    public int dimension() {
        return dimension;
    }

    /** The raw embedding of a tested photograph. */
    float[] feature(Photo photo) {
        return features.get(photo);
    }

    /** For each tested pair whether it shows the same person. */
    public boolean[] same() {
        boolean[] same = new boolean[tested.size()];
        for (int i = 0; i < same.length; i++) {
            same[i] = tested.get(i).same();
        }
        return same;
    }

    /** For each tested pair its fold. */
    public int[] folds() {
        return tested.stream().mapToInt(Pair::fold).toArray();
    }

    /** Cosine of each tested pair. */
    public double[] cosines() {
        return tested.stream()
                .mapToDouble(pair -> Features.cosine(feature(pair.left()), feature(pair.right())))
                .toArray();
    }

    /** Squared Euclidean distance of the unit features of each tested pair, 0 to 4. */
    public double[] squaredDistances() {
        return tested.stream()
                .mapToDouble(pair -> Features.squaredDistance(feature(pair.left()), feature(pair.right())))
                .toArray();
    }
}
