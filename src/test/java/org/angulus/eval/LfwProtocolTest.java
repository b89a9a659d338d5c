package org.angulus.eval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.angulus.data.Photo;
import org.angulus.eval.VerificationPairs.Pair;
import org.junit.jupiter.api.Test;

class LfwProtocolTest {
    private static final Photo EAST = new Photo("East", 1);

    /**
     * Two folds over plane vectors with rational cosines to (1, 0). Fold 1: same 12/13, different 5/13; fold 2: same 15/17,
     * different 8/17. Squared distances are 2 - 2 cos: 0.1538, 1.2308; 0.2353, 1.0588.
     */
    private static EmbeddedPairs handCase() {
        Map<Photo, float[]> features = new HashMap<>();
        features.put(EAST, new float[] {2, 0});
        features.put(new Photo("East", 2), new float[] {12, 5});
        features.put(new Photo("North", 1), new float[] {5, -12});
        features.put(new Photo("East", 3), new float[] {15, 8});
        features.put(new Photo("North", 2), new float[] {8, 15});
        return EmbeddedPairs.of(
                new VerificationPairs(
                        "hand",
                        List.of(
                                new Pair(EAST, new Photo("East", 2), true, 0),
                                new Pair(EAST, new Photo("North", 1), false, 0),
                                new Pair(EAST, new Photo("East", 3), true, 1),
                                new Pair(EAST, new Photo("North", 2), false, 1)),
                        2,
                        true),
                features::get);
    }

    /** Trained on fold 2 the first best threshold is 0.24, right for all of fold 1; trained on fold 1 it is 0.16. */
    @Test
    void facenetByHand() {
        LfwProtocol.Result result = LfwProtocol.facenet().evaluate(handCase());
        assertEquals(List.of(new LfwProtocol.Fold(2, 0.24, 1), new LfwProtocol.Fold(2, 0.16, 0.5)), result.folds());
        assertEquals(0.75, result.mean(), 1e-15);
        assertEquals(0.25, result.standardDeviation(), 1e-15);
        assertEquals(Math.sqrt(0.125) / Math.sqrt(2), result.standardError(), 1e-15);
        assertEquals(0.24, result.bestThreshold());
        assertEquals(1, result.bestAccuracy());
    }

    /** The best thresholds of fold 2 are 0.4706 to 0.8823, of fold 1 0.3847 to 0.9230; their means are taken. */
    @Test
    void spherefaceByHand() {
        LfwProtocol.Result result = new LfwProtocol(ThresholdRule.SPHEREFACE, false).evaluate(handCase());
        assertEquals((0.4706 + 0.8823) / 2, result.folds().get(0).threshold(), 1e-12);
        assertEquals((0.3847 + 0.9230) / 2, result.folds().get(1).threshold(), 1e-12);
        assertEquals(1, result.mean());
        assertEquals(0, result.standardDeviation());
        assertEquals(0, result.standardError());
        assertEquals((0.4706 + 0.8823) / 2, result.bestThreshold(), 1e-12);
    }

    @Test
    void valuesOnAThresholdFollowTheirCode() {
        double[] same = {0.5};
        double[] different = {0.5};
        assertEquals(1, ThresholdRule.FACENET.correct(same, different, 0.5), "a distance must be below");
        assertEquals(0, ThresholdRule.SPHEREFACE.correct(same, different, 0.5), "a cosine on it is wrong either way");
        assertEquals(399 * 0.01, ThresholdRule.FACENET.threshold(399));
        assertEquals(1, ThresholdRule.SPHEREFACE.threshold(20_000));
        assertEquals(-1, ThresholdRule.SPHEREFACE.threshold(0));
    }

