package org.angulus.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScaleBoundTest {
    /** The published examples for 10,575 classes. */
    @ParameterizedTest
    @CsvSource({"1, 8.27, 0.005", "10, 0.39, 0.005", "16, 0.0012, 0.00005", "30, 1e-9, 1e-10"})
    void lowestLossIsThePublishedOne(double scale, double loss, double tolerance) {
        assertEquals(loss, ScaleBound.lowestLoss(10_575, scale, 0), tolerance);
    }

    /** Two classes on opposite sides: the loss at cosines 1 - m and -1 by hand. */
    @Test
    void lowestLossIsAttainedByTwoOppositeClasses() {
        double s = 3;
        double m = 0.35;
        double expected = -Math.log(Math.exp(s * (1 - m)) / (Math.exp(s * (1 - m)) + Math.exp(-s)));
        assertEquals(expected, ScaleBound.lowestLoss(2, s, m), 1e-12);
    }

    @ParameterizedTest
    @CsvSource({"10, 0.9, 3.96", "10575, 0.99, 13.86", "85742, 0.999, 18.27", "2059906, 0.9, 16.74"})
    void scaleForAProbabilityIsThePublishedOne(int classes, double probability, double scale) {
        assertEquals(scale, ScaleBound.scaleFor(classes, probability), 0.005);
        assertEquals(probability, Math.exp(-ScaleBound.lowestLoss(classes, ScaleBound.scaleFor(classes, probability), 0)), 1e-9);
    }

    @Test
    void senselessArgumentsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> ScaleBound.lowestLoss(1, 30, 0));
        assertThrows(IllegalArgumentException.class, () -> ScaleBound.scaleFor(10, 1));
        assertThrows(IllegalArgumentException.class, () -> ScaleBound.scaleFor(10, Double.NaN));
    }
}
