package org.angulus.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.angulus.HeapBytes;
import org.angulus.data.CachedImages;
import org.angulus.device.Device;
import org.angulus.device.DeviceInfo;
import org.angulus.image.Decoders;
import org.angulus.device.HeadKind;
import org.angulus.device.OutOfDeviceMemoryException;
import org.angulus.device.TestDevices;
import org.angulus.device.Type;
import org.angulus.loss.HeadPlan;
import org.angulus.loss.MarginHead;
import org.angulus.model.EmbeddingNetwork;
import org.angulus.model.ModelMetadata;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.TensorSpec;
import org.angulus.model.Variant;
import org.angulus.model.Weights;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainerTest {
    private static final DrawnImages IMAGES = new DrawnImages(60, 6, 32, 24, 5);

    private static final String ALL = """
            {"batch": 8, "steps": 12, "schedule": {"kind": "cosine", "rate": 0.02, "end": 0, "steps": 12}, "marginWarmUp": 6, "clip": 5,
             "averageDecay": 0.9, "reportEvery": 1, "evaluateEvery": 1000, "checkpointEvery": 1000, "loaderThreads": 2}
            """;

    private static TrainingConfig config(String json, Variant variant, double keep) {
        ResFaceConfig network = ResFaceConfig.of("resface10", variant)
                .withWidths(List.of(8, 16, 16, 32))
                .withCrop(32, 24)
                .withEmbeddingSize(16)
                .withKeep(keep);
        return TrainingConfig.parse(json).withNetwork(network);
    }

    private static Trainer trainer(Device device, TrainingConfig config, CheckpointStore store) {
        var batches = new ShuffledBatches(IMAGES, config.startValue(), config.flip());
        return new Trainer(device, config, batches, store, "drawn images", "none");
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "simt"})
    void aBatchThatDoesNotFitIsRefusedWithOneThatDoesAndGivesEverythingBack(String name) {
        TrainingConfig config = config("{\"batch\": 65536, \"steps\": 1}", Variant.ARTICLE, 1)
                .withNetwork(ResFaceConfig.of("resface64", Variant.ARTICLE).withWidths(List.of(512, 8, 8, 8)));
        var images = new DrawnImages(4, 2, 112, 96, 5);
        try (Device device = Device.open(name)) {
            OutOfDeviceMemoryException refused = assertThrows(OutOfDeviceMemoryException.class,
                    () -> new Trainer(device, config, new ShuffledBatches(images, 1, false), null, "drawn images", "none"));
            assertTrue(refused.getMessage().matches(
                    "training with 65536 images at a time takes [0-9.]+ GiB of memory, and .* are free on " + name + "; \\d+ at a time fit"), refused.getMessage());
            assertEquals(0, device.info().allocatedBytes());
        }
    }

    /** Trains and gives back weights and averages. */
    private static List<Weights> train(TrainingConfig config, int threads) throws IOException {
        try (Device device = Device.open("cpu")) {
            device.setThreads(threads);
            return train(config, device);
        }
    }

    private static List<Weights> train(TrainingConfig config, Device device) throws IOException {
        try (Trainer trainer = trainer(device, config, null)) {
            trainer.run();
            var result = new ArrayList<>(List.of(trainer.weights()));
            trainer.average().ifPresent(result::add);
            return result;
        }
    }

    private static void assertSameBits(List<Weights> expected, List<Weights> actual) {
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            for (TensorSpec spec : expected.get(i).specs()) {
                assertArrayEquals(expected.get(i).get(spec), actual.get(i).get(spec), spec.name());
            }
        }
    }

    private static boolean moved(List<Weights> weights) {
        Weights start = Weights.draw(weights.get(0).specs(), TrainingConfig.recipe("default").startValue());
        return weights.get(0).specs().stream().allMatch(spec -> Golden.relativeError(weights.get(0).get(spec), start.get(spec)) > 1e-6);
    }

    /** Neither the device's threads nor the loader's change a bit, with dropout and two micro-batches; every tensor has moved. */
    @Test
    void threadsChangeNoBit() throws IOException {
        TrainingConfig config = config(ALL.replace("\"batch\": 8", "\"batch\": 8, \"microBatches\": 2"), Variant.ARTICLE, 0.8);
        List<Weights> one = train(config, 1);
        assertTrue(moved(one));
        assertSameBits(one, train(config, 2));
        assertSameBits(one, train(TrainingConfig.parse(config.toJson().replace("\"loaderThreads\": 2", "\"loaderThreads\": 3")), 3));
    }

    /**
     * A few steps with dropout, flips, micro-batches, clipping and averages: the same bits when run again, and the processor's weights but for
     * rounding, which Adam's division enlarges where a gradient is almost 0.
     */
    @ParameterizedTest
    @CsvSource({"simt, sgd, 1e-4", "simt, adam, 1e-2", "cuda:0, sgd, 1e-4", "cuda:0, adam, 1e-2"})
    void otherDevicesTrainWhatTheProcessorTrains(String name, String optimizer, double tolerance) throws IOException {
        String json = ALL.replace("{\"batch\": 8", "{\"batch\": 8, \"microBatches\": 2").replace("\"steps\": 12", "\"steps\": 3");
        TrainingConfig config = config(optimizer.equals("adam") ? "{\"recipe\": \"article-adam\"," + json.strip().substring(1) : json, Variant.ARTICLE, 0.8);
        try (Device device = TestDevices.open(name)) {
            List<Weights> first = train(config, device);
            assertSameBits(first, train(config, device));
            List<Weights> expected = train(config, 2);
            for (int i = 0; i < expected.size(); i++) {
                for (TensorSpec spec : expected.get(i).specs()) {
                    double error = Golden.relativeError(first.get(i).get(spec), expected.get(i).get(spec));
                    assertTrue(error <= tolerance, () -> spec.name() + " differs by " + error);
                }
            }
        }
    }

    @Test
    void anotherStartValueGivesOtherWeights() throws IOException {
        TrainingConfig config = config(ALL, Variant.CAFFE, 1);
        TrainingConfig other = TrainingConfig.parse(config.toJson().replace("\"startValue\": 666", "\"startValue\": 667"));
        float[] expected = train(config, 2).get(0).get("fc.weight");
        assertTrue(Golden.relativeError(train(other, 2).get(0).get("fc.weight"), expected) > 0.1);
    }

    /** Stopped after five of twelve steps and continued by a new trainer: the same bits as without a stop. */
    @ParameterizedTest
    @CsvSource({"sgd, ARTICLE, 0.8", "sgd, CAFFE, 1", "adam, ARTICLE, 1"})
    void aContinuedRunHasTheBitsOfAnUninterruptedOne(String optimizer, Variant variant, double keep, @TempDir Path folder) throws IOException {
        String adam = "{\"recipe\": \"article-adam\",";
        TrainingConfig config = config(
                (optimizer.equals("adam") ? ALL.replace("{\"batch\"", adam + "\"batch\"") : ALL).replace("\"checkpointEvery\": 1000", "\"checkpointEvery\": 5"),
                variant, keep);
        List<Weights> expected = train(config, 2);
        var store = new CheckpointStore(folder);
        try (Device device = Device.open("cpu");
                Trainer trainer = trainer(device, config, store)) {
            assertFalse(trainer.resume());
            trainer.runUntil(7);
            assertEquals("checkpoint-00000005", store.latest().orElseThrow().getFileName().toString());
        }
        try (Device device = Device.open("cpu");
                Trainer trainer = trainer(device, config, store)) {
            assertTrue(trainer.resume());
            assertEquals(5, trainer.step());
            trainer.run();
            assertSameBits(expected, List.of(trainer.weights(), trainer.average().orElseThrow()));
        }
        assertEquals(12, Checkpoint.readState(store.latest().orElseThrow()).step());
    }

    @Test
    void anotherDecoderOnResumeIsAWarning(@TempDir Path folder) throws IOException {
        TrainingConfig config = config(ALL.replace("\"checkpointEvery\": 1000", "\"checkpointEvery\": 2"), Variant.CAFFE, 1);
        var store = new CheckpointStore(folder);
        try (Device device = Device.open("cpu"); Trainer trainer = trainer(device, config, store)) {
            trainer.runUntil(2);
        }
        assertEquals(List.of(), warningsOnResume(config, store));
        Path state = store.latest().orElseThrow().resolve("state.json");
        String json = Files.readString(state);
        assertTrue(json.contains(Decoders.description()), json);
        Files.writeString(state, json.replace(Decoders.description(), "imageio, Java 1.1"));
        List<String> warnings = warningsOnResume(config, store);
        assertEquals(1, warnings.size());
        assertTrue(warnings.getFirst().contains("decoded by imageio, Java 1.1 until here and are by " + Decoders.description()), warnings.getFirst());
    }

    /** Runs of a version that did not keep the decoder go on; no other field may be missing. */
    @Test
    void aCheckpointWithoutADecoderGoesOnWithAWarning(@TempDir Path folder) throws IOException {
        TrainingConfig config = config(ALL.replace("\"checkpointEvery\": 1000", "\"checkpointEvery\": 2"), Variant.CAFFE, 1);
        var store = new CheckpointStore(folder);
        try (Device device = Device.open("cpu"); Trainer trainer = trainer(device, config, store)) {
            trainer.runUntil(2);
        }
        Path state = store.latest().orElseThrow().resolve("state.json");
        JsonObject json = JsonParser.parseString(Files.readString(state)).getAsJsonObject();
        json.getAsJsonObject("state").remove("decoder");
        Files.writeString(state, json.toString());
        assertEquals("unknown", Checkpoint.readState(state.getParent()).decoder());
        List<String> warnings = warningsOnResume(config, store);
        assertEquals(1, warnings.size());
        assertTrue(warnings.getFirst().startsWith("What decoded the pictures until here is not in the checkpoint; they are decoded by " + Decoders.description()),
                warnings.getFirst());
        for (String field : List.of("format", "step", "appliedSteps", "skippedSteps", "classes", "bestStep", "bestFigure", "version")) {
            JsonObject damaged = json.deepCopy();
            damaged.getAsJsonObject("state").remove(field);
            Files.writeString(state, damaged.toString());
            String message = assertThrows(IOException.class, () -> warningsOnResume(config, store)).getMessage();
            assertEquals(state + ": checkpoint.state lacks the field '" + field + "'; add it.", message);
        }
    }

    /** Nor did runs of an earlier version keep what is frozen: nothing was. */
    @Test
    void aCheckpointWithoutAFrozenPartGoesOn(@TempDir Path folder) throws IOException {
        TrainingConfig config = config(ALL.replace("\"checkpointEvery\": 1000", "\"checkpointEvery\": 2"), Variant.CAFFE, 1);
        var store = new CheckpointStore(folder);
        try (Device device = Device.open("cpu"); Trainer trainer = trainer(device, config, store)) {
            trainer.runUntil(2);
        }
        Path state = store.latest().orElseThrow().resolve("state.json");
        JsonObject json = JsonParser.parseString(Files.readString(state)).getAsJsonObject();
        assertEquals("none", json.getAsJsonObject("config").remove("frozen").getAsString());
        Files.writeString(state, json.toString());
        assertEquals(List.of(), warningsOnResume(config, store));
    }

    private static List<String> warningsOnResume(TrainingConfig config, CheckpointStore store) throws IOException {
        var warnings = new ArrayList<String>();
        try (Device device = Device.open("cpu"); Trainer trainer = trainer(device, config, store)) {
            trainer.addListener(new TrainingListener() {
                @Override
                public void onWarning(long step, String sentence) {
                    warnings.add(sentence);
                }
            });
            assertTrue(trainer.resume());
        }
        return warnings;
    }

    /** Without batch norm four micro-batches of 2 are one batch of 8, but for the order of the sums. */
    @Test
    void microBatchesAddUpToTheBatch() throws IOException {
        String json = ALL.replace("\"steps\": 12,", "\"steps\": 1,").replace("\"cosine\"", "\"constant\"").replace(", \"end\": 0, \"steps\": 12", "");
        Weights whole = train(config(json, Variant.CAFFE, 1), 2).get(0);
        Weights parts = train(config(json.replace("\"batch\": 8", "\"batch\": 8, \"microBatches\": 4"), Variant.CAFFE, 1), 2).get(0);
        Weights start = Weights.draw(whole.specs(), 666);
        for (TensorSpec spec : whole.specs()) {
            float[] a = difference(whole.get(spec), start.get(spec));
            float[] b = difference(parts.get(spec), start.get(spec));
            double error = Golden.relativeError(b, a);
            // The change of a weight is small against the weight, whose rounding it carries.
            assertTrue(error <= 2e-3, spec.name() + " differs by " + error);
        }
    }

    private static float[] difference(float[] a, float[] b) {
        var result = new float[a.length];
        for (int i = 0; i < a.length; i++) {
            result[i] = a[i] - b[i];
        }
        return result;
    }

    /** What a run says of its memory is what it takes: two moments and averages, and vectors of 2,100 people. */
    @ParameterizedTest
    @EnumSource(Variant.class)
    void theMemoryOfARunIsWhatItTakes(Variant variant) throws IOException {
        TrainingConfig config = config(ALL.replace("{\"batch\"", "{\"recipe\": \"article-adam\", \"batch\""), variant, 1);
        try (Device device = Device.open("cpu"); var step = new TrainingStep(device, config, 2100, 0, 3)) {
            TrainingMemory memory = step.deviceMemory();
            assertEquals(step.buffers().bytes(), memory.total());
            assertEquals(Float.BYTES * 2100L * config.network().embeddingSize(), memory.classVectors(), 256);
            assertEquals(memory.parameters(), memory.gradients());
            assertEquals(2 * memory.parameters(), memory.optimizer());
            assertTrue(memory.state() > memory.parameters(), "averages of all parameters");
            assertTrue(memory.activations() > 0 && memory.workspace() > 0);
        }
    }

    /** With no room for cosines the head takes 2,100 classes in three ranges and computes them again: the same weights but for the order of sums. */
    @ParameterizedTest
    @EnumSource(HeadKind.class)
    void aHeadWithoutRoomForCosinesTrainsAlike(HeadKind kind) throws IOException {
        var many = new DrawnImages(60, 2100, 32, 24, 5);
        TrainingConfig config = config(ALL.replace("\"steps\": 12,", "\"steps\": 3,"), Variant.CAFFE, 1).withHead(TestNetworkTest.head(kind));
        TrainingConfig capped = TrainingConfig.parse(config.toJson().replace("\"logitsCap\": 134217728", "\"logitsCap\": 0"));
        try (Device device = Device.open("cpu");
                Trainer whole = new Trainer(device, config, new ShuffledBatches(many, 1, false), null, "", "");
                Trainer parts = new Trainer(device, capped, new ShuffledBatches(many, 1, false), null, "", "")) {
            assertEquals(1, new HeadPlan(device.ops(), config.head(), 2100, 8, 16, Type.F32, config.logitsCap(), 0).ranges());
            assertEquals(3, new HeadPlan(device.ops(), capped.head(), 2100, 8, 16, Type.F32, capped.logitsCap(), 0).ranges());
            whole.run();
            parts.run();
            Weights expected = whole.weights();
            Weights actual = parts.weights();
            for (TensorSpec spec : expected.specs()) {
                double error = Golden.relativeError(actual.get(spec), expected.get(spec));
                assertTrue(error <= 1e-4, spec.name() + " differs by " + error);
            }
        }
    }

    /** Learns: the loss falls below a tenth and the reports say what was done. */
    @Test
    void listenersHearOfALossThatFalls() throws IOException {
        TrainingConfig config = config(ALL.replace("12", "80").replace("0.02", "0.05"), Variant.ARTICLE, 1);
        var reports = new ArrayList<StepReport>();
        var warnings = new ArrayList<String>();
        try (Device device = Device.open("cpu");
                Trainer trainer = trainer(device, config, null)) {
            trainer.addListener(new TrainingListener() {
                @Override
                public void onStep(StepReport report) {
                    reports.add(report);
                }

                @Override
                public void onWarning(long step, String sentence) {
                    warnings.add(sentence);
                }
            });
            trainer.run();
        }
        assertEquals(80, reports.size());
        assertEquals(List.of(), warnings);
        StepReport last = reports.getLast();
        assertTrue(last.loss() < 0.1 * reports.get(10).loss(), "loss " + reports.get(10).loss() + " to " + last.loss());
        assertEquals(79, last.step());
        assertEquals(config.learningRate(79), last.learningRate());
        assertEquals(0.35, last.margin(), 1e-12);
        assertTrue(last.targetCosine() > last.otherCosine() && last.accuracy() > 0.9 && last.imagesPerSecond() > 0 && last.gradientNorm() > 0);
    }

    @Test
    void oddConfigurationsAreWarnedOf() throws IOException {
        TrainingConfig config = config(ALL.replace("\"batch\": 8", "\"batch\": 8, \"microBatches\": 2").replace("\"steps\": 12,", "\"steps\": 1,"), Variant.ARTICLE, 1)
                .withHead(MarginHead.normFace(1));
        var warnings = new ArrayList<String>();
        try (Device device = Device.open("cpu");
                Trainer trainer = trainer(device, config, null)) {
            trainer.addListener(new TrainingListener() {
                @Override
                public void onWarning(long step, String sentence) {
                    warnings.add(sentence);
                }
            });
            trainer.run();
        }
        assertEquals(
                List.of(
                        "A scale of 1.0 cannot bring the loss of 6 people below 0.92; set head.scale to 3.2 or more.",
                        "Batch norm takes its statistics from each micro-batch of 4 images, not from the batch of 8."),
                warnings);
    }

    /** The event file has the figures of two steps and one evaluation. */
    @Test
    void figuresAreWrittenForTensorBoard(@TempDir Path folder) throws IOException {
        TrainingConfig config = config(ALL.replace("\"steps\": 12,", "\"steps\": 2,"), Variant.CAFFE, 1);
        try (Device device = Device.open("cpu");
                Trainer trainer = trainer(device, config, null);
                var listener = new TensorBoardListener(folder, "lfw", Assertions::fail)) {
            trainer.addListener(listener);
            trainer.setEvaluation(network -> Map.of("accuracy", 0.5));
            trainer.run();
        }
        Path file;
        try (Stream<Path> inside = Files.list(folder)) {
            file = inside.toList().getFirst();
        }
        String events = Files.readString(file, StandardCharsets.ISO_8859_1);
        assertEquals(2, events.split("total_loss/cross_entropy", -1).length - 1);
        assertEquals(2, events.split("learning_rate", -1).length - 1);
        assertEquals(1, events.split("lfw/accuracy", -1).length - 1);
    }

    /** The best of six evaluations keeps its checkpoint, and its model file gives the network that was evaluated. */
    @Test
    void theBestEvaluationIsKept(@TempDir Path folder) throws IOException {
        TrainingConfig config = config(ALL.replace("\"evaluateEvery\": 1000", "\"evaluateEvery\": 2"), Variant.ARTICLE, 1);
        var seen = new ArrayList<float[]>();
        var crop = new byte[3 * 32 * 24];
        crop[7] = 99;
        try (Device device = Device.open("cpu");
                Trainer trainer = trainer(device, config, new CheckpointStore(folder))) {
            trainer.setEvaluation(network -> {
                seen.add(network.embed(crop, 1)[0]);
                return new LinkedHashMap<>(Map.of("accuracy", seen.size() == 2 ? 0.9 : 0.5));
            });
            trainer.run();
            trainer.saveModel(folder.resolve("final.safetensors"));
        }
        assertEquals(6, seen.size());
        Path best = folder.resolve("checkpoint-00000004");
        assertEquals(4, Checkpoint.readState(folder.resolve("checkpoint-00000012")).bestStep());
        assertEquals("am-softmax, scale 30.0, margin 0.35", ModelMetadata.load(best.resolve(Checkpoint.MODEL)).loss());
        try (Device device = Device.open("cpu");
                EmbeddingNetwork network = EmbeddingNetwork.load(device, best.resolve(Checkpoint.MODEL), 64)) {
            assertArrayEquals(seen.get(1), network.embed(crop, 1)[0]);
            try (EmbeddingNetwork last = EmbeddingNetwork.load(device, folder.resolve("final.safetensors"), 64)) {
                assertArrayEquals(seen.get(5), last.embed(crop, 1)[0]);
            }
        }
    }

    /** A rate that makes weights overflow: steps are skipped, the weights stay finite, and the run ends with a sentence. */
    @Test
    void aDivergingRunStopsWithAdvice(@TempDir Path folder) throws IOException {
        String json = ALL.replace("0.02", "1000").replace("\"steps\": 12}", "\"steps\": 1000}").replace("\"steps\": 12,", "\"steps\": 200, \"skipLimit\": 3,")
                .replace("\"clip\": 5", "\"clip\": 0").replace("\"checkpointEvery\": 1000", "\"checkpointEvery\": 1");
        try (Device device = Device.open("cpu");
                Trainer trainer = trainer(device, config(json, Variant.CAFFE, 1), new CheckpointStore(folder))) {
            var warnings = new ArrayList<String>();
            trainer.addListener(new TrainingListener() {
                @Override
                public void onWarning(long step, String sentence) {
                    warnings.add(sentence);
                }
            });
            var problem = assertThrows(DivergedException.class, trainer::run);
            assertTrue(problem.getMessage().startsWith("Training diverged by step " + problem.step() + ": 4 steps had no finite gradient"), problem.getMessage());
            assertTrue(problem.getMessage().contains("lower the learning rate") && problem.getMessage().contains("checkpoint-"), problem.getMessage());
            assertTrue(warnings.getFirst().startsWith("1 of the last steps had no finite gradient"), warnings.getFirst());
            for (TensorSpec spec : trainer.weights().specs()) {
                for (float value : trainer.weights().get(spec)) {
                    assertTrue(Float.isFinite(value), spec.name());
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 6, 1_000_000})
    void aLabelOutOfRangeIsNamed(int label) {
        TrainingConfig config = config(ALL, Variant.CAFFE, 1);
        var batches = new ShuffledBatches(IMAGES, 1, true);
        BatchSource wrong = new BatchSource() {
            @Override
            public int classes() {
                return 6;
            }

            @Override
            public int height() {
                return 32;
            }

            @Override
            public int width() {
                return 24;
            }

            @Override
            public void fill(long position, Batch batch) throws IOException {
                batches.fill(position, batch);
                batch.labels().setAtIndex(ValueLayout.JAVA_INT, 3, position == 16 ? label : 0);
            }
        };
        try (Device device = Device.open("cpu");
                Trainer trainer = new Trainer(device, config, wrong, null, "wrong", "none")) {
            String message = assertThrows(IllegalArgumentException.class, trainer::run).getMessage();
            assertEquals("The label " + label + " of example 19 is outside [0, 6); number the people of the training set from 0.", message);
            assertEquals(2, trainer.step());
        }
    }

    @Test
    void aSourceThatCannotBeReadEndsTheRun() {
        var failing = new ShuffledBatches(new DamagedImages(IMAGES, _ -> true), 1, true);
        try (Device device = Device.open("cpu");
                Trainer trainer = new Trainer(device, config(ALL, Variant.CAFFE, 1), failing, null, "failing", "none")) {
            String message = assertThrows(IOException.class, trainer::run).getMessage();
            assertTrue(message.matches("17 of \\d+ pictures could not be used, .* image \\d+ is damaged.*"), message);
        }
    }

    /** A source that takes longer than the steps shows as the loader's share; one that is ready at once does not. */
    @Test
    void theLoadersShareIsReported() throws IOException {
        String json = ALL.replace("\"loaderThreads\": 2", "\"loaderThreads\": 1");
        double[] shares = new double[2];
        for (int slow = 0; slow < 2; slow++) {
            long pause = slow * 200_000_000L;
            BatchSource drawn = new ShuffledBatches(new CachedImages(IMAGES), 1, true);
            BatchSource source = new BatchSource() {
                @Override
                public int classes() {
                    return drawn.classes();
                }

                @Override
                public int height() {
                    return drawn.height();
                }

                @Override
                public int width() {
                    return drawn.width();
                }

                @Override
                public void fill(long position, Batch batch) throws IOException {
                    LockSupport.parkNanos(pause);
                    drawn.fill(position, batch);
                }
            };
            try (Device device = Device.open("cpu");
                    Trainer trainer = new Trainer(device, config(json, Variant.CAFFE, 1), source, null, "slow", "none")) {
                var reports = new ArrayList<StepReport>();
                trainer.addListener(new TrainingListener() {
                    @Override
                    public void onStep(StepReport report) {
                        reports.add(report);
                    }
                });
                assertEquals(0, trainer.loaderShare());
                trainer.run();
                shares[slow] = trainer.loaderShare();
                assertEquals(12, reports.size());
                assertTrue(reports.stream().allMatch(report -> report.loaderShare() >= 0 && report.loaderShare() <= 1), reports.toString());
            }
        }
        assertTrue(shares[1] > 0.3 && shares[1] > shares[0] + 0.1, shares[0] + " and " + shares[1]);
    }

    @Test
    void checkpointsOfAnotherNetworkAndCropsOfAnotherSizeAreRefused(@TempDir Path folder) throws IOException {
        TrainingConfig config = config(ALL.replace("\"steps\": 12,", "\"steps\": 1,"), Variant.CAFFE, 1);
        var store = new CheckpointStore(folder);
        try (Device device = Device.open("cpu")) {
            try (Trainer trainer = trainer(device, config, store)) {
                trainer.run();
            }
            try (Trainer trainer = trainer(device, config.withNetwork(config.network().withEmbeddingSize(8)), store)) {
                String message = assertThrows(IOException.class, trainer::resume).getMessage();
                assertTrue(message.contains("checkpoint-00000001") && message.contains("is of another network"), message);
            }
            String message = assertThrows(
                            IllegalArgumentException.class,
                            () -> trainer(device, config.withNetwork(config.network().withCrop(48, 24)), store))
                    .getMessage();
            assertTrue(message.contains("crops of 32x24 (rows x columns), but the network reads 48x24"), message);
            assertEquals(0, device.info().allocatedBytes(), "nothing is left on the device");
        }
    }

    /** A step takes nothing of the device, and of the heap, on the trainer's thread, some views and records: less than one picture has. */
    @Test
    void aStepTakesNoMemory() throws IOException {
        TrainingConfig config = config("""
                {"batch": 2, "steps": 100000, "reportEvery": 100000, "evaluateEvery": 100000, "checkpointEvery": 100000, "loaderThreads": 1}
                """, Variant.ARTICLE, 1);
        try (Device device = Device.open("cpu");
                Trainer trainer = trainer(device, config, null)) {
            trainer.runUntil(1);
            DeviceInfo before = device.info();
            long step = HeapBytes.perCall(() -> trainer.runUntil(trainer.step() + 1));
            assertTrue(step <= 2048, "a step takes " + step + " bytes");
            assertEquals(before.allocatedBytes(), device.info().allocatedBytes());
            assertEquals(before.peakBytes(), device.info().peakBytes());
        }
    }
}
