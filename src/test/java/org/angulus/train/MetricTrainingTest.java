package org.angulus.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.angulus.data.CachedImages;
import org.angulus.data.FailedImages;
import org.angulus.device.Device;
import org.angulus.device.MetricSummary;
import org.angulus.device.PairDistance;
import org.angulus.device.PairSelection;
import org.angulus.loss.MetricLoss;
import org.angulus.loss.MetricLosses;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.TensorSpec;
import org.angulus.model.Variant;
import org.angulus.model.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs with a loss on the embeddings: alone and beside a head, learning, resuming, adapting a margin, and what is refused. */
class MetricTrainingTest {
    private static final CachedImages IMAGES = new CachedImages(new DrawnImages(48, 6, 32, 24, 5));

    private static final MetricLoss BETA_OF_EACH_IMAGE = new MetricLoss.MarginBased(0.2, 1.2, true, true, true, 0, PairDistance.EUCLIDEAN, PairSelection.ALL);

    private static TrainingConfig config(MetricTraining metric, int steps, int batch) {
        ResFaceConfig network = ResFaceConfig.of("resface10", Variant.ARTICLE).withWidths(List.of(8, 8, 8, 16)).withCrop(32, 24).withEmbeddingSize(16).withKeep(1);
        return TrainingConfig.parse("{\"batch\": " + batch + ", \"steps\": " + steps + ", \"schedule\": {\"kind\": \"constant\", \"rate\": 0.02}, \"clip\": 5,"
                + "\"reportEvery\": 1, \"evaluateEvery\": 1000, \"checkpointEvery\": 1000, \"flip\": false}").withNetwork(network).withMetric(metric);
    }

    /** Metric summaries, step after step, and the margins. */
    private static final class Log implements TrainingListener {
        final List<MetricSummary> summaries = new ArrayList<>();
        final List<Double> margins = new ArrayList<>();
        final List<Double> losses = new ArrayList<>();
        final List<String> warnings = new ArrayList<>();

        @Override
        public void onStep(StepReport report) {
            losses.add(report.loss());
        }

        @Override
        public void onMetric(long step, MetricSummary summary, double margin) {
            summaries.add(summary);
            margins.add(margin);
        }

        @Override
        public void onWarning(long step, String sentence) {
            warnings.add(sentence);
        }
    }

    private static Trainer trainer(Device device, TrainingConfig config, CheckpointStore store, Log log) {
        var batches = new ShuffledBatches(IMAGES, config.startValue(), config.flip(), config.augmentation(), new FailedImages(true),
                ExampleOrder.of(config, IMAGES));
        Trainer trainer = new Trainer(device, config, batches, store, "drawn images", "none");
        trainer.addListener(log);
        return trainer;
    }

    /** Alone there are no class vectors, and persons move apart: the distance between two grows against that within one. */
    @ParameterizedTest
    @ValueSource(strings = {"facenet", "batch-hard-soft", "margin-based", "angular-margin", "contrastive-unit"})
    void aloneItLearns(String name) throws IOException {
        MetricTraining metric = MetricTraining.of(MetricLosses.named(name), 1, true);
        Log log = new Log();
        try (Device device = Device.open("cpu"); Trainer trainer = trainer(device, config(metric, 25, 16), null, log)) {
            trainer.run();
            assertTrue(trainer.weights().specs().stream().noneMatch(spec -> spec.name().startsWith("head")), "no class vectors");
        }
        MetricSummary first = log.summaries.getFirst();
        MetricSummary last = log.summaries.getLast();
        assertTrue(last.negativeDistance() / last.positiveDistance() > 1.3 * first.negativeDistance() / first.positiveDistance(), () -> first + " became " + last);
        assertEquals(log.summaries.getLast().loss(), log.losses.getLast(), 1e-6);
    }

