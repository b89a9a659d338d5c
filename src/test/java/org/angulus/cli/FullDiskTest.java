package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.angulus.FileSizeLimit;
import org.angulus.model.FileWriteException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands whose disk is full at any byte: one sentence, the last good state stands, and with room again the same bytes come out. */
class FullDiskTest {
    private static final String FULL = "it cannot be written (" + FileSizeLimit.REASON + "); check that its folder exists";

    @TempDir
    private static Path shared;

    private static Path faces;
    private static Path undisturbed;
    private static Path model;

    @TempDir
    private Path folder;

    @BeforeAll
    static void train() throws IOException {
        faces = TinyRun.faces(shared.resolve("faces"), 4, 6, TinyRun.SIDE);
        undisturbed = shared.resolve("undisturbed");
        Outcome.of(TinyRun.train(faces, undisturbed)).succeeds();
        model = undisturbed.resolve("model.safetensors");
    }

    /** All files below a folder, hidden ones included. */
    private static Map<String, String> contents(Path root) throws IOException {
        var contents = new TreeMap<String, String>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                contents.put(root.relativize(file).toString(), Files.readString(file, StandardCharsets.ISO_8859_1));
            }
        }
        return contents;
    }

    private static void assertNothingHidden(Path root) throws IOException {
        assertEquals(List.of(), contents(root).keySet().stream().filter(name -> name.matches("(.*/)?\\..*")).toList());
    }

    private static Outcome full(long bytes, Object... arguments) {
        try (FileSizeLimit _ = FileSizeLimit.of(bytes)) {
            return Outcome.of(arguments);
        }
    }

    @Test
    void aTrainingThatCannotBeginIsBegunAgain() throws IOException {
        Path run = folder.resolve("run");
        long largest = Files.size(model);
        for (long bytes = 0; bytes < largest; bytes += largest / 4) {
            boolean begun = Files.exists(run.resolve("config.json"));
            Object[] again = begun ? new Object[] {"train", "--resume", run} : TinyRun.train(faces, run);
            Outcome outcome = full(bytes, again).fails(ExitCode.FAILED, FULL);
            String cure = Files.exists(run.resolve("config.json")) ? ", then go on with angulus train --resume " + run : ", then start again";
            assertTrue(outcome.err().strip().endsWith(cure), outcome.err());
            assertNothingHidden(run);
        }
        Outcome.of("train", "--resume", run).succeeds();
        assertArrayEquals(Files.readAllBytes(model), Files.readAllBytes(run.resolve("model.safetensors")));
    }

    @Test
    void aTrainingKeepsItsCheckpointAndGoesOnToTheSameBytes() throws IOException {
        Path run = folder.resolve("run");
        Outcome.of(TinyRun.train(faces, run, "--set", "steps=6")).succeeds();
        Map<String, String> checkpoints = contents(run.resolve("checkpoints"));
        byte[] before = Files.readAllBytes(run.resolve("model.safetensors"));
        long largest = Files.size(model);
        for (long bytes = 0; bytes < largest; bytes += largest / 4) {
            full(bytes, "train", "--resume", run, "--set", "steps=12").fails(ExitCode.FAILED, FULL, "angulus train --resume " + run);
            assertEquals(checkpoints, contents(run.resolve("checkpoints")), "full after " + bytes);
            assertArrayEquals(before, Files.readAllBytes(run.resolve("model.safetensors")));
            assertNothingHidden(run);
        }
        Outcome.of("train", "--resume", run, "--set", "steps=12").succeeds();
        assertArrayEquals(Files.readAllBytes(model), Files.readAllBytes(run.resolve("model.safetensors")));
    }

    @Test
    void embeddingGoesOnToTheSameBytes() throws IOException {
        Path crops = Files.createDirectories(folder.resolve("crops"));
        for (int i = 0; i < 20; i++) {
            TinyRun.picture(crops.resolve("%02d.png".formatted(i)), TinyRun.SIDE, TinyRun.SIDE, i % 4, i);
        }
        Files.writeString(crops.resolve("07.png"), "no picture");
        Path whole = folder.resolve("whole");
        assertEquals(ExitCode.OK, Outcome.of(embed(crops, whole)).code());
        Path out = folder.resolve("out");
        for (long bytes = 0; bytes < Files.size(whole.resolve("embeddings.npy")); bytes += 131) {
            full(bytes, embed(crops, out)).failsOnly(ExitCode.FAILED, FULL, out.toString());
            assertNothingHidden(out);
        }
        assertEquals(ExitCode.OK, Outcome.of(embed(crops, out)).code());
        assertEquals(contents(whole), contents(out));
    }

    private static Object[] embed(Path crops, Path out) {
        return new Object[] {"embed", "--model", model, "--data", crops, "--out", out, "--device", "cpu", "--batch", 8};
    }

    /** Rows and the reasons of those that failed, as far as they were confirmed, outlive a full disk and then a kill right after the start. */
    @Test
    void confirmedRowsAndTheirFailuresStand() throws IOException {
        var settings = new EmbedFolder.Settings("m", "p", 9, 2, "none", "exact", 8, "cpu");
        byte[] paths = "a\nb\n".getBytes(StandardCharsets.UTF_8);
        for (int more = 0; more < 60; more += 7) {
            Path out = folder.resolve("out" + more);
            try (EmbedFolder first = EmbedFolder.open(out, settings, paths, false)) {
                first.append(new float[] {1, 0});
                first.appendFailure("b", "damaged");
                first.flush();
                FileSizeLimit limit = FileSizeLimit.of(Files.size(out.resolve("failed.txt")) + more);
                assertThrows(FileWriteException.class, () -> {
                    try (limit) {
                        for (int i = 0; i < 20; i++) {
                            first.appendFailure("c", "damaged, too");
                            first.append(new float[] {0, 1});
                        }
                    }
                });
            }
            Map<String, String> files = new TreeMap<>();
            for (int start = 0; start < 2; start++) { // the first is "killed": never closed
                EmbedFolder again = EmbedFolder.open(out, settings, paths, false);
                long rows = again.begun();
                assertTrue(rows >= 2);
                assertEquals(1 + (rows - 2 + 1) / 2, again.failures(), "a failure in every second row");
                if (start == 1) {
                    again.close();
                    assertEquals(files, contents(out));
                }
                files.putAll(contents(out));
            }
        }
    }

    @Test
    void singleFilesAreReplacedWholeOrNotAtAll() throws IOException {
        Path onnx = Files.writeString(folder.resolve("m.onnx"), "old");
        Path threshold = Files.writeString(folder.resolve("m.json"), "old");
        Path pack = folder.resolve("pack");
        Path report = folder.resolve("report");
        Map<String, String> before = contents(folder);
        Object[] export = {"export", model, "--out", onnx};
        Object[] calibrate = {"calibrate", "--model", model, "--data", faces, "--device", "cpu", "--far", "0.1", "--draw", 80, "--out", threshold};
        Object[] evaluate = {"eval", "--model", model, "--data", faces, "--device", "cpu", "--draw", 20, "--out", report};
        for (long bytes = 0; bytes < 400; bytes += 133) {
            full(bytes, export).failsOnly(ExitCode.FAILED, onnx + ": " + FULL);
            full(bytes, calibrate).failsOnly(ExitCode.FAILED, threshold + ": " + FULL);
            full(bytes, evaluate).failsOnly(ExitCode.FAILED, report.resolve("report.json") + ": " + FULL);
            full(bytes, "pack", "--data", faces, "--size", "16x16", "--out", pack).failsOnly(ExitCode.FAILED, "images.npy: " + FULL);
            assertEquals(before, contents(folder));
        }
        // Pictures are an extra: without room for them there is a warning and a whole report.
        Outcome outcome = full(5000, evaluate);
        assertEquals(ExitCode.OK, outcome.code());
        assertTrue(outcome.err().contains("roc.png could not be drawn (" + report.resolve("roc.png") + ": " + FULL), outcome.err());
        assertFalse(outcome.err().contains("Exception"), outcome.err());
        assertEquals(List.of("pairs.txt", "report.json"), List.copyOf(contents(report).keySet()));
    }

    /** Without the test's hand in the process: the system's signal for the limit ends no JVM. */
    @Test
    void aProcessUnderALimitOfItsShellSaysOneSentence() throws IOException, InterruptedException {
        try (ChildRun child = ChildRun.inScript(folder, "ulimit -f 4; exec \"$@\"", TinyRun.train(faces, folder.resolve("run")))) {
            child.outcome().fails(ExitCode.FAILED, FULL, "then go on with angulus train --resume " + folder.resolve("run"));
        }
    }

    /** A file system of so few pages that checkpoints, events and all together fill it in the middle of the run. */
    @Test
    void aDiskThatIsReallyFullIsSurvived() throws IOException, InterruptedException {
        assumeTrue(new ProcessBuilder("unshare", "-rm", "true").start().waitFor() == 0, "this machine lets no process have file systems of its own");
        Path disk = Files.createDirectory(folder.resolve("disk"));
        int midway = 0;
        for (int pages : new int[] {12, 20}) {
            Path kept = folder.resolve("kept" + pages);
            String script = "unshare -rm bash -c 'mount -t tmpfs -o size=" + 4 * pages + "k none " + disk + " && { \"$@\"; code=$?; cp -a " + disk + " " + kept
                    + "; exit $code; }' bash \"$@\"";
            Object[] arguments = TinyRun.train(faces, folder.resolve("run"), "--set", "checkpointEvery=1");
            arguments[List.of(arguments).indexOf("--run") + 1] = disk.resolve("run");
            try (ChildRun child = ChildRun.inScript(folder, script, arguments)) {
                child.outcome().fails(ExitCode.FAILED, disk + "/run/", "it cannot be written (No space left on device); ");
            }
            Path run = kept.resolve("run");
            assertNothingHidden(run);
            Outcome resumed = Outcome.of("train", "--resume", run, "--set", "checkpointEvery=12").succeeds();
            midway += resumed.out().contains("Going on after step ") ? 1 : 0;
            assertArrayEquals(Files.readAllBytes(model), Files.readAllBytes(run.resolve("model.safetensors")), pages + " pages");
        }
        assertTrue(midway > 0, "no disk was full between two checkpoints");
    }

    @Test
    void standardOutputThatIsFullIsAFailure() throws IOException, InterruptedException {
        try (ChildRun child = ChildRun.inScript(folder, "exec \"$@\" > /dev/full", "inspect", model, "--json")) {
            child.outcome().failsOnly(ExitCode.FAILED, "what it printed could not be written");
        }
    }
}
