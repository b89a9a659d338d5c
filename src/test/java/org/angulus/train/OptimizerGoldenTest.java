package org.angulus.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.angulus.device.Device;
import org.angulus.device.DeviceBuffer;
import org.angulus.device.StepControl;
import org.angulus.device.StepScalars;
import org.angulus.device.TestDevices;
import org.angulus.model.FlatLayout;
import org.angulus.model.ParameterKind;
import org.angulus.model.SafeTensors;
import org.angulus.model.Start;
import org.angulus.model.TensorSpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commit phase against ten updates that PyTorch and formulas in f64 made. */
@ParameterizedClass
@ValueSource(strings = {"cpu", "simt", "cuda:0"})
class OptimizerGoldenTest {
    private static final int COUNT = 64;
    private static final int STEPS = 10;

    private static final String SGD = "{\"kind\": \"sgd\", \"momentum\": 0.9, \"convention\": \"%s\", \"nesterov\": %b}";
    private static final String ADAM =
            "{\"kind\": \"adam\", \"beta1\": 0.9, \"beta2\": 0.999, \"epsilon\": 1e-8, \"form\": \"%s\", \"decoupled\": %b}";

    @Parameter
    private String deviceName;

    /** Parameters, statistics and all else of a run whose only tensors are one filter of 64 numbers and one pair of running statistics. */
    private final class Run implements AutoCloseable {
        final Device device = TestDevices.open(deviceName);
        final FlatLayout parameters = layout(ParameterKind.HEAD);
        final FlatLayout statistics = layout(ParameterKind.STATISTICS);
        final TrainingConfig config;
        final CommitPhase commit;
        final DeviceBuffer memory = device.allocate(16 * 1024);

        Run(TrainingConfig config) {
            this.config = config;
            commit = new CommitPhase(config, parameters, statistics, 0);
            device.ops().fill(memory.address(), memory.bytes(), 0);
        }

        private static FlatLayout layout(ParameterKind kind) {
            var layout = new FlatLayout();
            layout.add(TensorSpec.vector("x", kind, COUNT, Start.constant(0)));
            return layout;
        }

        long place(int index) {
            return memory.address(1024L * index);
        }

        float[] read(int index) {
            return device.transfers().floats(place(index), COUNT);
        }

        void set(int index, float[] values) {
            device.transfers().upload(place(index), values);
        }

        /** What the optimizer keeps, as before the first step. */
        void startOptimizer() {
            List<String> states = config.optimizer().states();
            for (int i = 0; i < states.size(); i++) {
                var values = new float[COUNT];
                Arrays.fill(values, config.optimizer().start(states.get(i)));
                set(PLACE_FIRST + i, values);
            }
        }

        StepControl control() {
            return device.transfers().control(place(PLACE_CONTROL));
        }

        void step(int step, float rate, float[] gradient) {
            set(PLACE_GRADIENT, gradient);
            device.transfers().upload(place(PLACE_SCALARS), new StepScalars(step, step, rate, 0, 1, 0));
            boolean averaged = config.averageDecay() > 0;
            commit.emit(device.ops(), new CommitPhase.Addresses(
                    place(PLACE_PARAMETERS), place(PLACE_GRADIENT), List.of(place(PLACE_FIRST), place(PLACE_SECOND)), place(PLACE_CANDIDATES),
                    place(PLACE_RUNNING), averaged ? place(PLACE_AVERAGE) : 0, averaged ? place(PLACE_AVERAGE_RUNNING) : 0,
                    place(PLACE_SCALARS), place(PLACE_CONTROL), place(PLACE_WORKSPACE)));
        }

        @Override
        public void close() {
            device.close();
        }
    }

    private static final int PLACE_PARAMETERS = 0;
    private static final int PLACE_GRADIENT = 1;
    private static final int PLACE_FIRST = 2;
    private static final int PLACE_SECOND = 3;
    private static final int PLACE_CANDIDATES = 4;
    private static final int PLACE_RUNNING = 5;
    private static final int PLACE_AVERAGE = 6;
    private static final int PLACE_AVERAGE_RUNNING = 7;
    private static final int PLACE_SCALARS = 8;
    private static final int PLACE_CONTROL = 9;
    private static final int PLACE_WORKSPACE = 10;

    private static TrainingConfig config(String optimizer, double decay, double clip, double average) {
        return TrainingConfig.parse("{\"optimizer\": %s, \"decay\": {\"head\": %s}, \"clip\": %s, \"averageDecay\": %s}"
                .formatted(optimizer, decay, clip, average));
    }