    @Test
    void bothRulesAgreeWithBruteForceOnRandomPairs() {
        long start = Long.getLong("angulus.test.start", System.nanoTime());
        System.out.println("LfwProtocolTest: -Dangulus.test.start=" + start);
        for (int round = 0; round < 4; round++) {
            EmbeddedPairs pairs = randomPairs(new Random(start + round));
            for (LfwProtocol protocol : List.of(
                    LfwProtocol.facenet(), LfwProtocol.sphereface(), new LfwProtocol(ThresholdRule.SPHEREFACE, false))) {
                LfwProtocol.Result result = protocol.evaluate(pairs);
                double sum = 0;
                double squares = 0;
                for (int fold = 0; fold < 10; fold++) {
                    double[] expected = bruteFold(pairs, protocol, fold);
                    LfwProtocol.Fold actual = result.folds().get(fold);
                    assertEquals(expected[0], actual.threshold(), 1e-12, protocol + " fold " + fold);
                    assertEquals(expected[1], actual.accuracy(), 1e-15, protocol + " fold " + fold);
                    sum += expected[1];
                    squares += expected[1] * expected[1];
                }
                double variance = squares / 10 - sum * sum / 100;
                assertTrue(variance > 0, "a test without spread would prove nothing");
                assertEquals(sum / 10, result.mean(), 1e-14);
                assertEquals(Math.sqrt(variance), result.standardDeviation(), 1e-9);
                assertEquals(Math.sqrt(variance * 10 / 9 / 10), result.standardError(), 1e-9);
                double[] best = bruteFold(pairs, protocol, -1);
                assertEquals(best[0], result.bestThreshold(), 1e-12);
                assertEquals(best[1], result.bestAccuracy(), 1e-15);
            }
        }
    }

    @Test
    void missingPhotographsAreNamedAndTheirPairsLeftOut() {
        EmbeddedPairs pairs = randomPairs(new Random(7));
        Photo gone = pairs.tested().getFirst().left();
        long affected = pairs.tested().stream()
                .filter(pair -> pair.left().equals(gone) || pair.right().equals(gone))
                .count();
        EmbeddedPairs rest =
                EmbeddedPairs.of(pairs.list(), photo -> photo.equals(gone) ? null : pairs.feature(photo));
        assertTrue(affected > 0);
        assertEquals(pairs.tested().size() - affected, rest.tested().size());
        assertTrue(rest.missing().contains(gone));
        int tested = LfwProtocol.facenet().evaluate(rest).folds().stream()
                .mapToInt(LfwProtocol.Fold::pairs)
                .sum();
        assertEquals(rest.tested().size(), tested);
    }

    @Test
    void unusableEmbeddingsAreRefusedByName() {
        EmbeddedPairs pairs = handCase();
        refused(pairs, new float[] {0, 0}, "East_0003 has the norm 0.0");
        refused(pairs, new float[] {Float.NaN, 1}, "East_0003 has the norm NaN");
        refused(pairs, new float[] {Float.POSITIVE_INFINITY, 1}, "East_0003 has the norm Infinity");
        refused(pairs, new float[] {1, 2, 3}, "East_0003 has 3 numbers where the others have 2");
        refused(pairs, null, "fold 2 of hand has no pair of the same person left, because photographs that are"
                + " missing or cannot be used number 1, the first East_0003");
        assertThrows(IllegalArgumentException.class, () -> new LfwProtocol(ThresholdRule.FACENET, true));
    }