    /** Everything that a step keeps: betas that are learned, centres, a margin that changes. Stopped in the middle and continued, the bits are the same. */
    @ParameterizedTest
    @ValueSource(strings = {"margin-based", "beta of each image", "center", "deepid2", "facenet-loose"})
    void resumeKeepsBits(String name, @TempDir Path folder) throws IOException {
        MetricLoss loss = name.equals("beta of each image") ? BETA_OF_EACH_IMAGE : MetricLosses.named(name);
        MetricTraining plain = MetricTraining.of(loss, 0.05, false);
        MetricTraining metric = name.equals("deepid2") ? new MetricTraining(loss, 0.05, false, plain.sampling(), 4, 20, 45) : plain;
        TrainingConfig config = config(metric, 8, 8);
        Weights whole;
        Log log = new Log();
        try (Device device = Device.open("cpu"); Trainer trainer = trainer(device, config, null, log)) {
            trainer.run();
            whole = trainer.weights();
        }
        assertTrue(log.warnings.isEmpty() || name.equals("facenet-loose") && log.warnings.size() == 1 && log.warnings.getFirst().contains("none with a negative"),
                log.warnings::toString);
        CheckpointStore store = new CheckpointStore(folder);
        try (Device device = Device.open("cpu"); Trainer trainer = trainer(device, config, store, new Log())) {
            trainer.addListener(new TrainingListener() {
                @Override
                public void onStep(StepReport report) {
                    if (report.step() == 3) {
                        trainer.requestStop();
                    }
                }
            });
            trainer.run();
            assertEquals(4, trainer.step());
        }
        Log rest = new Log();
        try (Device device = Device.open("cpu"); Trainer trainer = trainer(device, config, store, rest)) {
            assertTrue(trainer.resume());
            trainer.run();
            for (TensorSpec spec : whole.specs()) {
                if (!spec.name().equals(MetricLoss.PAIRS)) {
                    assertArrayEquals(whole.get(spec), trainer.weights().get(spec), spec.name());
                }
            }
        }
        assertEquals(log.margins.subList(4, 8), rest.margins);
        if (name.equals("deepid2")) {
            assertNotEquals(log.margins.getFirst(), log.margins.getLast(), "20 pairs are 5 steps of 4 pairs: the margin was set anew");
            assertEquals(log.margins.get(3), log.margins.get(0));
        }
        if (name.equals("center")) {
            TensorSpec centers = whole.specs().stream().filter(spec -> spec.name().equals(MetricLoss.CENTERS)).findFirst().orElseThrow();
            assertFalse(Arrays.equals(whole.get(centers), new float[whole.get(centers).length]), "centres have moved");
        }
    }

    /** Before there were rounds and betas of images a checkpoint did not speak of them. */
    @Test
    void checkpointsOfBeforeGoOn(@TempDir Path folder) throws IOException {
        TrainingConfig config = config(MetricTraining.of(MetricLosses.named("margin-based"), 1, false), 2, 8);
        var store = new CheckpointStore(folder);
        try (Device device = Device.open("cpu"); Trainer trainer = trainer(device, config, store, new Log())) {
            trainer.runUntil(1);
            trainer.requestStop();
            trainer.run();
        }
        Path state = store.latest().orElseThrow().resolve("state.json");
        JsonObject json = JsonParser.parseString(Files.readString(state)).getAsJsonObject();
        JsonObject metric = json.getAsJsonObject("config").getAsJsonObject("metric");
        assertEquals(45, metric.remove("identitiesPerRound").getAsInt());
        assertFalse(metric.getAsJsonObject("loss").remove("perImage").getAsBoolean());
        Files.writeString(state, json.toString());
        assertEquals(config, Checkpoint.readConfig(state.getParent()));
    }

    /** In the first step those of the batch's images alone, together as far as the beta that all share. */
    @Test
    void betasOfTheBatchsImagesMove() throws IOException {
        TrainingConfig config = config(MetricTraining.of(BETA_OF_EACH_IMAGE, 1, true), 1, 8);
        ExampleOrder order = ExampleOrder.of(config, IMAGES);
        Set<Integer> batch = IntStream.range(0, 8).map(order::image).boxed().collect(Collectors.toSet());
        assertEquals(8, batch.size());
        try (Device device = Device.open("cpu"); Trainer trainer = trainer(device, config, null, new Log())) {
            trainer.run();
            float[] ofImages = trainer.weights().get(MetricLoss.BETA_OF_IMAGES);
            float[] ofPeople = trainer.weights().get(MetricLoss.BETA_OF_PEOPLE);
            float shared = trainer.weights().get(MetricLoss.BETA)[0] - 1.2f;
            assertEquals(48, ofImages.length);
            double sum = 0;
            float[] sums = new float[6];
            for (int i = 0; i < 48; i++) {
                assertTrue(batch.contains(i) || ofImages[i] == 0, "image " + i + " is not in the batch, but its beta is " + ofImages[i]);
                sum += ofImages[i];
                sums[IMAGES.label(i)] += ofImages[i];
            }
            assertTrue(Math.abs(shared) > 1e-5, () -> "beta moved by " + shared);
            assertEquals(shared, sum, 1e-6);
            assertArrayEquals(ofPeople, sums, 1e-6f);
        }
        var drawn = new DrawnSource(8);
        String refused = assertThrows(IllegalArgumentException.class, () -> {
            try (Device device = Device.open("cpu")) {
                new Trainer(device, config, drawn, null, "drawn", "none").close();
            }
        }).getMessage();
        assertEquals("The loss has a beta for each image, but the batches do not tell which image is which; set metric.loss.perImage to false.", refused);
    }

    /** Batches that do not tell which image is which. */
    private record DrawnSource(int classes) implements BatchSource {
        @Override
        public int height() {
            return 32;
        }

