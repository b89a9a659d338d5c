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

/** LeNet++ as it trains: its loss is that of the embeddings it gives, and every tensor's gradient that of the loss. */
class LeNetTrainingTest {
    private static final int CLASSES = 5;
    private static final int HEIGHT = 14;
    private static final int WIDTH = 13;

    /** Change of the loss along a tensor's gradient that is measured: far above its rounding, small against its bends. */
    private static final double CHANGE = 4e-3;

    private static final double TOLERANCE = 0.03;

    /** A run of one micro-batch, and what it is fed. */
    private record Fed(Device device, TrainingConfig config, TrainingStep step, byte[] grey, int[] labels) {
        static Fed of(Device device, int width, int n) {
            TrainingConfig config = TrainingConfig.parse("{\"network\": {\"kind\": \"le-net\"}, \"head\": {\"kind\": \"softmax\"}, \"batch\": " + n + "}")
                    .withNetwork(new LeNetConfig(List.of(width, width, width), HEIGHT, WIDTH, 3, true));
            var random = new CounterRandom(7, "pixels");
            var grey = new byte[n * HEIGHT * WIDTH];
            for (int i = 0; i < grey.length; i++) {
                grey[i] = (byte) random.bits(i);
            }
            var labels = new int[n];
            for (int i = 0; i < n; i++) {
                labels[i] = i % CLASSES;
            }
            return new Fed(device, config, new TrainingStep(device, config, CLASSES, 0), grey, labels);
        }

        Weights start() {
            return Weights.draw(step.layout().entries().stream().map(FlatLayout.Entry::spec).toList(), 3);
        }

        double loss(Weights weights) {
            step.load(weights, null, Map.of(), 0, 0);
            Golden.send(device, step, Arena.ofAuto().allocateFrom(ValueLayout.JAVA_BYTE, grey), labels, new StepScalars(0, 0, 0, 0, 1, 0));
            step.launchMicroBatch(0);
            return step.summary().loss();
        }
    }

    @ParameterizedTest
    @CsvSource({"cpu, 16, 8", "cpu:avx2, 16, 8", "cpu:baseline, 4, 3", "simt, 4, 2", "cuda:0, 16, 8"})
    void everyGradientIsThatOfTheLoss(String name, int width, int n) {
        try (Device device = TestDevices.open(name)) {
            Fed fed = Fed.of(device, width, n);
            try (TrainingStep step = fed.step()) {
                Weights weights = fed.start();
                fed.loss(weights);
                Weights gradients = step.gradients();
                for (TensorSpec spec : weights.specs()) {
                    float[] gradient = gradients.get(spec);
                    double squares = 0;
                    for (float g : gradient) {
                        squares += (double) g * g;
                    }
                    assertTrue(squares > 1e-12, "the gradient of " + spec.name() + " is nowhere above 0");
                    double distance = CHANGE / 2 / squares;
                    double change = fed.loss(moved(weights, spec, gradient, distance)) - fed.loss(moved(weights, spec, gradient, -distance));
                    assertEquals(CHANGE, change, TOLERANCE * CHANGE, "change of the loss along the gradient of " + spec.name());
                }
            }
        }
    }

    private static Weights moved(Weights weights, TensorSpec moving, float[] direction, double distance) {
        Weights other = Weights.draw(List.of(), 0);
        for (TensorSpec spec : weights.specs()) {
            float[] values = weights.get(spec).clone();
            for (int i = 0; spec.equals(moving) && i < values.length; i++) {
                values[i] += (float) (distance * direction[i]);
            }
            other.put(spec, values);
        }
        return other;
    }

    @ParameterizedTest
    @CsvSource({"cpu, 16, 8", "simt, 4, 2", "cuda:0, 16, 8"})
    void theLossIsThatOfTheEmbeddings(String name, int width, int n) {
        try (Device device = TestDevices.open(name)) {
            Fed fed = Fed.of(device, width, n);
            Weights weights = fed.start();
            double trained;
            try (TrainingStep step = fed.step()) {
                trained = fed.loss(weights);
            }
            var rgb = new byte[3 * fed.grey().length];
            for (int i = 0; i < rgb.length; i++) {
                rgb[i] = fed.grey()[i / 3];
            }
            float[] w = weights.get("head.weight");
            float[] b = weights.get("head.bias");
            double loss = 0;
            try (var network = new EmbeddingNetwork(device, fed.config().network(), fed.config().input(), weights, n)) {
                float[][] x = network.embed(rgb, n);
                for (int i = 0; i < n; i++) {
                    double sum = 0;
                    double target = 0;
                    for (int j = 0; j < CLASSES; j++) {
                        double z = b[j];
                        for (int d = 0; d < 3; d++) {
                            z += (double) w[3 * j + d] * x[i][d];
                        }
                        sum += Math.exp(z);
                        target = j == fed.labels()[i] ? z : target;
                    }
                    loss += (Math.log(sum) - target) / n;
                }
            }
            assertEquals(loss, trained, 1e-5 * loss);
        }
    }
}