    private static void refused(EmbeddedPairs pairs, float[] feature, String sentence) {
        Photo photo = new Photo("East", 3);
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> EmbeddedPairs.of(pairs.list(), p -> p.equals(photo) ? feature : pairs.feature(p)))
                .getMessage();
        assertTrue(message.contains(sentence), message);
    }

    @Test
    void flipFusion() {
        float[] plain = {1, -2};
        float[] flipped = {0.5f, 3};
        assertArrayEquals(new float[] {1, -2}, FlipFusion.NONE.fuse(plain, null));
        assertArrayEquals(new float[] {1.5f, 1}, FlipFusion.SUM.fuse(plain, flipped));
        assertArrayEquals(new float[] {1, -2, 0.5f, 3}, FlipFusion.CONCAT.fuse(plain, flipped));
        assertArrayEquals(new float[] {1, -2}, plain, "the input is left alone");
        assertThrows(IllegalArgumentException.class, () -> FlipFusion.SUM.fuse(plain, new float[3]));
    }

    /** 300 pairs in 10 folds over 60 photographs of 12 people in 6 dimensions, off centre, three photographs missing. */
    static EmbeddedPairs randomPairs(Random random) {
        Map<Photo, float[]> features = new HashMap<>();
        List<Photo> photos = new ArrayList<>();
        for (int person = 0; person < 12; person++) {
            double[] centre = random.doubles(6, -1, 1).toArray();
            for (int number = 1; number <= 5; number++) {
                float[] feature = new float[6];
                for (int i = 0; i < 6; i++) {
                    feature[i] = (float) (centre[i] + 0.9 * random.nextGaussian() + 0.5);
                }
                photos.add(new Photo("Person" + person, number));
                features.put(photos.getLast(), feature);
            }
        }
        List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            int left = random.nextInt(60);
            boolean same = i % 2 == 0;
            int right = same
                    ? left / 5 * 5 + (left + 1 + random.nextInt(4)) % 5
                    : (left / 5 * 5 + 5 + random.nextInt(55)) % 60;
            pairs.add(new Pair(photos.get(left), photos.get(right), same, i / 30));
        }
        for (int i = 0; i < 3; i++) {
            features.remove(photos.get(random.nextInt(60)));
        }
        return EmbeddedPairs.of(new VerificationPairs("random", pairs, 10, true), features::get);
    }

    /** Threshold chosen outside the fold and accuracy inside it, by plain loops; fold -1 chooses and tests on all. */
    private static double[] bruteFold(EmbeddedPairs pairs, LfwProtocol protocol, int fold) {
        boolean cosine = protocol.rule() == ThresholdRule.SPHEREFACE;
        double[] mean = new double[pairs.dimension()];
        if (protocol.subtractMean()) {
            int count = 0;
            for (Pair pair : pairs.tested()) {
                if (pair.fold() != fold) {
                    for (Photo photo : List.of(pair.left(), pair.right())) {
                        count++;
                        for (int i = 0; i < mean.length; i++) {
                            mean[i] += pairs.feature(photo)[i];
                        }
                    }
                }
            }
            for (int i = 0; i < mean.length; i++) {
                mean[i] /= count;
            }
        }
        double[] values = pairs.tested().stream()
                .mapToDouble(pair -> value(pairs, pair, mean, cosine))
                .toArray();
        List<Double> best = new ArrayList<>();
        int bestRight = -1;
        for (int t = 0; t < (cosine ? 20_001 : 400); t++) {
            double threshold = cosine ? -1 + t * 1e-4 : t / 100.0;
            int right = 0;
            for (int i = 0; i < values.length; i++) {
                Pair pair = pairs.tested().get(i);
                right += pair.fold() != fold && right(pair.same(), values[i], cosine, threshold) ? 1 : 0;
            }
            if (right > bestRight) {
                bestRight = right;
                best.clear();
            }
            if (right == bestRight) {
                best.add(threshold);
            }
        }
        double chosen = cosine
                ? best.stream().mapToDouble(Double::doubleValue).average().orElseThrow()
                : best.getFirst();
        int right = 0;
        int tested = 0;
        for (int i = 0; i < values.length; i++) {
            Pair pair = pairs.tested().get(i);
            if (fold < 0 || pair.fold() == fold) {
                tested++;
                right += right(pair.same(), values[i], cosine, chosen) ? 1 : 0;
            }
        }
        return new double[] {chosen, (double) right / tested};
    }

    private static boolean right(boolean same, double value, boolean cosine, double threshold) {
        if (cosine) {
            return same ? value > threshold : value < threshold;
        }
        return same == value < threshold;
    }

    private static double value(EmbeddedPairs pairs, Pair pair, double[] mean, boolean cosine) {
        double[] left = unit(pairs.feature(pair.left()), mean);
        double[] right = unit(pairs.feature(pair.right()), mean);
        double product = 0;
        double distance = 0;
        for (int i = 0; i < left.length; i++) {
            product += left[i] * right[i];
            distance += Math.pow(left[i] - right[i], 2);
        }
        return cosine ? product : distance;
    }

    private static double[] unit(float[] feature, double[] mean) {
        double[] unit = new double[feature.length];
        double squares = 0;
        for (int i = 0; i < unit.length; i++) {
            unit[i] = feature[i] - mean[i];
            squares += unit[i] * unit[i];
        }
        for (int i = 0; i < unit.length; i++) {
            unit[i] /= Math.sqrt(squares);
        }
        return unit;
    }
}
