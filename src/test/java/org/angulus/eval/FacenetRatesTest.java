package org.angulus.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FacenetRatesTest {
    /**
     * Four distances of different people, 0.5003, 1.0003, 1.5003, 2.0003. FAR is 0 up to 0.500, 1/4 from 0.501 to 1.000, and
     * so on.
     */
    @Test
    void theThresholdFollowsTheRule() {
        double[] different = {0.5003, 1.0003, 1.5003, 2.0003};
        assertEquals(0.5 + 0.4 * 0.001, FacenetRates.thresholdAt(different, 0.1), 1e-12, "0.1 / 0.25 of the way");
        assertEquals(1.000, FacenetRates.thresholdAt(different, 0.25), 1e-12, "the largest with this FAR");
        assertEquals(1.5 + 0.2 * 0.001, FacenetRates.thresholdAt(different, 0.55), 1e-12);
        assertEquals(0, FacenetRates.thresholdAt(new double[] {3.9995}, 0.5), "never reached");
        assertEquals(3.999, FacenetRates.thresholdAt(new double[] {1, 3.9995}, 0.5), 1e-12, "reached and never passed");
    }

    @Test
    void ratesAgreeWithBruteForce() {
        long start = Long.getLong("angulus.test.start", System.nanoTime());
        System.out.println("FacenetRatesTest.ratesAgreeWithBruteForce: -Dangulus.test.start=" + start);
        EmbeddedPairs pairs = LfwProtocolTest.randomPairs(new Random(start));
        double[] distances = pairs.squaredDistances();
        double target = 0.05;
        double[] val = new double[10];
        double[] far = new double[10];
        for (int fold = 0; fold < 10; fold++) {
            double threshold = bruteThreshold(pairs, distances, fold, target);
            val[fold] = rate(pairs, distances, fold, true, true, threshold);
            far[fold] = rate(pairs, distances, fold, true, false, threshold);
        }
        FacenetRates.ValidationRate rate = FacenetRates.validationRate(pairs, target);
        double mean = Arrays.stream(val).average().orElseThrow();
        assertTrue(mean > 0, "a rate of 0 would prove nothing");
        assertEquals(mean, rate.mean(), 1e-12);
        assertEquals(
                Math.sqrt(Arrays.stream(val).map(v -> (v - mean) * (v - mean)).average().orElseThrow()),
                rate.standardDeviation(),
                1e-12);
        assertEquals(Arrays.stream(far).average().orElseThrow(), rate.meanFar(), 1e-12);
        assertEquals(target, rate.target());
    }

    /** The grid curve of mean rates lies close to the exact one where all folds weigh alike. */
    @Test
    void theMeanCurveIsNearTheExactOne() {
        EmbeddedPairs pairs = LfwProtocolTest.randomPairs(new Random(3));
        FacenetRates.MeanCurve curve = FacenetRates.meanCurve(pairs);
        double[] scores = Arrays.stream(pairs.squaredDistances()).map(d -> -d).toArray();
        Roc exact = Roc.of(scores, pairs.same());
        assertEquals(exact.areaUnderCurve(), curve.areaUnderCurve(), 0.02);
        assertEquals(exact.equalErrorRate(), curve.equalErrorRate(), 0.03);
        assertTrue(curve.areaUnderCurve() > 0.55, "better than chance: " + curve.areaUnderCurve());
    }

    @Test
    void anImpossibleFarIsRefused() {
        EmbeddedPairs pairs = LfwProtocolTest.randomPairs(new Random(3));
        assertThrows(IllegalArgumentException.class, () -> FacenetRates.validationRate(pairs, 0));
        assertThrows(IllegalArgumentException.class, () -> FacenetRates.validationRate(pairs, Double.NaN));
    }

    private static double bruteThreshold(EmbeddedPairs pairs, double[] distances, int fold, double target) {
        double[] far = new double[4000];
        for (int i = 0; i < far.length; i++) {
            far[i] = rate(pairs, distances, fold, false, false, i / 1000.0);
        }
        if (far[3999] < target) {
            return 0;
        }
        int last = 3999;
        while (far[last] > target) {
            last--;
        }
        return far[last] == target
                ? last / 1000.0
                : (last + (target - far[last]) / (far[last + 1] - far[last])) / 1000.0;
    }

    private static double rate(
            EmbeddedPairs pairs, double[] distances, int fold, boolean inside, boolean same, double threshold) {
        int all = 0;
        int accepted = 0;
        for (int i = 0; i < distances.length; i++) {
            if (pairs.tested().get(i).fold() == fold == inside && pairs.tested().get(i).same() == same) {
                all++;
                accepted += distances[i] < threshold ? 1 : 0;
            }
        }
        return (double) accepted / all;
    }
}
