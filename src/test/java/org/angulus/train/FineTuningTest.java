package org.angulus.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.angulus.device.Device;
import org.angulus.device.TestDevices;
import org.angulus.device.Type;
import org.angulus.model.Network;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.TensorSpec;
import org.angulus.model.Variant;
import org.angulus.model.Weights;
import org.angulus.train.StartingWeights.Head;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FineTuningTest {
    private static final DrawnImages PEOPLE = new DrawnImages(60, 6, 32, 24, 5);
    private static final DrawnImages OTHERS = new DrawnImages(48, 8, 32, 24, 6);

    @TempDir
    private Path folder;

    private static TrainingConfig config(Variant variant, double keep, String frozen) {
        String json = """
                {"batch": 8, "steps": 4, "schedule": {"kind": "constant", "rate": 0.02}, "clip": 5, "averageDecay": 0.9, "reportEvery": 1,
                 "evaluateEvery": 1000, "checkpointEvery": 2}
                """;
        ResFaceConfig network = ResFaceConfig.of("resface10", variant).withWidths(List.of(8, 16, 16, 32)).withCrop(32, 24).withEmbeddingSize(16).withKeep(keep);
        return TrainingConfig.parse(TrainingConfig.parse(json).withNetwork(network).toJson().replace("\"frozen\": \"none\"", "\"frozen\": \"" + frozen + "\""));
    }

    private static Trainer trainer(Device device, TrainingConfig config, DrawnImages images, CheckpointStore store) {
        return new Trainer(device, config, new ShuffledBatches(images, config.startValue(), config.flip()), store, "drawn images", "none");
    }

    /** A model of a few steps. */
    private Path model(Device device, Variant variant) throws IOException {
        Path file = folder.resolve("model.safetensors");
        try (Trainer trainer = trainer(device, config(variant, 1, "none"), PEOPLE, null)) {
            trainer.run();
            trainer.saveModel(file);
        }
        return file;
    }

    private static Set<String> frozenNames(TrainingConfig config) {
        Network network = config.network().build();
        int layers = network.layersThrough(config.frozen());
        Set<String> learning = network.parametersFrom(layers).stream().map(TensorSpec::name).collect(Collectors.toSet());
        Set<String> frozen = network.parameters().stream().map(TensorSpec::name).filter(name -> !learning.contains(name)).collect(Collectors.toSet());
        network.statistics().entries().stream().filter(entry -> entry.offset() < network.statisticsFrom(layers)).forEach(entry -> frozen.add(entry.spec().name()));
        return frozen;
    }

    /** Weights, statistics and averages of what is frozen keep their bits; all else moves. */
    @ParameterizedTest
    @CsvSource({
        "cpu, ARTICLE, 0.8, trunk, 60", "cpu, ARTICLE, 1, fc, 65", "cpu, ARTICLE, 0.8, stage2, 24", "cpu, ARTICLE, 1, stage3.block1, 42",
        "cpu, CAFFE, 1, trunk, 24", "cpu, CAFFE, 1, stage1, 3", "simt, ARTICLE, 0.8, stage3.block1, 42"
    })
    void whatIsFrozenKeepsItsBits(String name, Variant variant, double keep, String frozen, int tensors) throws IOException {
        TrainingConfig config = config(variant, keep, frozen);
        try (Device device = TestDevices.open(name)) {
            Path model = model(device, variant);
            try (Trainer trainer = trainer(device, config, OTHERS, null)) {
                StartingWeights start = trainer.startFrom(model, Head.NEW);
                assertEquals(List.of("head.weight"), start.drawn());
                trainer.run();
                Set<String> still = frozenNames(config);
                assertEquals(tensors, still.size(), still.toString());
                assertThrows(IllegalStateException.class, () -> trainer.startFrom(model, Head.NEW), "after the first step");
                for (Weights after : List.of(trainer.weights(), trainer.average().orElseThrow())) {
                    for (TensorSpec spec : after.specs()) {
                        boolean same = Arrays.equals(start.weights().get(spec), after.get(spec));
                        assertEquals(still.contains(spec.name()), same, spec.name());
                    }
                }
            }
        }
    }

    /** Without batch norm what is not frozen learns what it would learn anyway, to the bit. */
    @ParameterizedTest
    @ValueSource(strings = {"stage1", "stage2", "stage3.block1", "trunk", "fc"})
    void theGradientsAboveAreTheSame(String frozen) throws IOException {
        try (Device device = Device.open("cpu")) {
            Path model = model(device, Variant.CAFFE);
            TrainingConfig config = TrainingConfig.parse(config(Variant.CAFFE, 1, frozen).toJson().replace("\"clip\": 5.0", "\"clip\": 0"));
            Weights some = oneStep(device, config, model);
            Weights all = oneStep(device, TrainingConfig.parse(config.toJson().replace("\"frozen\": \"" + frozen + "\"", "\"frozen\": \"none\"")), model);
            Set<String> still = frozenNames(config);
            for (TensorSpec spec : all.specs()) {
                if (!still.contains(spec.name())) {
                    assertArrayEquals(all.get(spec), some.get(spec), spec.name());
                }
            }
        }
    }

    private static Weights oneStep(Device device, TrainingConfig config, Path model) throws IOException {
        try (Trainer trainer = trainer(device, config, OTHERS, null)) {
            trainer.startFrom(model, Head.NEW);
            trainer.runUntil(1);
            return trainer.weights();
        }
    }

    /** A wholly frozen network embeds as ever: without dropout, and alike whatever else is in the batch, for its batch norms take the running statistics. */
    @Test
    void aFrozenNetworkEmbedsAsEver() throws IOException {
        var cosines = new ArrayList<Double>();
        try (Device device = Device.open("cpu")) {
            Path model = model(device, Variant.ARTICLE);
            TrainingConfig whole = config(Variant.ARTICLE, 1, "fc");
            TrainingConfig parts = TrainingConfig.parse(whole.toJson().replace("\"microBatches\": 1", "\"microBatches\": 4"));
            for (TrainingConfig config : List.of(whole, config(Variant.ARTICLE, 0.5, "fc"), parts)) {
                try (Trainer trainer = trainer(device, config, OTHERS, null)) {
                    trainer.startFrom(model, Head.NEW);
                    trainer.addListener(new TrainingListener() {
                        @Override
                        public void onStep(StepReport report) {
                            cosines.add(report.targetCosine());
                        }
                    });
                    trainer.runUntil(1);
                }
            }
        }
        assertEquals(cosines.get(0), cosines.get(1), "with and without dropout");
        assertEquals(cosines.get(0), cosines.get(2), 1e-6, "eight at a time and two at a time");
    }

    /** Activations in bf16: what is frozen keeps its bits all the same. */
    @ParameterizedTest
    @ValueSource(strings = {"trunk", "fc"})
    void lowPrecisionFreezes(String frozen) throws IOException {
        TrainingConfig config = config(Variant.ARTICLE, 1, frozen).withPrecision(Type.BF16);
        try (Device device = TestDevices.open("simt")) {
            Path model = model(device, Variant.ARTICLE);
            try (Trainer trainer = trainer(device, config, OTHERS, null)) {
                StartingWeights start = trainer.startFrom(model, Head.NEW);
                trainer.runUntil(2);
                Set<String> still = frozenNames(config);
                Weights after = trainer.weights();
                after.specs().forEach(spec -> assertEquals(
                        still.contains(spec.name()), Arrays.equals(start.weights().get(spec), after.get(spec)), spec.name()));
            }
        }
    }

    @Test
    void frozenPartsTakeNoMemoryOfTheOptimizer() {
        try (Device device = Device.open("cpu");
                var whole = new TrainingStep(device, config(Variant.ARTICLE, 1, "none"), 6, 0, 3);
                var part = new TrainingStep(device, config(Variant.ARTICLE, 1, "trunk"), 6, 0, 3)) {
            assertEquals(part.buffers().bytes(), part.deviceMemory().total());
            assertEquals(whole.deviceMemory().parameters(), part.deviceMemory().parameters());
            assertTrue(part.deviceMemory().gradients() < whole.deviceMemory().gradients() / 2);
            assertEquals(part.deviceMemory().gradients(), part.deviceMemory().optimizer());
            assertTrue(3 * part.deviceMemory().activations() < 2 * whole.deviceMemory().activations());
        }
    }

    @Test
    void aFrozenRunGoesOnToTheSameBits() throws IOException {
        TrainingConfig config = config(Variant.ARTICLE, 0.8, "stage2");
        try (Device device = Device.open("cpu")) {
            Path model = model(device, Variant.ARTICLE);
            Weights expected;
            try (Trainer trainer = trainer(device, config, OTHERS, null)) {
                trainer.startFrom(model, Head.NEW);
                trainer.run();
                expected = trainer.weights();
            }
            var store = new CheckpointStore(folder.resolve("checkpoints"));
            try (Trainer trainer = trainer(device, config, OTHERS, store)) {
                trainer.startFrom(model, Head.NEW);
                trainer.runUntil(3);
            }
            try (Trainer trainer = trainer(device, config, OTHERS, store)) {
                assertTrue(trainer.resume());
                assertEquals(2, trainer.step());
                trainer.run();
                expected.specs().forEach(spec -> assertArrayEquals(expected.get(spec), trainer.weights().get(spec), spec.name()));
            }
            try (Trainer trainer = trainer(device, config(Variant.ARTICLE, 0.8, "stage1"), OTHERS, store)) {
                assertTrue(assertThrows(IOException.class, trainer::resume).getMessage().contains("frozen part"));
            }
        }
    }

    /** Class vectors go on, or are new; another embedding size means a new projection. */
    @Test
    void headAndProjectionMayBeNew() throws IOException {
        try (Device device = Device.open("cpu")) {
            Path model = model(device, Variant.ARTICLE);
            try (Trainer same = trainer(device, config(Variant.ARTICLE, 1, "none"), PEOPLE, null)) {
                StartingWeights kept = same.startFrom(model, Head.KEPT);
                assertEquals(List.of(), kept.drawn());
                assertEquals("66 tensors taken; new: nothing", kept.words());
                Weights read = Weights.load(model, same.weights().specs(), "");
                read.specs().forEach(spec -> assertArrayEquals(read.get(spec), same.weights().get(spec), spec.name()));
                assertEquals("65 tensors taken; new: the class vectors", same.startFrom(model, Head.NEW).words());
            }
            try (Trainer more = trainer(device, config(Variant.ARTICLE, 1, "none"), OTHERS, null)) {
                String refused = assertThrows(IOException.class, () -> more.startFrom(model, Head.KEPT)).getMessage();
                assertTrue(refused.contains("its head tells 6 people apart and has 'head.weight' in the shape [6, 16] where this run needs [8, 16]"), refused);
                assertEquals(List.of("head.weight"), more.startFrom(model, Head.KEPT_WHERE_IT_FITS).drawn());
            }
            TrainingConfig longer = config(Variant.ARTICLE, 1, "trunk");
            longer = longer.withNetwork(longer.network().withEmbeddingSize(24));
            try (Trainer other = trainer(device, longer, PEOPLE, null)) {
                StartingWeights start = other.startFrom(model, Head.KEPT_WHERE_IT_FITS);
                assertEquals("60 tensors taken; new: the last projection and the class vectors", start.words());
                other.run();
                assertFalse(Arrays.equals(start.weights().get("fc.weight"), other.weights().get("fc.weight")));
            }
        }
    }

    @Test
    void whatDoesNotFitIsRefused() throws IOException {
        try (Device device = Device.open("cpu")) {
            Path model = model(device, Variant.ARTICLE);
            TrainingConfig config = config(Variant.ARTICLE, 1, "none");
            try (Trainer wider = trainer(device, config.withNetwork(((ResFaceConfig) config.network()).withWidths(List.of(8, 16, 16, 64))), PEOPLE, null)) {
                String refused = assertThrows(IOException.class, () -> wider.startFrom(model, Head.NEW)).getMessage();
                assertTrue(refused.contains("'stage4.conv.weight' has the shape [32, 16, 3, 3] where this network needs [64, 16, 3, 3]"), refused);
                assertTrue(refused.contains("widths [8, 16, 16, 32]"), refused);
            }
            TrainingConfig all = config(Variant.ARTICLE, 1, "fc");
            try (Trainer frozen = trainer(device, all.withNetwork(all.network().withEmbeddingSize(24)), PEOPLE, null)) {
                String refused = assertThrows(IOException.class, () -> frozen.startFrom(model, Head.NEW)).getMessage();
                assertTrue(refused.contains("'fc.weight' does not fit this network and would be new, but it is frozen; freeze less than fc"), refused);
            }
        }
    }

    @Test
    void aFrozenPartOfChanceIsWarnedOf() throws IOException {
        var warnings = new ArrayList<String>();
        try (Device device = Device.open("cpu"); Trainer trainer = trainer(device, config(Variant.CAFFE, 1, "trunk"), PEOPLE, null)) {
            trainer.addListener(new TrainingListener() {
                @Override
                public void onWarning(long step, String sentence) {
                    warnings.add(sentence);
                }
            });
            trainer.runUntil(1);
        }
        assertTrue(warnings.getFirst().startsWith("The weights up to trunk are random and stay so"), warnings.toString());
    }
}
