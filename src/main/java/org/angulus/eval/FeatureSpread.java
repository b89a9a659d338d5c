package org.angulus.eval;

import java.util.Arrays;
import org.angulus.device.HeadKind;

/**
 * How features of a classifier lie: how narrow classes are, how far apart, and how many are nearest to the vector of their class. Angles in degrees, between
 * a feature and its class's mean direction (the sum of the unit features), and between the mean directions of two classes.
 *
 * @param accuracy share of features whose class has the largest logit
 * @param intra mean angle between a feature and the mean direction of its class
 * @param inter mean over the classes of the angle to the nearest other class
 * @param leastInter the smallest angle between two classes
 * @param length mean length of the features
 */
public record FeatureSpread(double accuracy, double intra, double inter, double leastInter, double length) {
    /**
     * The vectors that a classifier compares features with.
     *
     * @param vectors (classes, D)
     * @param bias (classes) added to the products; null: the nearest vector is the one with the largest cosine
     */
    public record ClassVectors(float[][] vectors, float[] bias) {
        /**
         * The vectors as a head compares with them once its margin is left out: softmax and L-Softmax by products, which longer vectors win, the rest by cosines.
         *
         * @param vectors (classes, D)
         * @param bias (classes); null: the head has none
         */
        public static ClassVectors of(HeadKind head, float[][] vectors, float[] bias) {
            return new ClassVectors(vectors, head.normalizes() ? null : bias == null ? new float[vectors.length] : bias);
        }

        /** The class of a feature. */
        int nearest(float[] feature) {
            int best = 0;
            double largest = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < vectors.length; j++) {
                double score = bias == null ? Features.cosine(feature, vectors[j]) : Features.dot(feature, vectors[j]) + bias[j];
                if (score > largest) {
                    largest = score;
                    best = j;
                }
            }
            return best;
        }
    }

    /**
     * Measures features.
     *
     * @param features (N, D), none of length 0
     * @param labels (N), in [0, classes); every class occurs
     */
    public static FeatureSpread of(float[][] features, int[] labels, ClassVectors classes) {
        int count = classes.vectors().length;
        float[][] mean = meanDirections(features, labels, count);
        double right = 0;
        double intra = 0;
        double length = 0;
        for (int i = 0; i < features.length; i++) {
            right += classes.nearest(features[i]) == labels[i] ? 1 : 0;
            intra += degrees(features[i], mean[labels[i]]);
            length += Features.norm(features[i]);
        }
        double[] nearest = new double[count];
        for (int a = 0; a < count; a++) {
            nearest[a] = 180;
            for (int b = 0; b < count; b++) {
                nearest[a] = a == b ? nearest[a] : Math.min(nearest[a], degrees(mean[a], mean[b]));
            }
        }
        return new FeatureSpread(
                right / features.length,
                intra / features.length,
                Statistics.mean(nearest),
                Arrays.stream(nearest).min().orElseThrow(),
                length / features.length);
    }

    private static float[][] meanDirections(float[][] features, int[] labels, int classes) {
        float[][] mean = new float[classes][features[0].length];
        for (int i = 0; i < features.length; i++) {
            double norm = Features.norm(features[i]);
            for (int d = 0; d < features[i].length; d++) {
                mean[labels[i]][d] += (float) (features[i][d] / norm);
            }
        }
        return mean;
    }

    private static double degrees(float[] a, float[] b) {
        return Math.toDegrees(Math.acos(Math.clamp(Features.cosine(a, b), -1, 1)));
    }
}
