package org.angulus.eval;

/**
 * The rates that davidsandberg/facenet reports beside its accuracy, from squared L2 distances in folds; a pair is accepted
 * when its distance is below the threshold.
 */
public final class FacenetRates {
    private static final int VAL_THRESHOLDS = 4000;
    private static final double VAL_STEP = 0.001;
    private static final int CURVE_THRESHOLDS = 400;
    private static final double CURVE_STEP = 0.01;

    private FacenetRates() {}

    /**
     * Validation rate at a false accept rate.
     *
     * @param target            the FAR aimed at on the training folds
     * @param mean              mean over the folds of the share of same-person pairs accepted
     * @param standardDeviation of the population of folds
     * @param meanFar           mean FAR reached on the test folds; a fold of n different-person pairs resolves 1/n
     */
    public record ValidationRate(double target, double mean, double standardDeviation, double meanFar) {}

    /**
     * The curve of mean rates over the folds at 400 thresholds.
     *
     * @param areaUnderCurve by the trapezoid rule
     * @param equalErrorRate FAR where 1 - FAR = TAR
     */
    public record MeanCurve(double areaUnderCurve, double equalErrorRate) {}

    /**
     * VAL@FAR: for each fold the threshold is where the FAR on the other folds, at thresholds 0, 0.001, ... 3.999,
     * reaches the target. Among thresholds the largest with FAR at most the target is taken, and from there the line to the
     * next one, which has a higher FAR; the threshold is 0 when the target is never reached.
     *
     * @param target FAR, above 0 and below 1
     */
    public static ValidationRate validationRate(EmbeddedPairs pairs, double target) {
        if (!(target > 0 && target < 1)) {
            throw new IllegalArgumentException("VAL needs a FAR between 0 and 1, got " + target);
        }
        double[] distances = pairs.squaredDistances();
        boolean[] same = pairs.same();
        int[] foldOf = pairs.folds();
        int folds = pairs.list().folds();
        double[] val = new double[folds];
        double[] far = new double[folds];
        for (int fold = 0; fold < folds; fold++) {
            FoldSplit train = FoldSplit.outside(distances, same, foldOf, fold);
            FoldSplit test = FoldSplit.inside(distances, same, foldOf, fold);
            double threshold = thresholdAt(train.different(), target);
            val[fold] = share(test.same(), threshold);
            far[fold] = share(test.different(), threshold);
        }
        return new ValidationRate(
                target,
                Statistics.mean(val),
                Statistics.populationStandardDeviation(val),
                Statistics.mean(far));
    }

    /** The interpolated threshold for a FAR; distances of different-person pairs sorted ascending. */
    static double thresholdAt(double[] different, double target) {
        double previous = share(different, 0);
        for (int i = 1; i < VAL_THRESHOLDS; i++) {
            double far = share(different, i * VAL_STEP);
            if (far > target) {
                double part = (target - previous) / (far - previous);
                return (i - 1) * VAL_STEP + part * (i * VAL_STEP - (i - 1) * VAL_STEP);
            }
            previous = far;
        }
        return previous == target ? (VAL_THRESHOLDS - 1) * VAL_STEP : 0;
    }

    /** The curve of mean rates over the folds. */
    public static MeanCurve meanCurve(EmbeddedPairs pairs) {
        double[] distances = pairs.squaredDistances();
        boolean[] same = pairs.same();
        int[] foldOf = pairs.folds();
        int folds = pairs.list().folds();
        double[] far = new double[CURVE_THRESHOLDS];
        double[] tar = new double[CURVE_THRESHOLDS];
        for (int fold = 0; fold < folds; fold++) {
            FoldSplit test = FoldSplit.inside(distances, same, foldOf, fold);
            for (int i = 0; i < CURVE_THRESHOLDS; i++) {
                far[i] += share(test.different(), i * CURVE_STEP) / folds;
                tar[i] += share(test.same(), i * CURVE_STEP) / folds;
            }
        }
        return new MeanCurve(Roc.trapezoid(far, tar), Roc.equalErrorRate(far, tar));
    }

    private static double share(double[] sorted, double threshold) {
        return (double) ThresholdRule.countBelow(sorted, threshold) / sorted.length;
    }
}
