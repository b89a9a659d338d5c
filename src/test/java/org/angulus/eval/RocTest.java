package org.angulus.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RocTest {
    /**
     * Scores 0.9s 0.8s 0.7d 0.6s 0.6d 0.4d: of the nine (s, d) combinations seven are in order and one is tied, so the area
     * is 7.5/9. The curve passes (0, 2/3), (1/3, 2/3), (2/3, 1): it meets 1 - FAR = TAR at FAR 1/3.
     */
    @Test
    void aHandComputedCase() {
        Roc roc = Roc.of(
                new double[] {0.9, 0.8, 0.7, 0.6, 0.6, 0.4}, new boolean[] {true, true, false, true, false, false});
        assertEquals(7.5 / 9, roc.areaUnderCurve(), 1e-15);
        assertEquals(1.0 / 3, roc.equalErrorRate(), 1e-15);
        assertEquals(
                List.of(
                        new Roc.Point(Double.POSITIVE_INFINITY, 0, 0),
                        new Roc.Point(0.8, 0, 2.0 / 3),
                        new Roc.Point(0.7, 1.0 / 3, 2.0 / 3),
                        new Roc.Point(0.6, 2.0 / 3, 1),
                        new Roc.Point(0.4, 1, 1)),
                roc.points());
        assertEquals(new Roc.Point(0.8, 0, 2.0 / 3), roc.tarAtFar(0));
        assertEquals(new Roc.Point(0.8, 0, 2.0 / 3), roc.tarAtFar(0.333));
        assertEquals(new Roc.Point(0.7, 1.0 / 3, 2.0 / 3), roc.tarAtFar(1.0 / 3));
        assertEquals(new Roc.Point(0.6, 2.0 / 3, 1), roc.tarAtFar(0.7));
        assertEquals(new Roc.Point(0.4, 1, 1), roc.tarAtFar(1));
    }

    @Test
    void theExtremes() {
        Roc perfect = Roc.of(new double[] {1, 2, 3, 4}, new boolean[] {false, false, true, true});
        assertEquals(1, perfect.areaUnderCurve());
        assertEquals(0, perfect.equalErrorRate());
        assertEquals(new Roc.Point(3, 0, 1), perfect.tarAtFar(0));
        Roc inverted = Roc.of(new double[] {1, 2, 3, 4}, new boolean[] {true, true, false, false});
        assertEquals(0, inverted.areaUnderCurve());
        assertEquals(1, inverted.equalErrorRate());
        assertEquals(new Roc.Point(Double.POSITIVE_INFINITY, 0, 0), inverted.tarAtFar(0));
        Roc blind = Roc.of(new double[] {5, 5, 5, 5}, new boolean[] {true, false, true, false});
        assertEquals(0.5, blind.areaUnderCurve());
        assertEquals(0.5, blind.equalErrorRate());
        assertEquals(2, blind.positives());
        assertEquals(2, blind.negatives());
    }

    /** The share allowed / n must be found for every representable target k / n, where the product k / n * n may round. */
    @Test
    void everyResolvableFarIsReached() {
        int n = 300;
        double[] scores = new double[n + 1];
        boolean[] same = new boolean[n + 1];
        same[n] = true;
        scores[n] = 1000;
        for (int i = 0; i < n; i++) {
            scores[i] = i;
        }
        Roc roc = Roc.of(scores, same);
        for (int k = 0; k <= n; k++) {
            assertEquals((double) k / n, roc.tarAtFar((double) k / n).far());
            if (k > 0) {
                assertEquals((double) (k - 1) / n, roc.tarAtFar(Math.nextDown((double) k / n)).far());
            }
        }
    }

    @Test
    void againstBruteForce() {
        long start = Long.getLong("angulus.test.start", System.nanoTime());
        System.out.println("RocTest.againstBruteForce: -Dangulus.test.start=" + start);
        Random random = new Random(start);
        for (int round = 0; round < 200; round++) {
            int n = 2 + random.nextInt(60);
            int levels = 1 + random.nextInt(40);
            double[] scores = new double[n];
            boolean[] same = new boolean[n];
            for (int i = 0; i < n; i++) {
                same[i] = i == 0 || i > 1 && random.nextBoolean();
                scores[i] = random.nextInt(levels) / 7.0 + (same[i] ? 0.3 : 0) * random.nextInt(3);
            }
            Roc roc = Roc.of(scores, same);
            assertEquals(bruteArea(scores, same), roc.areaUnderCurve(), 1e-12);
            List<Roc.Point> all = brutePoints(scores, same);
            assertTrue(all.containsAll(roc.points()), "corners are points of the curve");
            double area = 0;
            List<Roc.Point> corners = roc.points();
            for (int i = 1; i < corners.size(); i++) {
                area += (corners.get(i).far() - corners.get(i - 1).far())
                        * (corners.get(i).tar() + corners.get(i - 1).tar()) / 2;
            }
            assertEquals(roc.areaUnderCurve(), area, 1e-12, "dropping points on straight lines keeps the area");
            assertEquals(bruteEqualErrorRate(all), roc.equalErrorRate(), 1e-9);
            for (double target : new double[] {0, 1e-3, 0.05, 0.25, 1.0 / 3, 0.5, random.nextDouble(), 1}) {
                // Thresholds descend, so the last that qualifies is the lowest.
                Roc.Point expected = all.stream().filter(p -> p.far() <= target).toList().getLast();
                assertEquals(expected, roc.tarAtFar(target), "target " + target);
            }
        }
    }

    @Test
    void badInputIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Roc.of(new double[2], new boolean[3]));
        assertThrows(IllegalArgumentException.class, () -> Roc.of(new double[2], new boolean[2]));
        assertThrows(
                IllegalArgumentException.class,
                () -> Roc.of(new double[] {1, Double.NaN}, new boolean[] {true, false}));
        Roc roc = Roc.of(new double[] {1, 2}, new boolean[] {true, false});
        assertThrows(IllegalArgumentException.class, () -> roc.tarAtFar(Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> roc.tarAtFar(-0.1));
    }

    private static double bruteArea(double[] scores, boolean[] same) {
        double wins = 0;
        int combinations = 0;
        for (int i = 0; i < scores.length; i++) {
            for (int j = 0; j < scores.length; j++) {
                if (same[i] && !same[j]) {
                    combinations++;
                    wins += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
                }
            }
        }
        return wins / combinations;
    }

    private static List<Roc.Point> brutePoints(double[] scores, boolean[] same) {
        List<Roc.Point> points = new ArrayList<>();
        points.add(new Roc.Point(Double.POSITIVE_INFINITY, 0, 0));
        double[] thresholds = Arrays.stream(scores).distinct().sorted().toArray();
        for (int t = thresholds.length - 1; t >= 0; t--) {
            int accepted = 0;
            int falselyAccepted = 0;
            int positives = 0;
            for (int i = 0; i < scores.length; i++) {
                positives += same[i] ? 1 : 0;
                if (scores[i] >= thresholds[t]) {
                    accepted += same[i] ? 1 : 0;
                    falselyAccepted += same[i] ? 0 : 1;
                }
            }
            points.add(new Roc.Point(
                    thresholds[t],
                    (double) falselyAccepted / (scores.length - positives),
                    (double) accepted / positives));
        }
        return points;
    }

    /** Bisection along the polyline, parametrised by its length in points. */
    private static double bruteEqualErrorRate(List<Roc.Point> points) {
        double low = 0;
        double high = points.size() - 1;
        for (int step = 0; step < 100; step++) {
            double middle = (low + high) / 2;
            if (far(points, middle) + tar(points, middle) < 1) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return far(points, high);
    }

    private static double far(List<Roc.Point> points, double at) {
        int i = Math.min((int) at, points.size() - 2);
        return points.get(i).far() + (at - i) * (points.get(i + 1).far() - points.get(i).far());
    }

    private static double tar(List<Roc.Point> points, double at) {
        int i = Math.min((int) at, points.size() - 2);
        return points.get(i).tar() + (at - i) * (points.get(i + 1).tar() - points.get(i).tar());
    }
}
