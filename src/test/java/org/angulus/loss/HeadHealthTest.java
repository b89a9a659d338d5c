package org.angulus.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.angulus.device.Device;
import org.angulus.device.DeviceBuffer;
import org.angulus.device.HeadKind;
import org.angulus.device.HeadSummary;
import org.angulus.device.StepScalars;
import org.angulus.device.TestDevices;
import org.angulus.device.Type;
import org.angulus.device.Write;
import org.angulus.model.ArenaPlanner;
import org.angulus.model.CounterRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeadHealthTest {
    private static final int N = 8;
    private static final int D = 12;
    private static final float SCALE = 12;
    private static final float MARGIN = 0.2f;

    /** What the device left after a micro-batch, against formulas in double precision; the many classes take three ranges. */
    @ParameterizedTest
    @CsvSource({
        "cpu, SOFTMAX, 5", "cpu, MODIFIED_SOFTMAX, 5", "cpu, NORMFACE, 5", "cpu, AM_SOFTMAX, 5", "cpu, AM_SOFTMAX, 2100", "cpu, SOFTMAX, 2100",
        "simt, AM_SOFTMAX, 5", "simt, SOFTMAX, 5"
    })
    void itIsWhatTheFormulasSay(String name, HeadKind kind, int classes) {
        var head = switch (kind) {
            case SOFTMAX -> MarginHead.softmax();
            case MODIFIED_SOFTMAX -> MarginHead.modifiedSoftmax();
            case NORMFACE -> MarginHead.normFace(SCALE);
            default -> MarginHead.amSoftmax(SCALE, MARGIN);
        };
        float[] x = numbers("x", N * D);
        float[] w = numbers("w", classes * D);
        float[] bias = numbers("bias", classes);
        // The first embeddings lie near their class vectors, so that every band has some.
        for (int i = 0; i < N / 2 * D; i++) {
            x[i] = 2 * w[i / D % classes * D + i % D] + 0.4f * (i / D) * x[i];
        }
        try (Device device = TestDevices.open(name); DeviceBuffer memory = device.allocate(8 << 20)) {
            var plan = new HeadPlan(device.ops(), head, classes, N, D, Type.F32, 0, 1);
            assertEquals(classes > 1024 ? 3 : 1, plan.ranges());
            var arena = new ArenaPlanner();
            plan.reserve(arena);
            var places = new long[9];
            for (int i = 0; i < places.length; i++) {
                places[i] = memory.address(i * (1L << 18));
            }
            boolean biased = kind == HeadKind.SOFTMAX;
            var a = new HeadPlan.Addresses(places[0], places[1], places[2], places[3], biased ? places[4] : 0, biased ? places[5] : 0, 0, 0, 0, places[6],
                    places[7], places[7] + 1024, memory.address(3L << 20), memory.address(5L << 20));
            assertTrue(arena.bytes() <= 2 << 20 && plan.workspaceBytes() <= 3 << 20);
            device.transfers().upload(places[0], x);
            device.transfers().upload(places[2], w);
            device.transfers().upload(places[4], bias);
            var labels = new int[N];
            for (int i = 0; i < N; i++) {
                labels[i] = i % classes;
            }
            device.transfers().upload(places[6], labels);
            device.transfers().upload(places[7], new StepScalars(0, 0, 0, (float) head.margin(), (float) head.scale(), 0));
            plan.run(device.ops(), a, Write.OVERWRITE);
            HeadSummary summary = device.transfers().summary(a.summary());
            compare(expected(kind, classes, x, w, bias, labels, summary, plan.ranges()), plan.health(device, a, head.margin()));
        }
    }

    private static float[] numbers(String name, int count) {
        var random = new CounterRandom(7, name);
        var values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.normal(i);
        }
        return values;
    }

    private static HeadHealth expected(HeadKind kind, int classes, float[] x, float[] w, float[] bias, int[] labels, HeadSummary summary, int ranges) {
        var rows = new ArrayList<HeadHealth.Row>();
        double lengths = 0;
        double loss = 0;
        for (int i = 0; i < N; i++) {
            double length = length(x, i);
            lengths += length / N;
            double scale = kind == HeadKind.MODIFIED_SOFTMAX ? length : SCALE;
            var cosines = new double[classes];
            var logits = new double[classes];
            for (int j = 0; j < classes; j++) {
                double dot = 0;
                for (int k = 0; k < D; k++) {
                    dot += (double) x[i * D + k] * w[j * D + k];
                }
                cosines[j] = dot / length / length(w, j);
                logits[j] = kind == HeadKind.SOFTMAX ? dot + bias[j] : scale * (cosines[j] - (j == labels[i] && kind == HeadKind.AM_SOFTMAX ? MARGIN : 0));
            }
            double sum = 0;
            int nearest = -1;
            for (int j = 0; j < classes; j++) {
                sum += Math.exp(logits[j]);
                nearest = j != labels[i] && (nearest < 0 || logits[j] > logits[nearest]) ? j : nearest;
            }
            double p = Math.exp(logits[labels[i]]) / sum;
            loss -= Math.log(p) / N;
            double slope = kind == HeadKind.SOFTMAX ? length * length(w, labels[i]) : scale;
            rows.add(new HeadHealth.Row(cosines[labels[i]], kind == HeadKind.SOFTMAX && ranges > 1 ? Double.NaN : cosines[nearest], slope * (1 - p)));
        }
        assertEquals(loss, summary.loss(), 1e-4 * loss);
        double classLengths = 0;
        for (int j = 0; j < classes; j++) {
            classLengths += length(w, j) / classes;
        }
        double bound = switch (kind) {
            case SOFTMAX -> Double.NaN;
            case MODIFIED_SOFTMAX -> Math.log1p((classes - 1) * Math.exp(-lengths * classes / (classes - 1)));
            case NORMFACE -> Math.log1p((classes - 1) * Math.exp(-SCALE * (double) classes / (classes - 1)));
            default -> Math.log1p((classes - 1) * Math.exp(-SCALE * (1 - MARGIN + 1.0 / (classes - 1))));
        };
        return HeadHealth.of(rows, lengths, classLengths, bound);
    }

    private static double length(float[] rows, int row) {
        double sum = 0;
        for (int k = 0; k < D; k++) {
            sum += (double) rows[row * D + k] * rows[row * D + k];
        }
        return Math.sqrt(sum);
    }

    private static void compare(HeadHealth expected, HeadHealth actual) {
        assertEquals(expected.targetAngle(), actual.targetAngle(), 0.02);
        assertEquals(expected.nearestAngle(), actual.nearestAngle(), 0.02);
        for (int i = 0; i < 4; i++) {
            assertEquals(expected.gradientShares().get(i), actual.gradientShares().get(i), 1e-4, "band " + i);
        }
        assertEquals(1, actual.gradientShares().stream().mapToDouble(Double::doubleValue).sum(), 1e-9);
        assertEquals(expected.embeddingNorm(), actual.embeddingNorm(), 1e-5 * expected.embeddingNorm());
        assertEquals(expected.classNorm(), actual.classNorm(), 1e-5 * expected.classNorm());
        assertEquals(expected.lowestLoss(), actual.lowestLoss(), 1e-5);
        assertTrue(actual.targetAngle() > 10 && actual.targetAngle() < 120, "a test of nothing: " + actual);
    }

    @Test
    void bandsCountTheirUpperEnds() {
        List<HeadHealth.Row> rows = List.of(
                new HeadHealth.Row(1, 0, 1), new HeadHealth.Row(Math.cos(Math.toRadians(45)), 0, 2), new HeadHealth.Row(Math.cos(Math.toRadians(89)), 0, 3),
                new HeadHealth.Row(-1, 1, 4));
        HeadHealth health = HeadHealth.of(rows, 1, 1, 0);
        assertEquals(List.of(0.1, 0.2, 0.3, 0.4), health.gradientShares());
        assertEquals((0 + 45 + 89 + 180) / 4.0, health.targetAngle(), 1e-9);
        assertTrue(HeadHealth.of(List.of(new HeadHealth.Row(1, 0, 0)), 1, 1, 0).gradientShares().stream().allMatch(share -> share.isNaN()));
    }
}
