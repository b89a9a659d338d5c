package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that are killed without warning at random moments and resumed leave the model of an undisturbed run, byte for byte. */
class KillTest {
    private static final int STEPS = 40;
    private static final Object[] OFTEN = {"--set", "steps=" + STEPS, "--set", "checkpointEvery=1", "--set", "network.keep=0.8"};

    @TempDir
    private Path folder;

    @Test
    void aKilledRunGoesOnToTheSameBytes() throws IOException, InterruptedException {
        killAndResume(5);
    }

    @Test
    @Tag("long")
    void aRunKilledAtAnyOf200MomentsGoesOnToTheSameBytes() throws IOException, InterruptedException {
        killAndResume(200);
    }

    private void killAndResume(int kills) throws IOException, InterruptedException {
        long start = Long.getLong("angulus.test.start", System.nanoTime());
        System.out.println("KillTest: start value " + start + " (-Dangulus.test.start=" + start + ")");
        Path faces = TinyRun.faces(folder.resolve("faces"), 4, 5, TinyRun.SIDE);
        Path undisturbed = folder.resolve("undisturbed");
        long stepNanos;
        try (ChildRun child = new ChildRun(folder, TinyRun.train(faces, undisturbed, OFTEN))) {
            child.await(() -> checkpoints(undisturbed) > 0);
            long begun = System.nanoTime();
            child.await(() -> Files.exists(undisturbed.resolve("model.safetensors")));
            stepNanos = (System.nanoTime() - begun) / STEPS;
            child.outcome().succeeds();
        }
        byte[] expected = Files.readAllBytes(undisturbed.resolve("model.safetensors"));
        var random = new Random(start);
        int midway = 0;
        for (int i = 0; i < kills; i++) {
            Path run = folder.resolve("run" + i);
            try (ChildRun child = new ChildRun(folder, TinyRun.train(faces, run, OFTEN))) {
                int step = random.nextInt(STEPS + 1); // 0: at its very beginning
                child.await(() -> step == 0 ? Files.exists(run) : checkpoints(run) >= step);
                Thread.sleep(Duration.ofNanos((long) (random.nextDouble() * stepNanos)));
                child.kill();
            }
            long done = checkpoints(run);
            midway += done > 0 && done < STEPS ? 1 : 0;
            if (!Files.exists(run.resolve("config.json"))) {
                Outcome.of("train", "--resume", run).fails(ExitCode.FAILED, "no folder of a training run");
                continue;
            }
            assertEquals(ExitCode.OK, Outcome.of("train", "--resume", run).succeeds().code(), "kill " + i + " after step " + done);
            assertArrayEquals(expected, Files.readAllBytes(run.resolve("model.safetensors")), "kill " + i + " after step " + done);
            assertEquals(STEPS, checkpoints(run));
            try (Stream<Path> all = Files.walk(run)) {
                assertEquals(List.of(), all.filter(file -> file.getFileName().toString().startsWith(".")).toList(), "left behind by kill " + i);
            }
        }
        System.out.println("KillTest: " + midway + " of " + kills + " kills came between the first checkpoint and the last");
        assertTrue(midway > 0, "no kill came in the middle of a run");
    }

    /** The number of the newest checkpoint, 0 for none. */
    private static long checkpoints(Path run) {
        try (Stream<Path> inside = Files.exists(run.resolve("checkpoints")) ? Files.list(run.resolve("checkpoints")) : Stream.of()) {
            return inside.map(path -> path.getFileName().toString()).filter(name -> name.startsWith("checkpoint-"))
                    .mapToLong(name -> Long.parseLong(name.substring("checkpoint-".length()))).max().orElse(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