    /** Name in the golden file, whose rates, weight decay, clipping norm, optimizer. */
    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', value = {
        "sgd, sgd, 5e-4, 0, `{'kind': 'sgd', 'momentum': 0.9, 'convention': 'torch', 'nesterov': false}`",
        "nesterov, sgd, 5e-4, 0, `{'kind': 'sgd', 'momentum': 0.9, 'convention': 'torch', 'nesterov': true}`",
        "caffe, sgd, 5e-4, 0, `{'kind': 'sgd', 'momentum': 0.9, 'convention': 'caffe', 'nesterov': false}`",
        "sgd_clipped, sgd, 5e-4, 5, `{'kind': 'sgd', 'momentum': 0.9, 'convention': 'torch', 'nesterov': false}`",
        "adam, adam, 5e-4, 0, `{'kind': 'adam', 'beta1': 0.9, 'beta2': 0.999, 'epsilon': 1e-8, 'form': 'epsilon-hat', 'decoupled': false}`",
        "adam_facenet, adam, 5e-4, 0, `{'kind': 'adam', 'beta1': 0.9, 'beta2': 0.999, 'epsilon': 0.1, 'form': 'epsilon-hat', 'decoupled': false}`",
        "adamw, adam, 0.01, 0, `{'kind': 'adam', 'beta1': 0.9, 'beta2': 0.999, 'epsilon': 1e-8, 'form': 'torch', 'decoupled': true}`",
        "adagrad, adam, 5e-4, 0, `{'kind': 'adagrad', 'epsilon': 1e-10, 'start': 0}`",
        "adagrad_started, adam, 5e-4, 0, `{'kind': 'adagrad', 'epsilon': 1e-10, 'start': 0.1}`",
        "rmsprop, adam, 5e-4, 0, `{'kind': 'rmsprop', 'decay': 0.99, 'momentum': 0, 'epsilon': 1e-8, 'form': 'torch'}`",
        "rmsprop_momentum, adam, 5e-4, 0, `{'kind': 'rmsprop', 'decay': 0.9, 'momentum': 0.9, 'epsilon': 1e-8, 'form': 'torch'}`",
        "rmsprop_facenet, adam, 5e-4, 0, `{'kind': 'rmsprop', 'decay': 0.9, 'momentum': 0.9, 'epsilon': 1, 'form': 'tensorflow'}`"
    })
    void tenUpdatesAreTheGoldenOnes(String name, String ratesOf, double decay, double clip, String optimizer) throws IOException {
        try (var run = new Run(config(optimizer.replace('\'', '"'), decay, clip, 0)); SafeTensors golden = Golden.open("optimizers")) {
            float[] gradients = golden.floats("gradients");
            float[] expected = golden.floats(name);
            float[] rates = golden.floats(ratesOf + ".learning_rates");
            double[] norms = golden.data("clip.norms").toArray(java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED);
            run.set(PLACE_PARAMETERS, golden.floats("start"));
            run.startOptimizer();
            for (int i = 0; i < STEPS; i++) {
                run.step(i, rates[i], Arrays.copyOfRange(gradients, i * COUNT, (i + 1) * COUNT));
                assertEquals(norms[i], run.control().gradientNorm(), 1e-6 * norms[i]);
                double error = Golden.relativeError(run.read(PLACE_PARAMETERS), Arrays.copyOfRange(expected, i * COUNT, (i + 1) * COUNT));
                // A few roundings of f32 in each of the steps so far.
                double tolerance = 8 * Math.ulp(1f) * (i + 1);
                assertTrue(error <= tolerance, name + " step " + i + ": " + error);
            }
            assertEquals(STEPS, run.control().appliedSteps());
        }
    }

    @ParameterizedTest
    @CsvSource({"0.9999", "0.3"})
    void theMovingAverageIsTheGoldenOne(String decay) throws IOException {
        try (var run = new Run(config(SGD.formatted("torch", false), 5e-4, 0, Double.parseDouble(decay)));
                SafeTensors golden = Golden.open("optimizers")) {
            float[] gradients = golden.floats("gradients");
            float[] expected = golden.floats("ema." + decay);
            float[] rates = golden.floats("sgd.learning_rates");
            run.set(PLACE_PARAMETERS, golden.floats("start"));
            run.set(PLACE_AVERAGE, golden.floats("start"));
            for (int i = 0; i < STEPS; i++) {
                run.step(i, rates[i], Arrays.copyOfRange(gradients, i * COUNT, (i + 1) * COUNT));
                double error = Golden.relativeError(run.read(PLACE_AVERAGE), Arrays.copyOfRange(expected, i * COUNT, (i + 1) * COUNT));
                assertTrue(error <= 8 * Math.ulp(1f) * (i + 1), decay + " step " + i + ": " + error);
            }
        }
    }

    /** One infinite or undefined number among the gradients: nothing that persists changes but the count of skipped steps. */
    @ParameterizedTest
    @CsvSource({"sgd, Infinity", "sgd, NaN", "adam, -Infinity", "adam, NaN", "adagrad, Infinity", "rmsprop, NaN"})
    void aStepWithoutAFiniteGradientChangesNothing(String kind, float planted) {
        String optimizer = switch (kind) {
            case "sgd" -> SGD.formatted("torch", false);
            case "adam" -> ADAM.formatted("epsilon-hat", false);
            case "adagrad" -> "{\"kind\": \"adagrad\", \"epsilon\": 1e-10, \"start\": 0}";
            default -> "{\"kind\": \"rmsprop\", \"decay\": 0.9, \"momentum\": 0.9, \"epsilon\": 1, \"form\": \"tensorflow\"}";
        };
        try (var run = new Run(config(optimizer, 5e-4, 5, 0.99))) {
            var values = new float[COUNT];
            for (int place : new int[] {PLACE_PARAMETERS, PLACE_FIRST, PLACE_SECOND, PLACE_CANDIDATES, PLACE_RUNNING, PLACE_AVERAGE}) {
                Arrays.fill(values, 1 + place);
                run.set(place, values);
            }
            Arrays.fill(values, 0.5f);
            run.step(0, 0.1f, values);
            assertTrue(run.control().apply());
            assertEquals(1 + PLACE_CANDIDATES, run.read(PLACE_RUNNING)[3]);
            var before = new float[PLACE_SCALARS][];
            for (int place = 0; place < PLACE_SCALARS; place++) {
                before[place] = run.read(place);
            }
            Arrays.fill(values, 9);
            run.set(PLACE_CANDIDATES, values);
            Arrays.fill(values, 0.5f);
            values[17] = planted;
            run.step(1, 0.1f, values);
            for (int place : new int[] {PLACE_PARAMETERS, PLACE_FIRST, PLACE_SECOND, PLACE_RUNNING, PLACE_AVERAGE, PLACE_AVERAGE_RUNNING}) {
                assertArrayEquals(before[place], run.read(place), "place " + place);
            }
            assertFalse(run.control().apply());
            assertEquals(1, run.control().appliedSteps());
            assertEquals(1, run.control().skippedSteps());
        }
    }

    /** Rates and decays act by kind: a bias learns at twice the rate and does not decay. */
    @Test
    void kindsHaveTheirOwnRules() {
        var layout = new FlatLayout();
        layout.add(TensorSpec.vector("weight", ParameterKind.HEAD, COUNT, Start.constant(0)));
        layout.add(TensorSpec.vector("bias", ParameterKind.BIAS, COUNT, Start.constant(0)));
        TrainingConfig config = TrainingConfig.parse(
                "{\"optimizer\": {\"momentum\": 0}, \"decay\": {\"head\": 0.5}, \"rates\": {\"bias\": 2}}");
        try (var run = new Run(config)) {
            var commit = new CommitPhase(config, layout, run.statistics, 0);
            var values = new float[2 * COUNT];
            Arrays.fill(values, 2);
            run.set(0, values);
            Arrays.fill(values, 1);
            run.set(1, values);
            run.device.transfers().upload(run.place(PLACE_SCALARS), new StepScalars(0, 0, 0.1f, 0, 1, 0));
            commit.emit(run.device.ops(), new CommitPhase.Addresses(
                    run.place(0), run.place(1), List.of(run.place(2)), run.place(4), run.place(5), 0, 0, run.place(PLACE_SCALARS),
                    run.place(PLACE_CONTROL), run.place(PLACE_WORKSPACE)));
            float[] after = run.device.transfers().floats(run.place(0), 2 * COUNT);
            assertEquals(2 - 0.1 * (1 + 0.5 * 2), after[5], 1e-6);
            assertEquals(2 - 0.2 * 1, after[COUNT + 5], 1e-6);
        }
    }
}
