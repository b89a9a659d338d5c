package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training with a loss on the embeddings, by the command line. */
class MetricRunTest {
    @TempDir
    private Path folder;

    private Outcome train(int pictures, String metric) throws IOException {
        return train(TinyRun.CONFIG, pictures, metric);
    }

    private Outcome train(String json, int pictures, String metric) throws IOException {
        Path faces = TinyRun.faces(folder.resolve("faces"), 4, pictures, TinyRun.SIDE);
        Path config = folder.resolve("metric.json");
        Files.writeString(config, json.replaceFirst("\"steps\"", "\"metric\": " + metric + ", \"steps\""));
        return Outcome.of("train", "--data", faces, "--run", folder.resolve("run"), "--config", config, "--hold-out", 0);
    }

    @Test
    void aloneItLeavesAModelWithoutClassVectors() throws IOException {
        Outcome outcome = train(3, "{\"loss\": {\"kind\": \"triplet\", \"selection\": \"batch-hard\", \"soft\": true}, \"alone\": true}").succeeds();
        assertTrue(outcome.out().contains("Batches   2 people with 4 images each, of the 4 of 4 people that have two images or more"), outcome.out());
        assertTrue(outcome.out().contains("triplet, soft margin, squared distance of unit rows, batch-hard, 12 steps"), outcome.out());
        Path model = Files.walk(folder.resolve("run")).filter(file -> file.endsWith("model.safetensors")).findFirst().orElseThrow();
        Outcome shown = Outcome.of("inspect", model).succeeds();
        assertFalse(shown.out().contains("head.weight"), shown.out());
    }

    @Test
    void besideAHeadWithPairsAndAMarginThatChanges() throws IOException {
        Outcome outcome = train(3, "{\"loss\": {\"kind\": \"contrastive\"}, \"weight\": 0.05, \"adaptEvery\": 16}").succeeds();
        assertTrue(outcome.out().contains("am-softmax, scale 8.0, margin 0.1 + 0.05 (contrastive, margin 1.0, euclidean distance of raw rows, pairs)"), outcome.out());
    }

    @Test
    void roundsOfTripletsGoOnAfterAKill() throws IOException {
        String rounds = "{\"loss\": {\"kind\": \"triplet\", \"selection\": \"violator\", \"margin\": 1}, \"alone\": true, \"sampling\": \"facenet-round\","
                + " \"imagesPerIdentity\": 3, \"identitiesPerRound\": 3}, \"batch\": 6";
        String config = TinyRun.CONFIG.replace("\"batch\": 8, ", "");
        Outcome outcome = train(config, 3, rounds).succeeds();
        assertTrue(outcome.out().contains("Rounds    triplets chosen among 9 images, 3 of a person at most"), outcome.out());
        Path run = folder.resolve("run");
        byte[] model = Files.readAllBytes(run.resolve("model.safetensors"));
        Path last = run.resolve("checkpoints/checkpoint-00000012");
        assertTrue(Files.readString(run.resolve("checkpoints/checkpoint-00000009/round.json")).startsWith("{\"number\":"));
        Files.delete(run.resolve("model.safetensors"));
        for (Path file : Files.list(last).toList()) {
            Files.delete(file);
        }
        Files.delete(last);
        Outcome rest = Outcome.of("train", "--resume", run).succeeds();
        assertTrue(rest.out().contains("Going on after step 9"), rest.out());
        assertArrayEquals(model, Files.readAllBytes(run.resolve("model.safetensors")));
    }

    @Test
    void peopleWithOnePictureEachAreTooFew() throws IOException {
        train(1, "{\"loss\": {\"kind\": \"triplet\"}}").fails(ExitCode.FAILED, "0 of the 4 people", "two images or more", "metric.imagesPerIdentity");
        train(1, "{\"loss\": {\"kind\": \"contrastive\"}}").fails(ExitCode.FAILED, "nobody in the training set has two images");
    }
}
