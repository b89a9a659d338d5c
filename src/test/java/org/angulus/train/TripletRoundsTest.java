package org.angulus.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.angulus.data.CachedImages;
import org.angulus.data.FailedImages;
import org.angulus.data.LabeledImages;
import org.angulus.device.Device;
import org.angulus.device.MetricSummary;
import org.angulus.device.PairDistance;
import org.angulus.device.PairSelection;
import org.angulus.loss.MetricLoss;
import org.angulus.model.CounterRandom;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.TensorSpec;
import org.angulus.model.Variant;
import org.angulus.model.Weights;
import org.angulus.train.MetricTraining.Sampling;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** FaceNet's rounds: what is drawn and chosen, what a run makes of it, and that a stopped run goes on to the same bits. */
class TripletRoundsTest {
    private static final LabeledImages SET = new DrawnImages(48, 6, 32, 24, 5);

    private static MetricLoss.Triplet loss(PairSelection selection, double margin) {
        return new MetricLoss.Triplet(margin, PairDistance.SQUARED, true, selection, false, 0, false, false);
    }

    private static float[][] embeddings(int n, long startValue) {
        var random = new CounterRandom(startValue, "embeddings");
        float[][] rows = new float[n][5];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < 5; k++) {
                rows[i][k] = (float) random.normal(5L * i + k);
            }
        }
        return rows;
    }

    @Test
    void drawsImagesOfPeopleInTurn() {
        var set = new DrawnImages(50, 9, 4, 4, 1); // 5 or 6 images each
        var rounds = new TripletRounds(set, loss(PairSelection.VIOLATOR, 0.2), 3, 4, 6, 7);
        Set<Integer> people = new HashSet<>();
        for (long number = 0; number < 20; number++) {
            List<Integer> images = rounds.draw(number);
            assertEquals(12, images.size());
            assertEquals(12, new HashSet<>(images).size(), "no image twice");
            Map<Integer, Integer> counts = new HashMap<>();
            images.forEach(image -> counts.merge(set.label(image), 1, Integer::sum));
            assertEquals(Set.of(4), new HashSet<>(counts.values()), "three people with four images");
            people.addAll(counts.keySet());
        }
        assertEquals(9, people.size());
        assertEquals(rounds.draw(3), new TripletRounds(set, loss(PairSelection.VIOLATOR, 0.2), 3, 4, 6, 7).draw(3));
        assertNotEquals(rounds.draw(3), rounds.draw(4));
        assertEquals(24, new TripletRounds(set, loss(PairSelection.VIOLATOR, 0.2), 3, 8, 6, 7).draw(0).size(), "people with fewer images leave room for a further one");
    }

    /** FaceNet's rule in plain words, on the same embeddings: for each pair of a person one negative with pos < neg < pos + alpha, or with neg < pos + alpha alone. */
    @ParameterizedTest
    @EnumSource(value = PairSelection.class, names = {"SEMI_HARD", "SEMI_HARD_RANDOM", "VIOLATOR"})
    void choosesByFacenetsRule(PairSelection selection) {
        long startValue = System.nanoTime();
        String replay = "start value " + startValue;
        double alpha = 0.2;
        var rounds = new TripletRounds(SET, loss(selection, alpha), 6, 5, 6, startValue);
        long number = 2;
        List<Integer> images = rounds.draw(number);
        int n = images.size();
        float[][] embeddings = embeddings(n, startValue);
        Set<List<Integer>> expected = new HashSet<>();
        for (int a = 0; a < n; a++) {
            for (int p = a + 1; p < n; p++) {
                if (SET.label(images.get(a)) != SET.label(images.get(p))) {
                    continue;
                }
                double pos = squared(embeddings[a], embeddings[p]);
                List<Integer> allowed = new ArrayList<>();
                int nearest = -1;
                for (int other = 0; other < n; other++) {
                    double neg = squared(embeddings[a], embeddings[other]);
                    if (SET.label(images.get(other)) == SET.label(images.get(a))) {
                        continue;
                    }
                    if (neg - pos < alpha && (selection == PairSelection.VIOLATOR || pos < neg)) {
                        allowed.add(other);
                    }
                    if (neg > pos && (nearest < 0 || neg < squared(embeddings[a], embeddings[nearest]))) {
                        nearest = other;
                    }
                }
                if (selection == PairSelection.SEMI_HARD) {
                    allowed = nearest < 0 ? List.of() : List.of(nearest);
                }
                if (!allowed.isEmpty()) {
                    long drawn = new CounterRandom(startValue, "triplets of round " + number).bits((long) a * n + p) >>> 33;
                    int negative = allowed.get((int) (drawn % allowed.size()));
                    expected.add(List.of(images.get(a), images.get(p), images.get(negative)));
                }
            }
        }
        assertTrue(expected.size() >= 10 && expected.size() <= 60, () -> replay + ": " + expected.size() + " of 60 pairs have a triplet");
        List<Integer> chosen = rounds.choose(number, images, embeddings);
        List<List<Integer>> triplets = IntStream.range(0, chosen.size() / 3).mapToObj(i -> chosen.subList(3 * i, 3 * i + 3)).toList();
        assertEquals(expected, new HashSet<>(triplets), replay);
        assertEquals(expected.size(), triplets.size(), replay);
        List<Integer> anchors = triplets.stream().map(List::getFirst).map(images::indexOf).toList();
        assertNotEquals(anchors.stream().sorted().toList(), anchors, replay + ": shuffled");
        assertEquals(chosen, rounds.choose(number, images, embeddings), replay);
    }

    /** Of rows that are brought to length 1. */
    private static double squared(float[] x, float[] y) {
        double xx = 0;
        double yy = 0;
        double xy = 0;
        for (int k = 0; k < x.length; k++) {
            xx += (double) x[k] * x[k];
            yy += (double) y[k] * y[k];
            xy += (double) x[k] * y[k];
        }
        return 2 - 2 * xy / Math.sqrt(xx * yy);
    }

    @Test
    void batchesHoldTheTripletsUntilAllAreUsed() throws IOException {
        var rounds = new TripletRounds(SET, loss(PairSelection.VIOLATOR, 0.2), 3, 4, 6, 7);
        assertTrue(rounds.isUsedUp(0));
        rounds.begin(new TripletRound(4, 10, List.of(0, 6, 1, 2, 8, 3, 4, 10, 5)));
        assertEquals(List.of(0, 6, 1, 2, 8, 3, 4, 10, 5, 0, 6, 1), IntStream.range(60, 72).map(rounds::image).boxed().toList(), "the second batch is filled up from the beginning");
        assertTrue(!rounds.isUsedUp(11) && rounds.isUsedUp(12));
        String refused = assertThrows(IOException.class, () -> rounds.begin(new TripletRound(0, 0, List.of(0, 6, 48)))).getMessage();
        assertEquals("the round of triplets names image 48, but the training set has 48; go on with the set of before", refused);
    }

    private static TrainingConfig config(MetricLoss loss, int steps) {
        ResFaceConfig network = ResFaceConfig.of("resface10", Variant.ARTICLE).withWidths(List.of(8, 8, 8, 16)).withCrop(32, 24).withEmbeddingSize(16).withKeep(1);
        return TrainingConfig.parse("{\"batch\": 12, \"microBatches\": 2, \"steps\": " + steps + ", \"schedule\": {\"kind\": \"constant\", \"rate\": 0.02}, \"reportEvery\": 1,"
                        + "\"evaluateEvery\": 1000, \"checkpointEvery\": 1000}")
                .withNetwork(network).withMetric(new MetricTraining(loss, 1, true, Sampling.FACENET_ROUND, 4, 0, 3));
    }

    private static Trainer trainer(Device device, TrainingConfig config, LabeledImages set, CheckpointStore store) {
        var batches = new ShuffledBatches(set, config.startValue(), config.flip(), config.augmentation(), new FailedImages(true), ExampleOrder.of(config, set));
        return new Trainer(device, config, batches, store, "drawn images", "none");
    }

    /** Triplets draw people apart, and a run stopped inside of a round and at the end of one goes on. */
    @Test
    void runsLearnAndResumeKeepsBits(@TempDir Path folder) throws IOException {
        var set = new CachedImages(SET);
        TrainingConfig config = config(loss(PairSelection.VIOLATOR, 1), 12);
        Weights whole;
        Set<Long> firsts = new TreeSet<>();
        List<MetricSummary> summaries = new ArrayList<>();
        List<String> warnings = new ArrayList<>();
        try (Device device = Device.open("cpu"); Trainer trainer = trainer(device, config, set, null)) {
            trainer.addListener(new TrainingListener() {
                @Override
                public void onMetric(long step, MetricSummary summary, double margin) {
                    summaries.add(summary);
                }

                @Override
                public void onWarning(long step, String sentence) {
                    warnings.add(sentence);
                }
            });
            for (int step = 1; step <= 12; step++) {
                trainer.runUntil(step);
                firsts.add(trainer.round().firstStep());
            }
            whole = trainer.weights();
        }
        assertTrue(firsts.size() >= 3 && firsts.size() < 12, () -> "rounds begin at steps " + firsts);
        assertEquals(Collections.nCopies(12, 2f), summaries.stream().map(MetricSummary::terms).toList(), "each micro-batch has the two triplets that stand in it");
        MetricSummary before = summaries.getFirst();
        MetricSummary after = summaries.getLast();
        assertTrue(after.negativeDistance() / after.positiveDistance() > 1.3 * before.negativeDistance() / before.positiveDistance(), () -> before + " became " + after);
        assertTrue(warnings.stream().allMatch(sentence -> sentence.startsWith("Batch norm takes")), warnings::toString);
        long inside = 1 + firsts.stream().filter(begin -> !firsts.contains(begin + 1)).findFirst().orElseThrow();
        long border = firsts.stream().skip(2).findFirst().orElseThrow();
        CheckpointStore store = new CheckpointStore(folder);
        for (long stop : new long[] {Math.min(inside, border), Math.max(inside, border), 12}) {
            try (Device device = Device.open("cpu"); Trainer trainer = trainer(device, config, set, store)) {
                trainer.resume();
                trainer.addListener(new TrainingListener() {
                    @Override
                    public void onStep(StepReport report) {
                        if (report.step() + 1 == stop) {
                            trainer.requestStop();
                        }
                    }
                });
                trainer.run();
                assertEquals(stop, trainer.step());
                if (stop == 12) {
                    for (TensorSpec spec : whole.specs()) {
                        assertArrayEquals(whole.get(spec), trainer.weights().get(spec), spec.name());
                    }
                }
            }
        }
    }

    @Test
    void roundsWithoutATripletAreTold() throws IOException {
        TrainingConfig config = config(loss(PairSelection.SEMI_HARD_RANDOM, 0), 4);
        List<String> warnings = new ArrayList<>();
        try (Device device = Device.open("cpu"); Trainer trainer = trainer(device, config, SET, null)) {
            trainer.addListener(new TrainingListener() {
                @Override
                public void onWarning(long step, String sentence) {
                    warnings.add(sentence);
                }
            });
            assertEquals("No triplet was found in 16 rounds of 12 images, so there is nothing to learn from; end here, or give metric.loss.margin or metric.identitiesPerRound a"
                    + " larger value, or metric.loss.selection the value violator.", assertThrows(IOException.class, trainer::run).getMessage());
        }
        assertEquals(16, warnings.stream().filter(sentence -> sentence.contains("found no triplet among 12 images")).count());
    }

    @Test
    void whatCannotBeIsRefused() {
        TrainingConfig config = config(loss(PairSelection.VIOLATOR, 0.2), 4);
        assertEquals("rounds of triplets: the training set shows one person only, so there is no pair of two; give more people.",
                assertThrows(IllegalArgumentException.class, () -> ExampleOrder.of(config, new DrawnImages(5, 1, 32, 24, 1))).getMessage());
        assertEquals("rounds of triplets: nobody in the training set has two images, so there is no pair of one person; give more images.",
                assertThrows(IllegalArgumentException.class, () -> ExampleOrder.of(config, new DrawnImages(5, 5, 32, 24, 1))).getMessage());
        assertTrue(refusal("{'batch': 90, 'metric': {'loss': {'kind': 'triplet', 'selection': 'batch-hard'}, 'sampling': 'facenet-round'}}").endsWith(
                "the sampling is facenet-round, which chooses triplets by semi-hard, semi-hard-random or violator; give a triplet loss with one of these selections."));
        assertTrue(refusal("{'batch': 90, 'metric': {'loss': {'kind': 'triplet', 'selection': 'triplets'}}}").endsWith(
                "the selection triplets is what a round leaves in its batches; give the sampling facenet-round and the selection of its choice."));
        assertEquals("training configuration: metric: a micro-batch of 64 is not made of triplets; give a multiple of 3.",
                refusal("{'batch': 64, 'metric': {'loss': {'kind': 'triplet'}, 'sampling': 'facenet-round'}}"));
    }

    private static String refusal(String json) {
        return assertThrows(IllegalArgumentException.class, () -> TrainingConfig.parse(json.replace('\'', '"'))).getMessage();
    }
}
