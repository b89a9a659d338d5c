package org.angulus.eval;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The values (distances or cosines) of the pairs inside or outside one fold, by kind and sorted ascending.
 *
 * @param same      values of the pairs of the same person
 * @param different values of the pairs of different people
 */
record FoldSplit(double[] same, double[] different) {
    /** All pairs. */
    static FoldSplit all(double[] values, boolean[] same) {
        return select(values, same, IntStream.range(0, values.length));
    }

    /** The pairs of a fold: what a threshold is tested on. */
    static FoldSplit inside(double[] values, boolean[] same, int[] folds, int fold) {
        return select(values, same, IntStream.range(0, values.length).filter(i -> folds[i] == fold));
    }

    /** The pairs of all other folds: what a threshold is chosen on. */
    static FoldSplit outside(double[] values, boolean[] same, int[] folds, int fold) {
        return select(values, same, IntStream.range(0, values.length).filter(i -> folds[i] != fold));
    }

    private static FoldSplit select(double[] values, boolean[] same, IntStream indices) {
        int[] chosen = indices.toArray();
        return new FoldSplit(
                Arrays.stream(chosen).filter(i -> same[i]).mapToDouble(i -> values[i]).sorted().toArray(),
                Arrays.stream(chosen).filter(i -> !same[i]).mapToDouble(i -> values[i]).sorted().toArray());
    }
}
