package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;

/**
 * The heads where their formulas bend, jump or divide by 0: angles of 0, of pi, of a margin's switch, embeddings and class vectors of length 0, equal class
 * vectors. There the value, the stated convention for phi', and that everything stays finite and bounded.
 */
class HeadKinksTest {
    private static final int D = 2;
    private static final int CLASSES = 4;
    private static final double MARGIN = 0.5;
    private static final double SCALE = 16;

    /** Cosines of the label's class: 1, -1, 0, the monotone switch, a little beyond it, 0.5 (m = 3 bends there); then an embedding of length 0. */
    private static final double[] COSINES = {1, -1, 0, -Math.cos(MARGIN), -Math.cos(MARGIN) - 1e-3, 0.5};
    private static final int N = COSINES.length + 1;

    private static double[] embeddings() {
        double[] x = new double[N * D];
        for (int i = 0; i < COSINES.length; i++) {
            x[i * D] = 2 * COSINES[i];
            x[i * D + 1] = 2 * Math.sqrt(1 - COSINES[i] * COSINES[i]);
        }
        return Arrays.stream(x).map(v -> (float) v).toArray();
    }

    /** The label's class, one at a right angle, the label's vector again, one of length 0; each as often as there are centres. */
    private static double[] vectors(int centres) {
        double[][] classes = {{1, 0}, {0, 1}, {1, 0}, {0, 0}};
        double[] w = new double[CLASSES * centres * D];
        for (int v = 0; v < CLASSES * centres; v++) {
            System.arraycopy(classes[v / centres], 0, w, v * D, D);
        }
        return w;
    }

    private static HeadRun run(Device device, HeadFormula head) {
        return HeadRun.of(device, head, N, D, CLASSES, embeddings(), vectors(head.constants().centres()), SCALE, MARGIN);
    }

    /** Exact gradients are of length S |phi'| sin t / |x| at most, which is finite: 0 times infinity must not show. */
    @OnEveryDevice
    void allIsFiniteAndBounded(String name) {
        try (Device device = TestDevices.open(name)) {
            HeadFormulas.all().forEach(head -> {
                HeadRun outcome = run(device, head);
                String where = device + " " + head;
                assertTrue(Double.isFinite(outcome.loss()), where + " loss " + outcome.loss());
                assertTrue(Arrays.stream(outcome.target()).allMatch(Double::isFinite), where + " target " + Arrays.toString(outcome.target()));
                for (int i = 0; i < COSINES.length; i++) {
                    double length = Math.hypot(outcome.dx()[i * D], outcome.dx()[i * D + 1]);
                    assertTrue(length <= 8 * SCALE, where + " dx of cosine " + COSINES[i] + " is " + length + " long");
                }
                assertTrue(Arrays.stream(outcome.dx()).allMatch(Double::isFinite), where + " dx " + Arrays.toString(outcome.dx()));
                assertTrue(Arrays.stream(outcome.dw()).allMatch(Double::isFinite), where + " dw " + Arrays.toString(outcome.dw()));
            });
        }
    }

    @OnEveryDevice
    void conventions(String name) {
        try (Device device = TestDevices.open(name)) {
            HeadRun arc = run(device, HeadFormulas.named("arcface"));
            assertEquals(Math.cos(MARGIN), arc.phi(0), 1e-6);
            assertEquals(Math.cos(MARGIN) + Math.sin(MARGIN) / 1e-4, arc.slope(0), 1);
            assertEquals(-Math.cos(MARGIN), arc.phi(1), 1e-6, "past pi phi rises again");
            assertEquals(1, run(device, HeadFormulas.named("arcface, detached")).slope(0));
            HeadRun monotone = run(device, HeadFormulas.named("arcface, monotone"));
            double fall = MARGIN * Math.sin(MARGIN);
            assertEquals(-1 - fall, monotone.phi(1), 1e-6);
            assertEquals(1, monotone.slope(1));
            assertEquals(-Math.cos(MARGIN) - 1e-3 - fall, monotone.phi(4), 1e-6, "beyond the switch");
            assertTrue(Math.abs(monotone.phi(3) + 1) < 1e-6 || Math.abs(monotone.phi(3) + Math.cos(MARGIN) + fall) < 1e-6, "at the switch one of its sides: " + monotone.phi(3));
            HeadRun easy = run(device, HeadFormulas.named("arcface, easy"));
            assertEquals(0, easy.phi(2), 1e-6, "no margin at a right angle");
            assertEquals(1, easy.slope(2));
            HeadRun sphere = run(device, HeadFormulas.named("sphereface of m = 3"));
            double share = 1 / (1 + HeadFormulas.named("sphereface of m = 3").lambda());
            assertEquals(1, sphere.phi(0), 1e-6);
            assertEquals((1 + 9) * share, sphere.slope(0), 1e-5, "psi' is m squared at an angle of 0");
            assertEquals((-1 - 5) * share, sphere.phi(1), 1e-6, "psi_3 ends at -5");
            assertEquals((0.5 - 1) * share, sphere.phi(5), 1e-5, "both sides of the bend agree");
        }
    }
}
