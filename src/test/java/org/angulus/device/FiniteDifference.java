package org.angulus.device;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.function.ToDoubleFunction;

/** Compares a gradient with central differences of its function in double. */
final class FiniteDifference {
    private static final double STEP = 1e-6;

    private FiniteDifference() {
    }

    /** gradient[i] is the derivative of f by at[i]; `at` is changed and restored. */
    static void check(String what, ToDoubleFunction<double[]> f, double[] at, double[] gradient) {
        double largest = 0;
        for (double g : gradient) {
            largest = Math.max(largest, Math.abs(g));
        }
        if (!(largest > 1e-6)) {
            fail(what + ": the gradient is nowhere above 1e-6, so the test proves nothing");
        }
        for (int i = 0; i < at.length; i++) {
            double before = at[i];
            at[i] = before + STEP;
            double above = f.applyAsDouble(at);
            at[i] = before - STEP;
            double below = f.applyAsDouble(at);
            at[i] = before;
            double difference = (above - below) / (2 * STEP);
            double error = Math.abs(difference - gradient[i]);
            if (!(error <= 1e-7 * Math.max(largest, 1))) {
                fail(what + ": derivative " + i + " is " + gradient[i] + ", the difference quotient " + difference);
            }
        }
    }
}
