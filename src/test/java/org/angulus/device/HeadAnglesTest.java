package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every head at 40 angles from 1e-3 to pi - 1e-3 in the plane: the formulas' gradients against finite differences in double, and the kernels against the formulas. */
class HeadAnglesTest {
    private static final int N = 40;
    private static final int D = 2;
    private static final int CLASSES = 3;
    private static final double FIRST = 1e-3;
    private static final double LENGTH = 2;
    private static final double SCALE = 4;
    private static final double MARGIN = 0.35;
    /** Angles at which some head bends or jumps: of psi, of ArcFace past pi, of its easy margin; and 10 steps of the difference quotients. */
    private static final double[] SWITCHES = {Math.PI / 4, Math.PI / 3, Math.PI / 2, 2 * Math.PI / 3, 3 * Math.PI / 4, Math.PI / 1.5, Math.PI / 1.7, Math.PI - MARGIN};
    private static final double STEPS = 1e-5;
    /** Of a cosine in f32 near 1. */
    private static final double COSINE_ERROR = 0x1p-23;
    /** |phi'| sin t at most: of psi_4, with room for lengths. */
    private static final double BOUND = 8;
    /** What of sin t may be lost at the ends, where sin^2 t is 1e-6 and a rounding of the cosine 6e-8. */
    private static final double LOST = 0.1;

    private static double angle(int i) {
        return FIRST + i * (Math.PI - 2 * FIRST) / (N - 1);
    }

    private static double[] embeddings() {
        return rounded(IntStream.range(0, N * D).mapToDouble(at -> LENGTH * (at % D == 0 ? Math.cos(angle(at / D)) : Math.sin(angle(at / D)))).toArray());
    }

    /** The label's vector at the angle 0, with more centres behind it that are never the nearest; the others at 2.0 and 4.1. */
    private static double[] vectors(int centres) {
        double[] turns = {0, 2.0, 4.1};
        return rounded(IntStream.range(0, CLASSES * centres * D).mapToDouble(at -> {
            double turn = turns[at / D / centres] - 0.05 * (at / D % centres);
            return 1.25 * (at % D == 0 ? Math.cos(turn) : Math.sin(turn));
        }).toArray());
    }

    private static double[] rounded(double[] values) {
        return Arrays.stream(values).map(v -> (float) v).toArray();
    }

    private static HeadReference reference(HeadFormula head, double[] x, double[] w) {
        return new HeadReference(head, Type.F32, N, D, CLASSES, NormGuard.CLAMP_LENGTH, x, w, new double[CLASSES], new int[N], SCALE, MARGIN, HeadRun.STATE);
    }

    @ParameterizedTest
    @MethodSource("org.angulus.device.HeadFormulas#all")
    void gradientsAreDifferenceQuotients(HeadFormula formula) {
        Assumptions.assumeTrue(formula.isExact(), "its gradient holds something constant on purpose");
        for (int i = 0; i < N; i++) {
            for (double at : SWITCHES) {
                assertTrue(Math.abs(angle(i) - at) > STEPS, "angle " + i + " is at a switch");
            }
        }
        HeadFormula still = formula.withRate(0);
        double[] x = embeddings();
        double[] w = vectors(formula.constants().centres());
        HeadReference head = reference(still, x, w);
        if (formula.kind() != HeadKind.ADAFACE) {
            FiniteDifference.check("dx", values -> reference(still, values, w).loss(), x, head.dx(0, CLASSES).value);
        }
        FiniteDifference.check("dw", values -> reference(still, x, values).loss(), w, head.dw(0, CLASSES).value);
    }

    /**
     * An error e of the cosine moves phi by |phi'| e, phi' by |phi''| e, and a gradient by S |phi''| sin t e / |x|; phi'' is about |phi'| / sin^2 t, and |phi'| sin t is bounded.
     */
    @OnEveryDevice
    void kernelsFollow(String name) {
        try (Device device = TestDevices.open(name)) {
            double[] x = embeddings();
            HeadFormulas.all().forEach(formula -> {
                double[] w = vectors(formula.constants().centres());
                HeadReference expected = reference(formula, x, w);
                HeadRun came = HeadRun.of(device, formula, N, D, CLASSES, x, w, SCALE, MARGIN);
                double[] dx = expected.dx(0, CLASSES).value;
                Expected target = expected.target();
                for (int i = 0; i < N; i++) {
                    double sine = Math.sin(angle(i));
                    String where = device + " " + formula + " at " + angle(i) + ": ";
                    double bound = BOUND * COSINE_ERROR / sine;
                    double ofSlope = Math.min(bound / sine, LOST);
                    near(where + "phi", target.value[N + i], came.phi(i), bound * LENGTH);
                    near(where + "phi'", target.value[2 * N + i] * sine, came.slope(i) * sine, ofSlope);
                    for (int k = 0; k < D; k++) {
                        near(where + "dx", dx[i * D + k] * N, came.dx()[i * D + k] * N, SCALE * ofSlope);
                    }
                }
                near(device + " " + formula + " loss", expected.loss(), came.loss(), 1e-5 * Math.max(1, Math.abs(expected.loss())));
            });
        }
    }

    private static void near(String what, double expected, double came, double tolerance) {
        double most = tolerance + 1e-5 * Math.abs(expected);
        assertTrue(Math.abs(came - expected) <= most, what + " is " + came + ", expected " + expected + " within " + most);
    }
}
