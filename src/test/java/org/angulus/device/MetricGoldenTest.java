package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Losses and gradients of pytorch-metric-learning, of PyTorch, and of formulas under autograd (tools/golden/metric.py), against the ops. */
class MetricGoldenTest {
    private static final JsonObject GOLDEN = load();
    private static final int N = GOLDEN.get("n").getAsInt();
    private static final int D = GOLDEN.get("d").getAsInt();

    private static JsonObject load() {
        try (var in = new InputStreamReader(MetricGoldenTest.class.getResourceAsStream("/golden/metric.json"), StandardCharsets.UTF_8)) {
            return JsonParser.parseReader(in).getAsJsonObject();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static double[] doubles(JsonArray array) {
        return array.asList().stream().mapToDouble(JsonElement::getAsDouble).toArray();
    }

    private record Result(double loss, double[] dx, double dbeta) {
    }

    private static Result run(GuardedMemory memory, JsonObject one) {
        Ops ops = memory.device().ops();
        MetricKind kind = MetricKind.valueOf(one.get("kind").getAsString().toUpperCase(Locale.ROOT));
        PairDistance distance = PairDistance.valueOf(one.get("distance").getAsString().toUpperCase(Locale.ROOT));
        PairSelection selection = PairSelection.valueOf(one.get("selection").getAsString().toUpperCase(Locale.ROOT).replace('-', '_'));
        boolean margin = kind == MetricKind.MARGIN;
        Matrix shape = new Matrix(N, D, Type.F32);
        long x = memory.input(doubles(GOLDEN.getAsJsonArray("x")));
        long inverse = memory.output(N);
        long rows = x;
        if (one.get("normalized").getAsBoolean()) {
            rows = memory.output(N * D);
            ops.normalizeForward(shape, NormGuard.CLAMP_LENGTH, x, inverse, rows);
        }
        long distances = memory.output(N * N);
        ops.metricDistances(shape, distance, rows, distances, memory.workspace(Op.METRIC_DISTANCES, N, D));
        int[] labels = Arrays.stream(doubles(GOLDEN.getAsJsonArray("labels"))).mapToInt(v -> (int) v).toArray();
        MetricOperands operands = new MetricOperands(kind, distance, selection, one.get("soft").getAsBoolean(), one.get("ofActive").getAsBoolean(), false, N, D, 0, 0, 0,
                1, one.get("pull").getAsFloat(), one.get("nu").getAsFloat(), 0, distances, memory.input(labels),
                memory.input(new double[] {one.get("margin").getAsFloat()}), margin ? memory.input(new double[] {one.get("beta").getAsFloat()}) : 0, 0, 0, 0,
                memory.input(new StepScalars(0, 0, 0, 0, 0, 0)));
        long coefficients = memory.output(N * N);
        long dbeta = margin ? memory.output(N) : 0;
        long summary = memory.bytes(MetricSummary.BYTES);
        ops.metricLoss(operands, coefficients, dbeta, summary, memory.workspace(Op.METRIC_LOSS, N, N));
        long dx = memory.output(N * D);
        ops.metricBackward(shape, distance, Write.OVERWRITE, rows, distances, coefficients, dx, memory.workspace(Op.METRIC_BACKWARD, N, D));
        if (rows != x) {
            long raw = memory.output(N * D);
            ops.normalizeBackward(shape, NormGuard.CLAMP_LENGTH, dx, x, inverse, raw);
            dx = raw;
        }
        return new Result(memory.device().transfers().metricSummary(summary).loss(), memory.read(dx, N * D), margin ? Arrays.stream(memory.read(dbeta, N)).sum() : 0);
    }

    @OnEveryDevice
    void lossesAndGradients(String name) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.require(device, Op.METRIC_LOSS, Type.F32);
            assertEquals(9, GOLDEN.getAsJsonObject("cases").size());
            for (Map.Entry<String, JsonElement> entry : GOLDEN.getAsJsonObject("cases").entrySet()) {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    JsonObject one = entry.getValue().getAsJsonObject();
                    Result result = run(memory, one);
                    assertEquals(one.get("loss").getAsDouble(), result.loss, 2e-6, entry.getKey() + ": loss");
                    double[] dx = doubles(one.getAsJsonArray("dx"));
                    assertTrue(Arrays.stream(dx).map(Math::abs).max().orElseThrow() > 1e-3, "the gradient proves something");
                    for (int i = 0; i < dx.length; i++) {
                        assertEquals(dx[i], result.dx[i], 2e-6, entry.getKey() + ": dx " + i);
                    }
                    assertEquals(one.get("dbeta").getAsDouble(), result.dbeta, 2e-6, entry.getKey() + ": dbeta");
                }
            }
        }
    }

    /**
     * Where public code computes otherwise by convention: pytorch-metric-learning's contrastive loss takes distances, not their halved squares, and means over the pairs
     * of one person and of two apart; its margin loss over all triplets counts a pair once for each triplet; its smooth triplet loss keeps the margin.
     */
    @Test
    void conventionsOfOthers() {
        try (Device device = Device.open("cpu"); GuardedMemory memory = new GuardedMemory(device)) {
            JsonObject cases = GOLDEN.getAsJsonObject("cases");
            JsonObject others = GOLDEN.getAsJsonObject("conventions");
            double[] d = MetricReference.distances(PairDistance.EUCLIDEAN, N, D, doubles(GOLDEN.getAsJsonArray("x"))).value;
            double[] labels = doubles(GOLDEN.getAsJsonArray("labels"));
            double[] sums = new double[4];
            for (int at = 0; at < N * N; at++) {
                boolean same = labels[at / N] == labels[at % N];
                double term = same ? d[at] : Math.max(0, 1.5 - d[at]);
                if (at / N != at % N && term > 0) {
                    sums[same ? 0 : 2] += term;
                    sums[same ? 1 : 3]++;
                }
            }
            assertEquals(others.get("pml ContrastiveLoss of margin 1.5").getAsDouble(), sums[0] / sums[1] + sums[2] / sums[3], 1e-9);
            assertTrue(Math.abs(others.get("pml MarginLoss over all triplets").getAsDouble() - run(memory, cases.getAsJsonObject("formula: margin-based")).loss) > 0.01);
            double smooth = run(memory, cases.getAsJsonObject("pml smooth loss of margin 0")).loss;
            assertTrue(others.get("pml smooth loss of margin 0.2").getAsDouble() > smooth + 0.05, "the margin counts there");
        }
    }
}
