package org.angulus.eval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.angulus.device.HeadKind;
import org.angulus.eval.FeatureSpread.ClassVectors;
import org.junit.jupiter.api.Test;

class FeatureSpreadTest {
    private static float[] at(double degrees, double length) {
        return new float[] {(float) (length * Math.cos(Math.toRadians(degrees))), (float) (length * Math.sin(Math.toRadians(degrees)))};
    }

    @Test
    void anglesAreThoseOfThePicture() {
        float[][] features = {at(-10, 1), at(10, 3), at(86, 2), at(94, 2), at(200, 1), at(200, 3)};
        int[] labels = {0, 0, 1, 1, 2, 2};
        var vectors = new ClassVectors(new float[][] {at(0, 5), at(90, 1), at(180, 1)}, null);
        FeatureSpread spread = FeatureSpread.of(features, labels, vectors);
        assertEquals(1, spread.accuracy());
        assertEquals((10 + 10 + 4 + 4) / 6.0, spread.intra(), 1e-4);
        assertEquals((90 + 90 + 110) / 3.0, spread.inter(), 1e-4);
        assertEquals(90, spread.leastInter(), 1e-4);
        assertEquals(2, spread.length(), 1e-6);
    }

    /** A bias and the lengths of the vectors count for softmax, the lengths for L-Softmax, neither for heads of cosines. */
    @Test
    void aHeadDecidesByItsLogitsWithoutMargin() {
        float[][] features = {at(40, 1), at(90, 1)};
        int[] labels = {1, 1};
        float[][] equal = {at(0, 1), at(90, 1)};
        float[][] longer = {at(0, 1), at(90, 1.3)};
        assertEquals(0.5, accuracy(features, labels, ClassVectors.of(HeadKind.SOFTMAX, equal, new float[2])));
        assertEquals(1, accuracy(features, labels, ClassVectors.of(HeadKind.SOFTMAX, equal, new float[] {0, 0.2f})));
        assertEquals(0.5, accuracy(features, labels, ClassVectors.of(HeadKind.L_SOFTMAX, equal, null)));
        assertEquals(1, accuracy(features, labels, ClassVectors.of(HeadKind.L_SOFTMAX, longer, null)));
        assertEquals(0.5, accuracy(features, labels, ClassVectors.of(HeadKind.SPHEREFACE, longer, null)));
    }

    private static double accuracy(float[][] features, int[] labels, ClassVectors vectors) {
        return FeatureSpread.of(features, labels, vectors).accuracy();
    }

    @Test
    void theSphereIsADiskOfEqualAreas() {
        assertArrayEquals(new double[] {0, 0}, FeatureCharts.projected(new float[] {0, 0, 7}), 1e-12);
        assertArrayEquals(new double[] {Math.sqrt(2), 0}, FeatureCharts.projected(new float[] {3, 0, 0}), 1e-6);
        assertEquals(2, Math.hypot(FeatureCharts.projected(new float[] {1e-3f, 0, -1})[0], 0), 1e-3);
    }
}
