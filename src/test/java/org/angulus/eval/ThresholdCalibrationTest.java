package org.angulus.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.angulus.data.DataException;
import org.angulus.data.Photo;
import org.angulus.eval.VerificationPairs.Pair;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ThresholdCalibrationTest {
    /** Pairs with these cosines: every photograph is on a circle and in one pair only. */
    private static EmbeddedPairs pairs(double[] impostors, double[] genuine) {
        List<Pair> list = new ArrayList<>();
        Map<Photo, float[]> embeddings = new HashMap<>();
        for (int i = 0; i < impostors.length + genuine.length; i++) {
            boolean same = i >= impostors.length;
            double cosine = same ? genuine[i - impostors.length] : impostors[i];
            Photo left = new Photo("A" + i, 1);
            Photo right = new Photo((same ? "A" : "B") + i, 2);
            embeddings.put(left, new float[] {1, 0});
            embeddings.put(right, new float[] {(float) cosine, (float) Math.sqrt(1 - cosine * cosine)});
            list.add(new Pair(left, right, same, 0));
        }
        return EmbeddedPairs.of(new VerificationPairs("drawn.txt", list, 1, false), embeddings::get);
    }

    private static double[] uniform(Random random, int count, double low, double high) {
        return random.doubles(count, low, high).toArray();
    }

    /** Scores spread evenly over [0, 1): the threshold of FAR f is 1 - f. */
    @Test
    void findsTheThresholdOfKnownScores() {
        Random random = new Random(4);
        ThresholdCalibration calibration =
                ThresholdCalibration.of("00000000", FlipFusion.SUM, pairs(uniform(random, 10_000, 0, 1), uniform(random, 500, 0.9, 1)), 0.01, 0.95);
        assertEquals(0.99, calibration.threshold(), 0.004);
        assertTrue(calibration.far() <= 0.01 && calibration.far() > 0.0098, "far " + calibration.far());
        assertTrue(calibration.thresholdInterval().low() < calibration.threshold() && calibration.threshold() < calibration.thresholdInterval().high());
        assertTrue(calibration.farInterval().low() < calibration.far() && calibration.far() < calibration.farInterval().high());
        assertEquals(0.1, calibration.tar(), 0.05);
        assertEquals(10_000, calibration.impostorPairs());
        assertEquals(500, calibration.genuinePairs());
        assertEquals("sum", calibration.flip());
        assertTrue(calibration.toText().contains("drawn.txt: 10,000 of different people, 500 of the same person"), calibration.toText());
    }

    /** The intervals hold the truth as often as they say, for the threshold and for the FAR behind the threshold found. */
    @Test
    void intervalsHoldTheTruth() {
        long start = Long.getLong("angulus.test.start", System.nanoTime());
        System.out.println("ThresholdCalibrationTest: -Dangulus.test.start=" + start);
        Random random = new Random(start);
        int rounds = 300;
        int threshold = 0;
        int far = 0;
        for (int i = 0; i < rounds; i++) {
            ThresholdCalibration calibration =
                    ThresholdCalibration.of("00000000", FlipFusion.NONE, pairs(uniform(random, 400, 0, 1), new double[] {0.5}), 0.02, 0.9);
            threshold += calibration.thresholdInterval().low() <= 0.98 && 0.98 <= calibration.thresholdInterval().high() ? 1 : 0;
            double truth = 1 - calibration.threshold();
            far += calibration.farInterval().low() <= truth && truth <= calibration.farInterval().high() ? 1 : 0;
        }
        // At least 0.9 in truth; five standard deviations of 300 rounds below that happen once in millions.
        double least = rounds * 0.9 - 5 * Math.sqrt(rounds * 0.9 * 0.1);
        assertTrue(threshold >= least, threshold + " of " + rounds);
        assertTrue(far >= least, far + " of " + rounds);
        assertTrue(threshold < rounds, "an interval that always holds says nothing");
    }

    @Test
    void tooFewImpostorPairsAreRefusedWithTheirNumber() {
        assertEquals(3688, ThresholdCalibration.impostorPairsNeeded(1e-3, 0.95));
        double[] scores = uniform(new Random(1), 3687, 0, 1);
        String message = assertThrows(IllegalArgumentException.class,
                () -> ThresholdCalibration.of("00000000", FlipFusion.NONE, pairs(scores, new double[] {0.5}), 1e-3, 0.95)).getMessage();
        assertEquals("a FAR of 0.001 needs at least 3,688 pairs of different people (confidence 0.95), but drawn.txt has 3,687, which suffice for 0.0011; "
                + "give more pairs or a higher FAR", message);
        ThresholdCalibration.of("00000000", FlipFusion.NONE, pairs(uniform(new Random(1), 3688, 0, 1), new double[] {0.5}), 1e-3, 0.95);
    }

    @Test
    void fileIsReadBack(@TempDir Path folder) throws IOException {
        ThresholdCalibration calibration =
                ThresholdCalibration.of("0badcafe", FlipFusion.NONE, pairs(uniform(new Random(2), 200, 0, 0.5), new double[] {0.5, 0.9}), 0.05, 0.95);
        Path file = Files.writeString(folder.resolve("threshold.json"), calibration.toJson());
        assertEquals(calibration, ThresholdCalibration.load(file));
        for (String damaged : new String[] {"", "[]", "{}", "no json {", calibration.toJson().replace("\"threshold\": ", "\"threshold\": 7"),
            calibration.toJson().replace("\"none\"", "\"sideways\""), calibration.toJson().replace("farInterval", "interval"),
            calibration.toJson().replace("\"impostorPairs\": 200", "\"impostorPairs\": \"many\"")}) {
            Files.writeString(file, damaged);
            String message = assertThrows(DataException.class, () -> ThresholdCalibration.load(file), damaged).getMessage();
            assertTrue(message.startsWith(file + ": it is no calibration") && message.endsWith("make it with angulus calibrate."), message);
        }
        Files.write(file, new byte[] {(byte) 0xC3, 0x28});
        assertTrue(assertThrows(DataException.class, () -> ThresholdCalibration.load(file)).getMessage().contains("it is not UTF-8 text"));
        assertTrue(assertThrows(DataException.class, () -> ThresholdCalibration.load(folder.resolve("absent"))).getMessage().contains("there is no such file"));
    }
}
