package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.angulus.device.TestDevices;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainCommandTest {
    @TempDir
    private Path folder;

    private Path faces;
    private Path run;

    @BeforeEach
    void faces() throws IOException {
        faces = TinyRun.faces(folder.resolve("faces"), 4, 5, TinyRun.SIDE);
        run = folder.resolve("run");
    }

    private Outcome train(Object... more) throws IOException {
        return Outcome.of(TinyRun.train(faces, run, more));
    }

    /** Nothing was begun: a corrected call may name the same folder. */
    private void assertNoRun() {
        assertFalse(Files.exists(run), "a refused call leaves no run folder");
    }

    @Test
    void aRunLeavesModelReportAndPictures() throws IOException {
        Outcome outcome = train("--hold-out", 2, "--threads", 1).succeeds();
        for (String name : List.of("model.safetensors", "config.json", "data.json", "identities.txt", "report.json", "loss.png", "roc.png", "scores.png", "checkpoints")) {
            assertTrue(Files.exists(run.resolve(name)), name);
        }
        assertEquals(2, Files.readAllLines(run.resolve("identities.txt")).size());
        JsonObject report = JsonParser.parseString(Files.readString(run.resolve("report.json"))).getAsJsonObject();
        assertEquals(6000, report.get("testedPairs").getAsInt());
        assertTrue(report.getAsJsonObject("baselinesBestThreshold").get("rawPixelCosine").getAsDouble() >= 0.5);
        assertTrue(outcome.out().contains("step " + TinyRun.STEPS + " of " + TinyRun.STEPS), outcome.out());
        assertFalse(outcome.out().contains("\u001b"), "no control characters where nobody looks");
        assertTrue(outcome.out().lines().anyMatch("Precision f32"::equals), outcome.out());
        String memory = outcome.out().lines().filter(line -> line.startsWith("Memory    ")).findFirst().orElseThrow();
        assertTrue(
                memory.matches("Memory    \\S+ [KM]iB on the device: network \\S+ KiB, class vectors \\S+ (Ki)?B, gradients \\S+ KiB, optimizer \\S+ KiB,"
                        + " state \\S+ KiB, activations \\S+ [KM]iB, workspace \\S+ [KM]iB, input \\S+ KiB"),
                memory);
        assertTrue(outcome.out().indexOf(memory) < outcome.out().indexOf("step "), "told before the first step");
        assertTrue(outcome.out().lines().count() < 60, outcome.out());
    }

    /** The CUDA kernels on the processor: the same run twice gives the same file. */
    @Test
    void theShimTrains() throws IOException {
        TestDevices.open("simt").close();
        train("--device", "simt", "--set", "steps=4").succeeds();
        byte[] model = Files.readAllBytes(run.resolve("model.safetensors"));
        run = folder.resolve("again");
        train("--device", "simt", "--set", "steps=4").succeeds();
        assertArrayEquals(model, Files.readAllBytes(run.resolve("model.safetensors")));
    }

    @Test
    void aFolderThatIsNotThereIsNamed() throws IOException {
        faces = folder.resolve("absent");
        train().failsOnly(ExitCode.FAILED, "absent: there is no such folder");
        assertNoRun();
    }

    @Test
    void aFileInsteadOfAFolderIsRefused() throws IOException {
        faces = Files.writeString(folder.resolve("file"), "x");
        train().failsOnly(ExitCode.FAILED, "file: it is a file");
        assertNoRun();
    }

    @Test
    void aFolderWithoutPicturesIsRefused() throws IOException {
        faces = Files.createDirectories(folder.resolve("empty"));
        train().failsOnly(ExitCode.FAILED, "it holds no image");
        assertNoRun();
    }

    @Test
    void onePersonIsTooFew() throws IOException {
        faces = TinyRun.faces(folder.resolve("one"), 1, 5, TinyRun.SIDE);
        train().failsOnly(ExitCode.FAILED, "only one identity, 'Ann_A'");
        assertNoRun();
    }

    @Test
    void aFolderThatMayNotBeReadIsNamed() throws IOException {
        Path closed = faces.resolve("Ann_B");
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"));
        try {
            assumeFalse(Files.isReadable(closed), "this user may read everything (root): permissions cannot be tested");
            train().failsOnly(ExitCode.FAILED, "Ann_B", "check its permissions");
        } finally {
            Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    @Test
    void linksInACircleAreNamed() throws IOException {
        Files.createSymbolicLink(faces.resolve("Ann_B").resolve("again"), faces);
        train().failsOnly(ExitCode.FAILED, "a link to a folder that it lies in");
        Files.delete(faces.resolve("Ann_B").resolve("again"));
        Path self = faces.resolve("self");
        Files.createSymbolicLink(self, self);
        assertTrue(train().out().contains("Passed over 1 entries that are no pictures: self"));
    }

    @Test
    void aDamagedPictureIsNamedAndReplacedOrRefused() throws IOException {
        Path damaged = Files.writeString(faces.resolve("Ann_B/Ann_B_0002.png"), "no picture");
        Outcome replaced = train();
        assertEquals(ExitCode.OK, replaced.code(), replaced.err());
        assertTrue(replaced.err().contains("Another picture stands in") && replaced.err().contains(damaged.toString()), replaced.err());
        run = folder.resolve("run-strict");
        train("--strict").fails(ExitCode.FAILED, damaged.toString());
    }

    /** As with pictures to train on, a run does not fail for one of the held-out ones, and says so. */
    @Test
    void aDamagedHeldOutPictureIsNamedAndLeftOutOrRefused() throws IOException {
        for (char person = 'A'; person <= 'D'; person++) {
            Files.writeString(faces.resolve("Ann_%c/Ann_%c_0002.png".formatted(person, person)), "no picture");
        }
        Outcome outcome = train("--hold-out", 2, "--set", "steps=4");
        assertEquals(ExitCode.OK, outcome.code(), outcome.err());
        List<String> trainedOn = Files.readAllLines(run.resolve("identities.txt"));
        List<String> told = outcome.err().lines().filter(line -> line.startsWith("angulus: left out of the report: ")).toList();
        assertEquals(2, told.size(), outcome.err());
        for (String line : told) {
            assertTrue(line.contains("_0002.png") && trainedOn.stream().noneMatch(line::contains), line);
        }
        JsonObject report = JsonParser.parseString(Files.readString(run.resolve("report.json"))).getAsJsonObject();
        assertEquals(2, report.getAsJsonArray("missingPhotographs").size());
        int tested = report.get("testedPairs").getAsInt();
        assertTrue(tested < 6000 && tested > 3000, "tested " + tested);
        run = folder.resolve("run-strict");
        train("--hold-out", 2, "--strict").failsOnly(ExitCode.FAILED, "_0002.png");
        assertNoRun();
    }

    @Test
    void heldOutPeopleWithoutAUsablePairAreRefusedBeforeTheTraining() throws IOException {
        for (char person = 'A'; person <= 'D'; person++) {
            for (int picture = 2; picture <= 5; picture++) {
                Files.writeString(faces.resolve("Ann_%c/Ann_%c_000%d.png".formatted(person, person, picture)), "no picture");
            }
        }
        train("--hold-out", 2).fails(ExitCode.FAILED, "has no pair of the same person left", "hold out more people");
        assertNoRun();
    }

    @Test
    void strictnessCanBeChangedOnResume() throws IOException {
        train("--strict", "--set", "steps=3").succeeds();
        Path damaged = Files.writeString(faces.resolve("Ann_B/Ann_B_0002.png"), "no picture");
        Outcome.of("train", "--resume", run, "--set", "steps=30").fails(ExitCode.FAILED, damaged.toString());
        Outcome lenient = Outcome.of("train", "--resume", run, "--set", "steps=30", "--no-strict");
        assertEquals(ExitCode.OK, lenient.code(), lenient.err());
        assertTrue(lenient.err().contains("Another picture stands in") && lenient.err().contains(damaged.toString()), lenient.err());
        Outcome again = Outcome.of("train", "--resume", run, "--set", "steps=60");
        assertEquals(ExitCode.OK, again.code(), "a resumed run does as before: " + again.err());
        Outcome.of("train", "--resume", run, "--set", "steps=90", "--strict").fails(ExitCode.FAILED, damaged.toString());
    }

    @Test
    void picturesOfAnotherSizeAreRefusedUnlessToldHowToFit() throws IOException {
        faces = TinyRun.faces(folder.resolve("large"), 4, 5, TinyRun.SIDE + 4);
        train().fails(ExitCode.FAILED, "it is 20 x 20 (rows x columns) where 16 x 16 is needed", ".png");
        for (String fit : List.of("RESIZE", "centre_crop")) {
            run = folder.resolve("run-" + fit);
            train("--fit", fit).succeeds();
        }
        run = folder.resolve("run-centre");
        train("--centre", "16x16").succeeds();
        assertTrue(Files.readString(run.resolve("data.json")).contains("\"centreRows\": 16"));
        run = folder.resolve("run-wide");
        train("--centre", "32x32").fails(ExitCode.FAILED, "it is 20 x 20 (rows x columns) where 32 x 32 is needed");
    }

    @Test
    void peopleAreChosenAndLeftOutByName() throws IOException {
        Path people = Files.writeString(folder.resolve("people.txt"), "3\nAnn_A\t5\nAnn_B\t5\nAnn_C\t5\n");
        Path exclude = Files.writeString(folder.resolve("exclude.txt"), "Ann_B\n");
        assertTrue(train("--people", people, "--exclude", exclude).succeeds().out().contains("names them (1): Ann_B"));
        assertEquals(List.of("Ann_A", "Ann_C"), Files.readAllLines(run.resolve("identities.txt")));
        run = folder.resolve("none");
        Path strangers = Files.writeString(folder.resolve("strangers.txt"), "Bob\n");
        train("--people", strangers).fails(ExitCode.FAILED, "of its 4 identities only 0 are allowed");
        train("--people", folder.resolve("absent.txt")).failsOnly(ExitCode.FAILED, "absent.txt: there is no such file");
        train("--least-images", 6).fails(ExitCode.FAILED, "have 6 or more images");
        train("--hold-out", 3).fails(ExitCode.FAILED, "too few to hold out 3");
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '"', value = {
        "steps = 5; this is not JSON",
        "{'steps': }; this is not JSON",
        "[1]; it must be a JSON object",
        "''; it must be a JSON object",
        "{'stepz': 5}; unknown field 'stepz'",
        "{'network': {'name': 'resface4', 'depth': 3}}; unknown field 'depth'",
        "{'steps': 'many'}; steps is",
        "{'steps': 0}; steps is 0",
        "{'steps': 1e40}; a whole number",
        "{'batch': 70000}; batch is 70000",
        "{'batch': 8, 'microBatches': 3}; must divide the batch of 8",
        "{'network': {'widths': [1, 2, 3]}}; widths are [1, 2, 3]",
        "{'network': {'height': 15}}; the crop is 15x",
        "{'recipe': 'secret'}; there is no recipe 'secret'",
        "{'head': {'kind': 'triplet'}}; head",
        "{'schedule': {'kind': 'constant', 'rate': -1}}; rate",
        "{'optimizer': {'kind': 'lbfgs'}}; sgd"
    })
    void aWrongConfigurationIsRefused(String json, String word) throws IOException {
        Path config = Files.writeString(folder.resolve("c.json"), json.equals("''") ? "" : json.replace('\'', '"'));
        Outcome.of("train", "--data", faces, "--run", run, "--config", config).failsOnly(ExitCode.FAILED, "c.json: ", word);
        assertNoRun();
    }

    @Test
    void aConfigurationThatIsNoTextIsRefused() throws IOException {
        Path config = Files.write(folder.resolve("c.json"), new byte[] {(byte) 0xC3, 0x28, 0, (byte) 0xFF});
        Outcome.of("train", "--config", config, "--run", run).failsOnly(ExitCode.FAILED, "c.json: it is not UTF-8 text");
        Outcome.of("train", "--config", folder, "--run", run).failsOnly(ExitCode.FAILED, folder + ": it is a folder");
        Outcome.of("train", "--config", folder.resolve("absent.json"), "--run", run).failsOnly(ExitCode.FAILED, "absent.json: there is no such file");
        Outcome.of("train", "--recipe", "secret", "--run", run).failsOnly(ExitCode.FAILED, "there is no recipe 'secret'", "article-adam");
        assertNoRun();
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '"', value = {
        "stepz=5; unknown field 'stepz'",
        "steps=many; steps is",
        "steps=; --set",
        "network.height=15; the crop is 15x16",
        "network.widths=[1,2; this is not JSON",
        "network=resface20; network is",
        ".=5; --set",
        "a..b=5; --set",
        "schedule.rate=NaN; rate",
        "network.name=resface7; resface7"
    })
    void aWrongChangeIsRefused(String change, String word) throws IOException {
        train("--set", change).failsOnly(ExitCode.FAILED, word);
        assertNoRun();
    }

    @Test
    void aNetworkThatFitsNoMemoryIsRefused() throws IOException {
        train("--set", "batch=65536", "--set", "network.widths=[8192,8192,8192,8192]", "--set", "network.name=resface64").fails(ExitCode.FAILED, "memory");
    }

    @Test
    void unknownDevicesAreRefused() throws IOException {
        train("--device", "tpu").fails(ExitCode.FAILED, "tpu");
        assertNoRun();
        train("--device", "cuda:99").fails(ExitCode.FAILED, "cuda:99");
    }

    @Test
    void aPrecisionThatTheDeviceLacksIsRefused() throws IOException {
        train("--device", "cpu", "--set", "precision=bf16").failsOnly(ExitCode.FAILED, "device cpu does not train in precision bf16; choose precision f32");
        assertNoRun();
    }

    @Test
    void aFolderThatHoldsSomethingIsLeftAlone() throws IOException {
        Files.createDirectories(run);
        Path kept = Files.writeString(run.resolve("notes.txt"), "mine");
        train().failsOnly(ExitCode.FAILED, "is not empty", "--run", "empty this one, which holds no run");
        assertEquals("mine", Files.readString(kept));
        Files.writeString(run.resolve("config.json"), "{}");
        Files.writeString(run.resolve("data.json"), "{}");
        train().failsOnly(ExitCode.FAILED, "is not empty", "--run", "--resume " + run);
        assertEquals("mine", Files.readString(kept));
        run = kept;
        train().failsOnly(ExitCode.FAILED, "notes.txt is a file");
        assertEquals("mine", Files.readString(kept));
    }

    @Test
    void whatIsNoRunCannotBeResumed() throws IOException {
        Outcome.of("train", "--resume", folder.resolve("absent")).failsOnly(ExitCode.FAILED, "absent: there is no such folder");
        Outcome.of("train", "--resume", faces).failsOnly(ExitCode.FAILED, "is no folder of a training run");
        train().succeeds();
        Files.writeString(run.resolve("data.json"), "{");
        Outcome.of("train", "--resume", run).failsOnly(ExitCode.FAILED, "data.json is not what a run wrote");
        Files.writeString(run.resolve("data.json"), "");
        Outcome.of("train", "--resume", run).failsOnly(ExitCode.FAILED, "data.json is empty");
        Files.writeString(run.resolve("config.json"), "[]");
        Outcome.of("train", "--resume", run).failsOnly(ExitCode.FAILED, "config.json", "JSON object");
    }

    /** A finished run stays as it is; one whose model is lost gets the same again; a damaged checkpoint is named. */
    @Test
    void aFinishedRunIsResumedToTheSameModel() throws IOException {
        train().succeeds();
        byte[] model = Files.readAllBytes(run.resolve("model.safetensors"));
        Files.delete(run.resolve("model.safetensors"));
        Outcome.of("train", "--resume", run).succeeds();
        assertArrayEquals(model, Files.readAllBytes(run.resolve("model.safetensors")));
        Path newest = run.resolve("checkpoints/checkpoint-00000012");
        byte[] optimizer = Files.readAllBytes(newest.resolve("optimizer.safetensors"));
        optimizer[optimizer.length - 3] ^= 1;
        Files.write(newest.resolve("optimizer.safetensors"), optimizer);
        Outcome.of("train", "--resume", run).fails(ExitCode.FAILED, "optimizer.safetensors", "checksum");
        Files.writeString(newest.resolve("state.json"), "{");
        Outcome.of("train", "--resume", run).fails(ExitCode.FAILED, "state.json");
    }

    @Test
    void dataThatChangedUnderARunIsRefused() throws IOException {
        train().succeeds();
        TinyRun.faces(faces, 5, 5, TinyRun.SIDE);
        Outcome.of("train", "--resume", run).fails(ExitCode.FAILED, "checkpoint-00000012", "number of people");
    }

    /** Six good steps, then a rate that no network without batch norm survives: the newest checkpoint is one of the good steps, and goes on. */
    @Test
    void aDivergedRunGoesOnAtASmallerRate() throws IOException {
        Object[] wild = {"--set", "network.variant=caffe", "--set", "schedule={\"kind\": \"steps\", \"rates\": [{\"step\": 0, \"rate\": 0.02}, {\"step\": 6, \"rate\": 1000}]}",
            "--set", "network.name=resface10", "--set", "head={\"kind\": \"softmax\"}", "--set", "steps=200", "--set", "skipLimit=3", "--set", "averageDecay=0"};
        Outcome outcome = train(wild).fails(ExitCode.DIVERGED, "diverged by step", "no finite gradient", "lower the learning rate",
                "checkpoint-00000006: angulus train --resume " + run + " --set FIELD=VALUE");
        assertFalse(outcome.out().contains("step 200 of 200"));
        assertFalse(Files.exists(run.resolve("model.safetensors")));
        Outcome resumed = Outcome.of("train", "--resume", run, "--set", "schedule={\"kind\": \"constant\", \"rate\": 0.02}", "--set", "steps=30");
        assertEquals(ExitCode.OK, resumed.code(), resumed.err());
        assertEquals(1, resumed.err().lines().count(), resumed.err());
        assertTrue(resumed.err().contains("another configuration"), resumed.err());
        assertTrue(resumed.out().contains("Going on after step 6"), resumed.out());
        assertTrue(Files.exists(run.resolve("model.safetensors")));
    }
}
