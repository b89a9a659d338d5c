package org.angulus.eval;

import java.util.Arrays;

/**
 * How a threshold is searched on training folds and applied to a test fold. Two published codes disagree; both are here
 * under their names.
 */
public enum ThresholdRule {
    /**
     * davidsandberg/facenet, lfw.py: squared L2 distance of unit features, thresholds 0.00, 0.01, ... 3.99, the first
     * best one; a pair is the same person when its distance is below the threshold.
     */
    FACENET("squared L2, thresholds 0 to 4 step 0.01, first best", 400) {
        @Override
        double threshold(int index) {
            return index * 0.01;
        }

        @Override
        int correct(double[] same, double[] different, double threshold) {
            return countBelow(same, threshold) + different.length - countBelow(different, threshold);
        }

        @Override
        double choose(int[] correct, int best) {
            for (int i = 0; ; i++) {
                if (correct[i] == best) {
                    return threshold(i);
                }
            }
        }
    },

    /**
     * wy1iu/sphereface, evaluation.m: cosine, 20,001 thresholds from -1 to 1, the mean of all best ones; a score equal to
     * the threshold counts as wrong for either kind of pair.
     */
    SPHEREFACE("cosine, 20,001 thresholds -1 to 1, mean of all best", 20_001) {
        @Override
        double threshold(int index) {
            return (index - 10_000) / 10_000.0;
        }

        @Override
        int correct(double[] same, double[] different, double threshold) {
            return same.length - countBelow(same, Math.nextUp(threshold)) + countBelow(different, threshold);
        }

        @Override
        double choose(int[] correct, int best) {
            double sum = 0;
            int count = 0;
            for (int i = 0; i < correct.length; i++) {
                if (correct[i] == best) {
                    sum += threshold(i);
                    count++;
                }
            }
            return sum / count;
        }
    };

    private final String description;
    private final int thresholds;

    ThresholdRule(String description, int thresholds) {
        this.description = description;
        this.thresholds = thresholds;
    }

    /** The rule in words, for reports. */
    public String description() {
        return description;
    }

    /** The threshold of a candidate index. */
    abstract double threshold(int index);

    /** Pairs that a threshold decides rightly; both arrays sorted ascending. */
    abstract int correct(double[] same, double[] different, double threshold);

    /** The threshold taken when {@code correct[i]} pairs are right at candidate i and {@code best} is the largest. */
    abstract double choose(int[] correct, int best);

    /** The threshold that this rule takes from training values (distances or cosines); both arrays sorted ascending. */
    double best(double[] same, double[] different) {
        int[] correct = new int[thresholds];
        Arrays.setAll(correct, i -> correct(same, different, threshold(i)));
        return choose(correct, Arrays.stream(correct).max().orElseThrow());
    }

    /** Share of pairs that a threshold decides rightly; both arrays sorted ascending. */
    double accuracy(double[] same, double[] different, double threshold) {
        return (double) correct(same, different, threshold) / (same.length + different.length);
    }

    /** Elements of a sorted array that are smaller than a bound. */
    static int countBelow(double[] sorted, double bound) {
        int low = 0;
        int high = sorted.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sorted[middle] < bound) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
