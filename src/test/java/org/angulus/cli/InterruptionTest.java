package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InterruptionTest {
    private static final Pattern STOPPED = Pattern.compile("angulus: stopped after step (\\d+) of 100000; go on with angulus train --resume (.*)");

    private static final String IGNORED = "this process was started with Ctrl-C ignored, and its children inherit that";

    @TempDir
    private Path folder;

    private Path faces;
    private Path run;

    @BeforeEach
    void faces() throws IOException {
        faces = TinyRun.faces(folder.resolve("faces"), 4, 5, TinyRun.SIDE);
        run = folder.resolve("run");
    }

    /** A training without end. */
    private ChildRun training(Object... more) throws IOException {
        List<Object> all = new ArrayList<>(List.of("--set", "steps=100000", "--set", "checkpointEvery=100000", "--set", "evaluateEvery=100000"));
        all.addAll(List.of(more));
        return new ChildRun(folder, TinyRun.train(faces, run, all.toArray()));
    }

    /** The step after which it stopped leaves the checkpoint of a run that was never disturbed. */
    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143"})
    void aSignalEndsTrainingAfterACheckpoint(String signal, int code) throws IOException, InterruptedException {
        String err;
        try (ChildRun child = training()) {
            child.awaitOutput("step 2 of");
            Thread.sleep(50); // somewhere in the steps
            assumeFalse(signal.equals("INT") && child.ignoresInterrupts(), IGNORED);
            child.signal(signal);
            Outcome outcome = child.outcome();
            assertEquals(code, outcome.code(), outcome.err());
            err = outcome.err();
        }
        assertEquals(2, err.lines().count(), err);
        Matcher stopped = STOPPED.matcher(err.lines().toList().getLast());
        assertTrue(stopped.matches(), err);
        assertEquals(run.toString(), stopped.group(2));
        long step = Long.parseLong(stopped.group(1));
        String name = "checkpoint-%08d".formatted(step);
        byte[] interrupted = Files.readAllBytes(run.resolve("checkpoints/" + name + "/model.safetensors"));
        Path first = run;
        run = folder.resolve("undisturbed");
        Outcome.of(TinyRun.train(faces, run, "--set", "steps=" + step)).succeeds();
        assertArrayEquals(Files.readAllBytes(run.resolve("model.safetensors")), interrupted);
        Outcome resumed = Outcome.of("train", "--resume", first, "--set", "steps=" + (step + 3)).succeeds();
        assertTrue(resumed.out().contains("Going on after step " + step), resumed.out());
    }

    /** A step of 32,768 micro-batches takes many seconds: only the second signal ends the process. */
    @Test
    void theSecondSignalEndsAtOnce() throws IOException, InterruptedException {
        try (ChildRun child = training("--set", "batch=65536", "--set", "microBatches=32768")) {
            child.awaitThread("angulus-batches"); // the loader's: it is in the step
            assumeFalse(child.ignoresInterrupts(), IGNORED);
            child.signal("INT");
            child.awaitOutput("a second Ctrl-C ends at once");
            Thread.sleep(100);
            assertTrue(child.isAlive(), "it waits for its step");
            child.signal("INT");
            Outcome outcome = child.outcome();
            assertEquals(130, outcome.code(), outcome.err());
            assertEquals("angulus: stopping after this step and a checkpoint; a second Ctrl-C ends at once", outcome.err().lines().toList().getLast());
        }
        try (var inside = Files.list(run.resolve("checkpoints"))) {
            assertEquals(0, inside.count());
        }
    }
}
