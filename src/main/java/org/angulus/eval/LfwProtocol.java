package org.angulus.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * LFW's cross-validation: for each fold a threshold is chosen on the other folds and applied to it.
 *
 * @param rule         how thresholds are searched
 * @param subtractMean whether the mean feature of the training folds is subtracted before normalising, as sphereface
 *     does; the mean runs over both sides of every training pair, so a photograph counts as often as it occurs
 */
public record LfwProtocol(ThresholdRule rule, boolean subtractMean) {
    public LfwProtocol {
        if (subtractMean && rule != ThresholdRule.SPHEREFACE) {
            throw new IllegalArgumentException("the mean is subtracted by the sphereface convention only, not by "
                    + rule.name().toLowerCase(Locale.ROOT));
        }
    }

    /** The convention of davidsandberg/facenet. */
    public static LfwProtocol facenet() {
        return new LfwProtocol(ThresholdRule.FACENET, false);
    }

    /** The convention of wy1iu/sphereface, with its mean subtraction. */
    public static LfwProtocol sphereface() {
        return new LfwProtocol(ThresholdRule.SPHEREFACE, true);
    }

    /**
     * One fold's result.
     *
     * @param pairs     pairs tested
     * @param threshold chosen on the other folds
     * @param accuracy  share of this fold's pairs decided rightly
     */
    public record Fold(int pairs, double threshold, double accuracy) {}

    /**
     * The result of a cross-validation.
     *
     * @param folds             by fold
     * @param mean              mean accuracy over the folds
     * @param standardDeviation of the population of folds, the figure that the public codes print behind "±"
     * @param standardError     of the mean, sample standard deviation / sqrt(folds), the official LFW figure
     * @param bestThreshold     the one threshold that suits all pairs best, chosen on the pairs it is tested on; a
     *     subtracted mean is then that of all pairs
     * @param bestAccuracy      accuracy over all pairs at that threshold: optimistic, never to be quoted as
     *     cross-validated
     */
    public record Result(
            List<Fold> folds,
            double mean,
            double standardDeviation,
            double standardError,
            double bestThreshold,
            double bestAccuracy) {}

    /** What is done, in words, for reports. */
    public String description(VerificationPairs list) {
        return list.folds() + (list.official() ? " official folds" : " folds of ours") + ", "
                + rule.name().toLowerCase(Locale.ROOT) + " convention (" + rule.description()
                + (subtractMean ? ", mean of the training folds subtracted" : "") + ")";
    }

    /** Runs the cross-validation over the pairs that have embeddings. */
    public Result evaluate(EmbeddedPairs pairs) {
        boolean[] same = pairs.same();
        int[] folds = pairs.folds();
        double[] plain = subtractMean ? null : values(pairs);
        List<Fold> results = new ArrayList<>();
        for (int fold = 0; fold < pairs.list().folds(); fold++) {
            double[] values = subtractMean ? centredCosines(pairs, mean(pairs, fold)) : plain;
            FoldSplit train = FoldSplit.outside(values, same, folds, fold);
            FoldSplit test = FoldSplit.inside(values, same, folds, fold);
            double threshold = rule.best(train.same(), train.different());
            results.add(new Fold(
                    test.same().length + test.different().length,
                    threshold,
                    rule.accuracy(test.same(), test.different(), threshold)));
        }
        FoldSplit all = FoldSplit.all(subtractMean ? centredCosines(pairs, mean(pairs, -1)) : plain, same);
        double best = rule.best(all.same(), all.different());
        double[] accuracies = results.stream().mapToDouble(Fold::accuracy).toArray();
        return new Result(
                List.copyOf(results),
                Statistics.mean(accuracies),
                Statistics.populationStandardDeviation(accuracies),
                Statistics.standardError(accuracies),
                best,
                rule.accuracy(all.same(), all.different(), best));
    }

    private double[] values(EmbeddedPairs pairs) {
        return switch (rule) {
            case FACENET -> pairs.squaredDistances();
            case SPHEREFACE -> pairs.cosines();
        };
    }

    /** Mean feature over both sides of all pairs outside a fold; of all pairs for fold -1. */
    private static double[] mean(EmbeddedPairs pairs, int fold) {
        double[] mean = new double[pairs.dimension()];
        long count = 0;
        for (VerificationPairs.Pair pair : pairs.tested()) {
            if (pair.fold() != fold) {
                float[] left = pairs.feature(pair.left());
                float[] right = pairs.feature(pair.right());
                for (int i = 0; i < mean.length; i++) {
                    mean[i] += (double) left[i] + right[i];
                }
                count += 2;
            }
        }
        for (int i = 0; i < mean.length; i++) {
            mean[i] /= count;
        }
        return mean;
    }

    private static double[] centredCosines(EmbeddedPairs pairs, double[] mean) {
        return pairs.tested().stream()
                .mapToDouble(pair -> {
                    double cosine = Features.centredCosine(
                            pairs.feature(pair.left()), pairs.feature(pair.right()), mean);
                    if (Double.isNaN(cosine)) {
                        throw new IllegalArgumentException("an embedding of the pair " + pair.left() + ", "
                                + pair.right() + " equals the mean embedding, so it has no direction once the mean is"
                                + " subtracted; check the network's output");
                    }
                    return cosine;
                })
                .toArray();
    }
}
