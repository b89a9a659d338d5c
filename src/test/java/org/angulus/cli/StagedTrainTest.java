package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.angulus.model.SafeTensors;
import org.angulus.model.TensorEntry;
import org.angulus.train.Stages;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code train} with stages and from a model. */
class StagedTrainTest {
    private static final String STAGES = """
            {"network": {"name": "resface4", "widths": [4, 8, 8, 12], "height": 16, "width": 16, "embeddingSize": 8},
             "schedule": {"kind": "constant", "rate": 0.02}, "batch": 8, "averageDecay": 0.9, "reportEvery": 2, "evaluateEvery": 1000,
             "checkpointEvery": 3,
             "stages": [{"head": {"kind": "softmax"}, "steps": 7},
                        {"head": {"kind": "am-softmax", "scale": 8, "margin": 0.1}, "marginWarmUp": 4, "steps": 8}]}
            """;

    @TempDir
    private Path folder;

    private Path faces;

    @BeforeEach
    void faces() throws IOException {
        faces = TinyRun.faces(folder.resolve("faces"), 4, 5, TinyRun.SIDE);
    }

    private Outcome train(Path run, Object... more) throws IOException {
        Path config = folder.resolve("stages.json");
        Files.writeString(config, STAGES);
        List<Object> all = new ArrayList<>(List.of("train", "--data", faces, "--run", run, "--config", config, "--hold-out", 0));
        all.addAll(List.of(more));
        return Outcome.of(all.toArray());
    }

    private static byte[] model(Path run) throws IOException {
        return Files.readAllBytes(run.resolve("model.safetensors"));
    }

