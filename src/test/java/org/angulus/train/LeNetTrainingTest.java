package org.angulus.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import org.angulus.device.Device;
import org.angulus.device.StepScalars;
import org.angulus.device.TestDevices;
import org.angulus.model.CounterRandom;
import org.angulus.model.EmbeddingNetwork;
import org.angulus.model.FlatLayout;
import org.angulus.model.LeNetConfig;
import org.angulus.model.TensorSpec;
import org.angulus.model.Weights;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** LeNet++ beside its formulas in double: loss, a sample of every tensor's gradient, embeddings. */
class LeNetTrainingTest {
    private static final int CLASSES = 5;
    private static final int HEIGHT = 14;
    private static final int WIDTH = 13;
    private static final int SAMPLES = 4;
    private static final double STEP = 1e-6;

    @ParameterizedTest
    @CsvSource({"cpu, 16, 2", "cpu:avx2, 16, 2", "cpu:baseline, 4, 3", "simt, 4, 2", "cuda:0, 16, 2"})
    void lossGradientsAndEmbeddingsAreThoseOfTheFormulas(String name, int width, int n) {
        TrainingConfig config = TrainingConfig.parse("{\"network\": {\"kind\": \"le-net\"}, \"head\": {\"kind\": \"softmax\"}, \"batch\": " + n + "}")
                .withNetwork(new LeNetConfig(List.of(width, width, width), HEIGHT, WIDTH, 3, true));
        var grey = new byte[n * HEIGHT * WIDTH];
        var labels = new int[n];
        var random = new CounterRandom(7, "pixels");
        for (int i = 0; i < grey.length; i++) {
            grey[i] = (byte) random.bits(i);
            labels[i / HEIGHT / WIDTH] = i / HEIGHT / WIDTH % CLASSES;
        }
        try (Device device = TestDevices.open(name); var step = new TrainingStep(device, config, CLASSES, 0, 0)) {
            Weights weights = Weights.draw(step.layout().entries().stream().map(FlatLayout.Entry::spec).toList(), 3);
            var reference = new LeNetReference(config.network().build(), weights);
            step.load(weights, null, Map.of(), 0, 0);
            try (Arena arena = Arena.ofConfined()) {
                Golden.send(device, step, arena.allocateFrom(ValueLayout.JAVA_BYTE, grey), labels, new StepScalars(0, 0, 0, 0, 1, 0));
                step.launchMicroBatch(0);
                double loss = reference.loss(grey, labels);
                assertEquals(loss, step.summary().loss(), 1e-5 * loss);
            }
            Weights gradients = step.gradients();
            for (TensorSpec spec : weights.specs()) {
                checkGradient(reference, spec, gradients.get(spec), grey, labels);
            }
            checkEmbeddings(device, config, weights, reference, grey, n);
        }
    }

    /** Some elements against difference quotients, within what f32 loses through six layers against the tensor's largest. */
    private static void checkGradient(LeNetReference reference, TensorSpec spec, float[] gradient, byte[] grey, int[] labels) {
        double largest = 0;
        for (float g : gradient) {
            largest = Math.max(largest, Math.abs(g));
        }
        assertTrue(largest > 1e-6, "the gradient of " + spec.name() + " is nowhere above 1e-6");
        double[] values = reference.tensors.get(spec.name());
        for (int sample = 0; sample < SAMPLES; sample++) {
            int i = (int) ((long) sample * (values.length - 1) / (SAMPLES - 1));
            double before = values[i];
            values[i] = before + STEP;
            double above = reference.loss(grey, labels);
            values[i] = before - STEP;
            double below = reference.loss(grey, labels);
            values[i] = before;
            assertEquals((above - below) / (2 * STEP), gradient[i], 1e-4 * largest, "derivative by element " + i + " of " + spec.name());
        }
    }

    private static void checkEmbeddings(Device device, TrainingConfig config, Weights weights, LeNetReference reference, byte[] grey, int n) {
        int pixels = HEIGHT * WIDTH;
        var rgb = new byte[3 * grey.length];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = grey[i / 3];
        }
        try (var network = new EmbeddingNetwork(device, config.network(), config.input(), weights, n)) {
            float[][] embeddings = network.embed(rgb, n);
            for (int i = 0; i < n; i++) {
                var x = new double[pixels];
                for (int p = 0; p < pixels; p++) {
                    x[p] = (Byte.toUnsignedInt(grey[i * pixels + p]) - 127.5) / 128;
                }
                double[] expected = reference.embed(x);
                for (int d = 0; d < expected.length; d++) {
                    assertEquals(expected[d], embeddings[i][d], 1e-5 * Math.max(1, Math.abs(expected[d])), "number " + d + " of embedding " + i);
                }
            }
        }
    }
}
