package org.angulus.device;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.Arrays;

/**
 * How far a kernel may be from the reference: computed from the type of storage, the number of terms and their magnitudes. A sum of n terms of magnitude sum M
 * in f32 errs by about sqrt(n) 2^-24 M (Higham, "Accuracy and Stability of Numerical Algorithms", section 2.6) and by n 2^-24 M at most; storage adds one rounding of
 * the value.
 */
final class Tolerance {
    private static final double UNIT = 0x1p-24;
    private static final double SMALLEST = 0x1p-126;

    private Tolerance() {
    }

    /** The bound for one number. */
    static double of(Type type, long length, double magnitude, double value) {
        double roundings = Math.min(length + 8, 8 + 2 * Math.sqrt(length));
        double storage = type == Type.F32 ? UNIT : 0x1p-8;
        return roundings * UNIT * magnitude + 2 * storage * Math.abs(value) + SMALLEST;
    }

    /** Compares all numbers; also fails where the reference is mostly 0, since such a test proves nothing. */
    static void check(String what, Type type, double[] actual, Expected expected) {
        compare(what, type, actual, expected);
        long nonZero = Arrays.stream(expected.value).filter(v -> v != 0).count();
        if (2 * nonZero < expected.value.length) {
            fail(what + ": only " + nonZero + " of " + expected.value.length + " expected numbers are not 0, so the test proves little");
        }
    }

    /** Compares all numbers, however many are 0: where the formula itself gives zeros. */
    static void compare(String what, Type type, double[] actual, Expected expected) {
        if (actual.length != expected.value.length) {
            fail(what + ": " + actual.length + " numbers came, " + expected.value.length + " were expected");
        }
        for (int i = 0; i < actual.length; i++) {
            double value = expected.value[i];
            if (Double.isInfinite(value) && actual[i] == value) {
                continue;
            }
            double error = Math.abs(actual[i] - value);
            double tolerance = of(type, expected.length, expected.magnitude[i], value) + expected.allowance[i];
            if (!(error <= tolerance) || Double.isInfinite(tolerance)) {
                fail(what + ": element " + i + " of " + actual.length + " is " + actual[i] + ", expected " + value + "; error " + error + ", tolerance " + tolerance);
            }
        }
    }
}