    private static void delete(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            try (Stream<Path> inside = Files.list(path)) {
                for (Path each : inside.toList()) {
                    delete(each);
                }
            }
        }
        Files.delete(path);
    }

    @Test
    void stagesRunOneAfterTheOther() throws IOException {
        Path run = folder.resolve("run");
        String out = train(run).succeeds().out();
        for (String words : List.of("Recipe    softmax, 7 steps", "then      am-softmax, scale 8.0, margin 0.1, 8 steps", "Stage     2 of 2: am-softmax",
                "stage-1.safetensors: 30 tensors taken; new: nothing", "step 15 of 15")) {
            assertTrue(out.contains(words), words + " is missing in " + out);
        }
        for (String name : List.of("model.safetensors", "stage-1.safetensors", "checkpoints/stage-1/checkpoint-00000007", "checkpoints/stage-2/checkpoint-00000008")) {
            assertTrue(Files.exists(run.resolve(name)), name);
        }
        assertEquals(2, Stages.load(run.resolve("config.json")).count());
        assertFalse(java.util.Arrays.equals(model(run), Files.readAllBytes(run.resolve("stage-1.safetensors"))));
    }

    /** Killed in the first stage, between the two and in the second: the same model, to the bit. */
    @Test
    void aKilledRunGoesOnToTheSameBits() throws IOException {
        Path whole = folder.resolve("whole");
        train(whole).succeeds();
        byte[] expected = model(whole);
        List<List<String>> lost = List.of(
                List.of("model.safetensors", "checkpoints/stage-2/checkpoint-00000008"),
                List.of("model.safetensors", "checkpoints/stage-2"),
                List.of("model.safetensors", "checkpoints/stage-2", "stage-1.safetensors", "checkpoints/stage-1/checkpoint-00000007"),
                List.of("model.safetensors", "checkpoints", "stage-1.safetensors"));
        for (int i = 0; i < lost.size(); i++) {
            Path run = folder.resolve("run" + i);
            train(run).succeeds();
            for (String name : lost.get(i)) {
                delete(run.resolve(name));
            }
            String out = Outcome.of("train", "--resume", run).succeeds().out();
            assertTrue(out.contains(List.of("Going on after step 13", "stage-1.safetensors: 30 tensors", "Going on after step 6", "starting again").get(i)), out);
            assertArrayEquals(expected, model(run), "without " + lost.get(i));
        }
    }

    @Test
    void oneFieldChangesInOneStageOrInAll() throws IOException {
        Path run = folder.resolve("run");
        train(run, "--set", "stages.1.steps=2", "--set", "batch=4", "--set", "stages.0.head.kind=normface", "--set", "stages.0.head.scale=9").succeeds();
        Stages stages = Stages.load(run.resolve("config.json"));
        assertEquals(List.of(7L, 2L), stages.list().stream().map(stage -> stage.steps()).toList());
        assertEquals(List.of(4, 4), stages.list().stream().map(stage -> stage.batch()).toList());
        assertEquals(9, stages.first().head().scale());
        train(folder.resolve("other"), "--set", "stages.2.steps=2").failsOnly(ExitCode.FAILED, "--set stages.2.steps=2: there is no such stage", "from 0 to 1");
    }

    @Test
    void aModelIsTrainedOn() throws IOException {
        Path first = folder.resolve("first");
        train(first).succeeds();
        Path others = TinyRun.faces(folder.resolve("others"), 6, 4, TinyRun.SIDE);
        Path second = folder.resolve("second");
        Object[] tuned = {"train", "--data", others, "--run", second, "--from", first, "--hold-out", 0, "--set", "frozen=trunk", "--set", "steps=3",
            "--set", "batch=8", "--set", "network.embeddingSize=6", "--set", "optimizer.kind=adagrad", "--set", "optimizer.epsilon=1e-10", "--set", "optimizer.start=0"};
        Outcome outcome = Outcome.of(tuned);
        assertEquals(ExitCode.OK, outcome.code(), outcome.err());
        assertTrue(outcome.out().contains("tensors taken; new: the last projection and the class vectors"), outcome.out());
        assertTrue(outcome.out().contains("frozen: trunk"), outcome.out());
        assertTrue(Outcome.of("inspect", second.resolve("model.safetensors")).succeeds().out().contains("resface4"));
        // A run that has no checkpoint yet starts from its model again.
        byte[] expected = model(second);
        delete(second.resolve("model.safetensors"));
        delete(second.resolve("checkpoints"));
        Outcome.of("train", "--resume", second).succeeds();
        assertArrayEquals(expected, model(second));
        Outcome.of("train", "--data", others, "--run", folder.resolve("x"), "--from", first, "--keep-head", "--hold-out", 0, "--set", "steps=1")
                .fails(ExitCode.FAILED, "its head tells 4 people apart");
        Outcome.of("train", "--keep-head", "--run", folder.resolve("y")).failsOnly(ExitCode.USAGE, "--keep-head keeps the class vectors of a model; name it with --from");
        Outcome.of("train", "--from", faces.resolve("Ann_A/Ann_A_0001.png"), "--run", folder.resolve("z")).fails(ExitCode.FAILED, "Ann_A_0001.png");
    }

    /** VGG-Face's two stages: the second drops the class vectors and learns a new projection by triplets, on the trunk of the first. */
    @Test
    void tripletsOnAFrozenTrunkFollowSoftmax() throws IOException {
        Path config = folder.resolve("vgg.json");
        Files.writeString(config, """
                {"recipe": "vgg-face", "network": {"name": "resface4", "widths": [4, 8, 8, 12], "height": 16, "width": 16}, "batch": 8, "reportEvery": 1,
                 "stages": [{"steps": 4, "schedule": {"kind": "constant", "rate": 0.02}}, {"steps": 3, "network": {"embeddingSize": 6}}]}
                """);
        Path run = folder.resolve("run");
        Outcome outcome = Outcome.of("train", "--data", faces, "--run", run, "--config", config, "--hold-out", 0);
        assertEquals(ExitCode.OK, outcome.code(), outcome.err()); // people of one colour each may be told apart so soon that a batch has no triplet, which is said
        String out = outcome.out();
        assertTrue(out.contains("new: the last projection"), out);
        assertTrue(out.contains("triplet, margin 0.2, squared distance of unit rows, violator"), out);
        Path last = run.resolve("model.safetensors");
        try (SafeTensors softmax = SafeTensors.open(run.resolve("stage-1.safetensors")); SafeTensors triplets = SafeTensors.open(last)) {
            List<String> names = triplets.entries().stream().map(TensorEntry::name).toList();
            assertTrue(names.stream().noneMatch(name -> name.startsWith("head.")), names::toString);
            for (String name : names) {
                if (name.startsWith("stage")) {
                    assertArrayEquals(softmax.floats(name), triplets.floats(name), name);
                }
            }
        }
    }

    /** What a head keeps from step to step begins with its stage. */
    @Test
    void aHeadWithAStateFollowsOneWithout() throws IOException {
        train(folder.resolve("run"), "--set", "stages.1.head.kind=curricularface", "--set", "stages.1.steps=2").succeeds();
    }

    @Test
    void theCatalogueIsShown() {
        String table = Outcome.of("recipes").succeeds().out();
        assertTrue(table.contains("am-softmax") && table.contains("LFW 98.98 %") && table.startsWith("recipe "), table);
        String one = Outcome.of("recipes", "softmax-then-am-softmax").succeeds().out();
        assertTrue(one.contains("source") && one.contains("computes   resface20, softmax") && one.contains("\"marginWarmUp\": 9660"), one);
        assertEquals(2, Stages.parse(Outcome.of("recipes", "softmax-then-am-softmax", "--json").succeeds().out()).count());
        assertTrue(Outcome.of("recipes", "--json").succeeds().out().contains("\"published\": \"LFW 98.98 %\""));
        Outcome.of("recipes", "am-sofmax").failsOnly(ExitCode.FAILED, "there is no recipe 'am-sofmax' (did you mean am-softmax");
        String losses = Outcome.of("losses").succeeds().out();
        assertTrue(losses.contains("normface (margin)") && losses.contains("phi = cos(t + m)") && losses.contains("batch-hard (metric)"), losses);
        assertTrue(Outcome.of("losses", "--json").succeeds().out().contains("\"name\": \"am-softmax\""));
        Outcome.of("losses", "arcfase").failsOnly(ExitCode.FAILED, "there is no loss 'arcfase'");
    }
}