        @Override
        public int width() {
            return 24;
        }

        @Override
        public void fill(long position, Batch batch) {
            throw new UnsupportedOperationException("nothing is trained on it");
        }
    }

    @Test
    void marginAdaptationFindsTheThreshold() {
        var adaptation = new MarginAdaptation(6);
        float[] apart = {0.3f, 2.1f, 0.4f, 1.9f, 0.5f, 3f};
        int n = 12;
        float[] distances = new float[n * n];
        int[] labels = new int[n];
        for (int i = 0; i < 6; i++) {
            distances[2 * i * n + 2 * i + 1] = apart[i];
            labels[2 * i] = i;
            labels[2 * i + 1] = i % 2 == 0 ? i : 100 + i;
        }
        assertFalse(adaptation.isDue());
        adaptation.add(distances, labels);
        assertTrue(adaptation.isDue());
        double margin = adaptation.take();
        assertTrue(margin > 0.5 && margin < 1.9, () -> "the threshold is " + margin);
        assertEquals(Math.sqrt(0.5 * 1.9), margin, 0.05, "the middle of those without an error, on the scale of the counts");
        assertFalse(adaptation.isDue(), "it starts anew");
    }

    @Test
    void batchesWithoutPairsAreTold() throws IOException {
        var singles = new DrawnImages(8, 8, 32, 24, 5);
        var metric = new MetricTraining(MetricLosses.named("batch-hard"), 1, true, MetricTraining.Sampling.SHUFFLED, 4, 0, 45);
        TrainingConfig config = config(metric, 1, 8);
        Log log = new Log();
        try (Device device = Device.open("cpu");
                Trainer trainer = new Trainer(device, config, new ShuffledBatches(singles, 1, false), null, "drawn images", "none")) {
            trainer.addListener(log);
            trainer.run();
        }
        assertEquals(List.of("The batch had no pair or triplet to learn from, since no person was there twice or only one was; choose metric.sampling identities or pairs."),
                log.warnings);
        assertEquals(0, log.losses.getFirst());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{'metric': {'loss': {'kind': 'triplets'}}} | training configuration.metric.loss.kind is 'triplets'; it must be one of none, contrastive, triplet, margin-based, center (did you mean triplet?).",
        "{'batch': 10, 'metric': {'loss': {'kind': 'triplet'}}} | training configuration: metric: a micro-batch of 10 is not made of at least 2 people with 4 images each; give a multiple, 8 or more.",
        "{'batch': 6, 'metric': {'loss': {'kind': 'contrastive'}}} | training configuration: metric: a micro-batch of 6 is not made of pairs of one person and as many of two; give a multiple of 4.",
        "{'metric': {'loss': {'kind': 'center'}, 'alone': true}} | training configuration.metric: metric: alone is set, but center loss alone draws all embeddings to one point; leave the head or choose another.",
        "{'metric': {'loss': {'kind': 'triplet', 'selection': 'pairs'}}} | training configuration.metric.loss: triplet: the selection is pairs, which has no triplets; choose another.",
        "{'metric': {'imagesPerIdentity': 1}} | training configuration.metric: metric: imagesPerIdentity is 1, which leaves no pair of one person; give 2 or more."
    })
    void wrongConfigurations(String line) {
        String[] parts = line.replace('\'', '"').split(" \\| ");
        assertEquals(parts[1].replace('"', '\''), assertThrows(IllegalArgumentException.class, () -> TrainingConfig.parse(parts[0])).getMessage().replace('"', '\''));
    }

    @Test
    void lossesInWords() {
        TrainingConfig plain = TrainingConfig.recipe("default");
        assertEquals("am-softmax, scale 30.0, margin 0.35", plain.lossDescription());
        assertEquals("am-softmax, scale 30.0, margin 0.35 + 0.003 (center, rate 0.5)",
                plain.withMetric(MetricTraining.of(MetricLosses.named("center"), 0.003, false)).lossDescription());
        assertEquals("triplet, margin 0.2, squared distance of unit rows, semi-hard-random",
                plain.withMetric(MetricTraining.of(MetricLosses.named("facenet"), 1, true)).lossDescription());
    }

    @Test
    void aKindAloneBringsItsConstants() {
        MetricTraining metric = TrainingConfig.parse("{\"metric\": {\"loss\": {\"kind\": \"center\"}}}").metric();
        assertEquals(new MetricTraining(new MetricLoss.Center(0.5, true, false), 0.003, false, MetricTraining.Sampling.SHUFFLED, 4, 0, 45), metric);
        TrainingConfig config = TrainingConfig.recipe("default").withMetric(metric);
        assertEquals(config, TrainingConfig.parse(config.toJson()));
    }
}
