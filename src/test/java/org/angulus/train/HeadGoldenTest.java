package org.angulus.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.angulus.device.Device;
import org.angulus.device.DeviceBuffer;
import org.angulus.device.HeadKind;
import org.angulus.device.HeadSummary;
import org.angulus.device.StepScalars;
import org.angulus.device.TestDevices;
import org.angulus.device.Type;
import org.angulus.device.Write;
import org.angulus.loss.Annealing;
import org.angulus.loss.HeadPlan;
import org.angulus.loss.MarginHead;
import org.angulus.model.ArenaPlanner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every head against PyTorch's restatement of its paper or published code (tools/golden/heads.py), in f64: loss, all gradients, state. */
class HeadGoldenTest {
    private static final int N = 6;
    private static final int D = 5;
    private static final int CLASSES = 7;
    private static final int MOST_CENTRES = 3;
    /** Of f32 sums of a few terms, through exponentials of logits of up to 64. */
    private static final double ERROR = 2e-5;

    private static JsonObject golden() throws IOException {
        return JsonParser.parseString(Files.readString(Path.of("src/test/resources/golden/heads.json"))).getAsJsonObject();
    }

    private static double[] doubles(JsonArray array) {
        return IntStream.range(0, array.size()).mapToDouble(i -> array.get(i).getAsDouble()).toArray();
    }

    private static float[] floats(double[] values) {
        var floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    /** Every kind but those of other golden files and the one that draws its margins stands in the file. */
    @Test
    void allHeadsAreThere() throws IOException {
        var kinds = Stream.of(HeadKind.values())
                .filter(kind -> kind != HeadKind.SOFTMAX && kind != HeadKind.MODIFIED_SOFTMAX && kind != HeadKind.ELASTICFACE)
                .map(kind -> RecordJson.write(kind).getAsString())
                .sorted().toList();
        JsonArray heads = golden().getAsJsonArray("heads");
        assertEquals(kinds, heads.asList().stream().map(one -> one.getAsJsonObject().getAsJsonObject("head").get("kind").getAsString()).distinct().sorted().toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "cpu:avx2", "cpu:baseline", "simt", "cuda:0"})
    void asPyTorch(String name) throws IOException {
        JsonObject golden = golden();
        float[] x = floats(doubles(golden.getAsJsonArray("x")));
        float[] allVectors = floats(doubles(golden.getAsJsonArray("w")));
        int[] labels = new int[N];
        for (int i = 0; i < N; i++) {
            labels[i] = golden.getAsJsonArray("labels").get(i).getAsInt();
        }
        try (Device device = TestDevices.open(name)) {
            for (var one : golden.getAsJsonArray("heads")) {
                compare(device, one.getAsJsonObject(), x, allVectors, labels);
            }
        }
    }

    private static void compare(Device device, JsonObject one, float[] x, float[] allVectors, int[] labels) {
        JsonObject json = one.getAsJsonObject("head");
        HeadKind kind = RecordJson.read(json.get("kind"), HeadKind.class, null, "kind");
        MarginHead head = RecordJson.read(json, MarginHead.class, MarginHead.of(kind).change().annealing(Annealing.NONE).build(), "head");
        String where = device + " " + json;
        var w = new float[CLASSES * head.centres() * D];
        for (int i = 0; i < w.length; i++) {
            int vector = i / D;
            w[i] = allVectors[(vector / head.centres() * MOST_CENTRES + vector % head.centres()) * D + i % D];
        }
        var plan = new HeadPlan(device.ops(), head, CLASSES, N, D, Type.F32, 1 << 20, 3);
        var arena = new ArenaPlanner();
        plan.reserve(arena);
        long[] sizes = {4L * x.length, 4L * x.length, 4L * w.length, 4L * w.length, 4, 4, 8, 4 * N, StepScalars.BYTES, HeadSummary.BYTES, arena.bytes(), plan.workspaceBytes()};
        long[] at = new long[sizes.length];
        long bytes = 0;
        for (int i = 0; i < sizes.length; i++) {
            at[i] = bytes;
            bytes += (sizes[i] + 255) / 256 * 256;
        }
        try (DeviceBuffer memory = device.allocate(bytes)) {
            for (int i = 0; i < at.length; i++) {
                at[i] += memory.address();
            }
            double number = kind == HeadKind.SPHEREFACE2 ? -2.5 : head.scale(CLASSES);
            boolean biased = kind == HeadKind.SPHEREFACE2;
            boolean learns = head.learnsScale();
            double[] state = doubles(one.getAsJsonArray("state"));
            device.transfers().upload(at[0], x);
            device.transfers().upload(at[2], w);
            device.transfers().upload(at[4], new float[] {(float) number});
            if (state.length > 0) {
                device.transfers().upload(at[6], floats(state));
            }
            device.transfers().upload(at[7], labels);
            device.transfers().upload(at[8], new StepScalars(0, 0, 0, (float) head.margin(), (float) head.scale(CLASSES), one.get("lambda").getAsFloat()));
            plan.run(device.ops(), new HeadPlan.Addresses(at[0], at[1], at[2], at[3], biased ? at[4] : 0, biased ? at[5] : 0, learns ? at[4] : 0,
                    learns ? at[5] : 0, state.length > 0 ? at[6] : 0, at[7], at[8], at[9], at[10], at[11]), Write.OVERWRITE);
            assertEquals(one.get("loss").getAsDouble(), device.transfers().summary(at[9]).loss(), ERROR * Math.max(1, one.get("loss").getAsDouble()), where);
            check(where + " dx", doubles(one.getAsJsonArray("dx")), device.transfers().floats(at[1], x.length));
            check(where + " dw", doubles(one.getAsJsonArray("dw")), device.transfers().floats(at[3], w.length));
            if (biased || learns) {
                check(where + " bias or scale", new double[] {one.get("dnumber").getAsDouble()}, device.transfers().floats(at[5], 1));
            }
            if (state.length > 0) {
                check(where + " state", doubles(one.getAsJsonArray("after")), device.transfers().floats(at[6], state.length));
            }
        }
    }

    private static void check(String what, double[] expected, float[] actual) {
        double error = 0;
        double norm = 0;
        assertEquals(expected.length, actual.length, what);
        for (int i = 0; i < expected.length; i++) {
            error += (expected[i] - actual[i]) * (expected[i] - actual[i]);
            norm += expected[i] * expected[i];
        }
        double share = Math.sqrt(error / norm);
        assertTrue(norm > 0 && share <= ERROR, () -> what + " differs by " + share);
    }
}
