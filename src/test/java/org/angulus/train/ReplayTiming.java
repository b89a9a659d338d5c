package org.angulus.train;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.angulus.data.SyntheticFaces;
import org.angulus.data.SyntheticImages;
import org.angulus.data.CachedImages;
import org.angulus.device.AngulusException;
import org.angulus.device.Device;
import org.angulus.device.StepScalars;

/**
 * What Java adds to a step: K steps of a {@link Trainer} with pictures in memory beside K replays of the same recorded graphs, as a line of JSON:
 * {@code ReplayTiming DEVICE NETWORK_JSON BATCH K PRECISION}. A program for {@code tools/device-check}.
 */
final class ReplayTiming {
    private static final int PEOPLE = 64;
    private static final int ROUNDS = 5;

    private ReplayTiming() {}

    public static void main(String[] arguments) throws IOException {
        int batch = Integer.parseInt(arguments[2]);
        int steps = Integer.parseInt(arguments[3]);
        var line = new JsonObject();
        line.addProperty("rival", "angulus");
        line.addProperty("device", arguments[0]);
        line.addProperty("mode", "replay");
        line.addProperty("name", "trainer steps beside replays");
        line.addProperty("batch", batch);
        line.addProperty("steps", steps);
        line.addProperty("dtype", arguments[4]);
        try (Device device = Device.open(arguments[0])) {
            TrainingConfig config = TrainingConfig.parse("""
                    {"network": %s, "batch": %d, "steps": %d, "precision": "%s", "flip": false, "loaderThreads": 4,
                     "reportEvery": 1000000, "evaluateEvery": 1000000, "checkpointEvery": 1000000}
                    """.formatted(arguments[1], batch, Integer.MAX_VALUE, arguments[4]));
            var source = new ShuffledBatches(new CachedImages(new SyntheticImages(
                    new SyntheticFaces(1, config.network().height(), config.network().width()), 0, PEOPLE, 8)), 1, false);
            double[] trainer = trainerSteps(device, config, source, steps);
            double[] replays = replays(device, config, steps);
            line.addProperty("milliseconds_of_a_trainer_step", 1e3 * median(trainer) / steps);
            line.addProperty("milliseconds_of_a_replay", 1e3 * median(replays) / steps);
            line.addProperty("ratio", median(trainer) / median(replays));
        } catch (AngulusException absent) {
            line.addProperty("not_available", absent.getMessage());
        }
        System.out.println(line);
    }

    private static double[] trainerSteps(Device device, TrainingConfig config, BatchSource source, int steps) throws IOException {
        try (Trainer trainer = new Trainer(device, config, source, null, "drawn", "drawn")) {
            trainer.runUntil(512 / config.batch() + 2); // every picture was drawn
            device.sync();
            var times = new double[ROUNDS];
            for (int i = 0; i < ROUNDS; i++) {
                long start = System.nanoTime();
                trainer.runUntil(trainer.step() + steps);
                device.sync();
                times[i] = 1e-9 * (System.nanoTime() - start);
            }
            return times;
        }
    }

    private static double[] replays(Device device, TrainingConfig config, int steps) {
        try (var step = new TrainingStep(device, config, PEOPLE, 0, 0)) {
            step.start();
            int pixels = 3 * config.network().height() * config.network().width();
            var images = new byte[config.batch() * pixels];
            var labels = new int[config.batch()];
            var faces = new SyntheticFaces(1, config.network().height(), config.network().width());
            for (int i = 0; i < 8; i++) {
                faces.render(i, 0, images, i % config.batch() * pixels);
            }
            Arrays.setAll(labels, i -> i % PEOPLE);
            try (var arena = java.lang.foreign.Arena.ofConfined()) {
                MemorySegment sent = arena.allocate(images.length);
                sent.copyFrom(MemorySegment.ofArray(images));
                Golden.send(device, step, sent, labels, new StepScalars(0, 0, 0.01f, (float) config.head().margin(), (float) config.head().scale(), 0));
            }
            var times = new double[ROUNDS];
            for (int i = -1; i < ROUNDS; i++) {
                long start = System.nanoTime();
                for (int k = 0; k < steps; k++) {
                    step.launchMicroBatch(0);
                    step.launchUpdate();
                }
                device.sync();
                times[Math.max(0, i)] = 1e-9 * (System.nanoTime() - start);
            }
            return times;
        }
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
