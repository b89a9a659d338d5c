package org.angulus.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.angulus.device.Device;
import org.angulus.device.HeadKind;
import org.angulus.device.SgdRule;
import org.angulus.device.StepScalars;
import org.angulus.device.TestDevices;
import org.angulus.loss.MarginHead;
import org.angulus.model.EmbeddingNetwork;
import org.angulus.model.FlatLayout;
import org.angulus.model.InputFormat;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.SafeTensors;
import org.angulus.model.TensorSpec;
import org.angulus.model.Variant;
import org.angulus.model.Weights;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ten steps of the small test network against PyTorch in f64: every gradient of the first, ten losses, all weights after the last. */
class TestNetworkTest {
    static final int BATCH = 8;
    static final int CLASSES = 10;
    private static final int STEPS = 10;
    static final int PIXELS = 32 * 24 * 3;

    /** Plain sums stay within 2.3 of the stated errors; Winograd's transforms lose about four times more. */
    private static final double ERRORS = 32;

    static ResFaceConfig network(Variant variant) {
        return ResFaceConfig.of("resface10", variant).withWidths(List.of(8, 16, 16, 32)).withCrop(32, 24).withEmbeddingSize(16);
    }

    static TrainingConfig config(Variant variant, MarginHead head) {
        TrainingConfig config = TrainingConfig.parse("""
                {"batch": 8, "flip": false}
                """).withNetwork(network(variant)).withHead(head);
        assertEquals(new Optimizer.Sgd(0.9, SgdRule.Convention.TORCH, false), config.optimizer());
        assertEquals(ParameterRules.DECAY, config.decay());
        return config;
    }

    static MarginHead head(HeadKind kind) {
        return switch (kind) {
            case SOFTMAX -> MarginHead.softmax();
            case MODIFIED_SOFTMAX -> MarginHead.modifiedSoftmax();
            case NORMFACE -> MarginHead.normFace(16);
            default -> MarginHead.of(kind);
        };
    }

    /** The start values of the golden files; running statistics 0 and 1. */
    static Weights initial(TrainingStep step, Variant variant) throws IOException {
        try (SafeTensors start = Golden.open("testnet-" + name(variant))) {
            List<TensorSpec> statistics = step.statistics().entries().stream().map(FlatLayout.Entry::spec).toList();
            Weights weights = Weights.draw(statistics, 0);
            for (FlatLayout.Entry entry : step.layout().entries()) {
                weights.put(entry.spec(), start.floats("init." + entry.spec().name()));
            }
            return weights;
        }
    }

    private static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    @ParameterizedTest
    @CsvSource({
        "cpu, ARTICLE, SOFTMAX", "cpu, ARTICLE, MODIFIED_SOFTMAX", "cpu, ARTICLE, NORMFACE", "cpu, ARTICLE, AM_SOFTMAX",
        "cpu, CAFFE, SOFTMAX", "cpu, CAFFE, MODIFIED_SOFTMAX", "cpu, CAFFE, NORMFACE", "cpu, CAFFE, AM_SOFTMAX",
        "simt, ARTICLE, AM_SOFTMAX", "simt, CAFFE, SOFTMAX", "cuda:0, ARTICLE, AM_SOFTMAX", "cuda:0, CAFFE, MODIFIED_SOFTMAX"
    })
    void tenStepsAreThoseOfPyTorch(String name, Variant variant, HeadKind kind) throws IOException {
        try (Device device = TestDevices.open(name);
                SafeTensors golden = Golden.open("testnet-" + name(variant) + "-" + name(kind));
                SafeTensors data = Golden.open("testnet-data");
                var step = new TrainingStep(device, config(variant, head(kind)), CLASSES, 0, 0)) {
            step.load(initial(step, variant), null, Map.of(), 0, 0);
            for (int i = 0; i < STEPS; i++) {
                MemorySegment images = data.data("images").asSlice((long) i * BATCH * PIXELS, (long) BATCH * PIXELS);
                int[] labels = Golden.ints(data, "labels", i * BATCH, BATCH);
                float rate = Float.parseFloat(golden.metadata().get("learning_rate"));
                MarginHead head = head(kind);
                Golden.send(device, step, images, labels, new StepScalars(i, i, rate, (float) head.margin(), (float) head.scale(), 0));
                step.launchMicroBatch(0);
                if (i == 0) {
                    checkGradients(golden, step);
                }
                step.launchUpdate();
                check(golden, "losses", new float[] {step.summary().loss()}, new float[] {(float) doubles(golden, "losses")[i]}, "loss " + i);
                assertEquals(i + 1, step.control().appliedSteps());
            }
            Weights weights = step.weights();
            for (TensorSpec spec : weights.specs()) {
                check(golden, "final", weights.get(spec), golden.floats("final." + spec.name()), spec.name());
            }
            checkEmbedding(device, golden, data, weights, variant);
        }
    }

    private static void checkGradients(SafeTensors golden, TrainingStep step) throws IOException {
        Weights gradients = step.gradients();
        int checked = 0;
        for (TensorSpec spec : gradients.specs()) {
            check(golden, "grad", gradients.get(spec), golden.floats("grad." + spec.name()), "gradient of " + spec.name());
            checked++;
        }
        assertEquals(golden.entries().stream().filter(entry -> entry.name().startsWith("grad.")).count(), checked);
    }

    /** The folded network gives what PyTorch's evaluation mode gives. */
    private static void checkEmbedding(Device device, SafeTensors golden, SafeTensors data, Weights weights, Variant variant) throws IOException {
        try (var network = new EmbeddingNetwork(device, network(variant), InputFormat.DEFAULT, weights, BATCH)) {
            float[][] embeddings = network.embed(data.data("images").asSlice(0, (long) BATCH * PIXELS), BATCH, false);
            float[] expected = golden.floats("eval_embedding");
            var actual = new float[expected.length];
            for (int i = 0; i < BATCH; i++) {
                System.arraycopy(embeddings[i], 0, actual, i * 16, 16);
            }
            check(golden, "eval_embedding", actual, expected, "embedding");
        }
    }

    private static void check(SafeTensors golden, String group, float[] actual, float[] expected, String what) {
        double tolerance = ERRORS * Golden.float32Error(golden.metadata(), group);
        double error = Golden.relativeError(actual, expected);
        assertTrue(error <= tolerance, () -> what + " differs by " + error + ", more than " + tolerance);
    }

    private static double[] doubles(SafeTensors golden, String name) throws IOException {
        return golden.data(name).toArray(ValueLayout.JAVA_DOUBLE_UNALIGNED);
    }
}
