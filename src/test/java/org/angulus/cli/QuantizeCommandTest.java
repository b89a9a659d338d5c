package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** quantize, and what the other commands make of its model. */
class QuantizeCommandTest {
    @TempDir
    private static Path shared;

    private static Path faces;
    private static Path model;

    @TempDir
    private Path folder;

    @BeforeAll
    static void train() throws IOException {
        faces = TinyRun.faces(shared.resolve("faces"), 4, 5, TinyRun.SIDE);
        Outcome.of(TinyRun.train(faces, shared.resolve("run"), "--set", "network.name=resface10")).succeeds();
        model = shared.resolve("run/model.safetensors");
    }

    @Test
    void theErrorIsMeasuredAndTheModelEmbeds() throws IOException {
        Path small = folder.resolve("m8.safetensors");
        String said = Outcome.of("quantize", "--model", model, "--data", faces, "--out", small, "--pictures", 12, "--json").succeeds().out();
        JsonObject json = JsonParser.parseString(said).getAsJsonObject();
        assertEquals(12, json.getAsJsonObject("calibration").get("pictures").getAsInt());
        assertEquals(8, json.getAsJsonObject("heldOut").get("pictures").getAsInt());
        for (String part : new String[] {"calibration", "heldOut"}) {
            double mean = json.getAsJsonObject(part).get("meanCosine").getAsDouble();
            double least = json.getAsJsonObject(part).get("leastCosine").getAsDouble();
            assertTrue(0.99 < least && least <= mean && mean < 1, said);
        }
        assertEquals(Files.size(small), json.get("bytes").getAsLong());
        JsonObject inspected = JsonParser.parseString(Outcome.of("inspect", small, "--json").succeeds().out()).getAsJsonObject();
        assertTrue(inspected.get("int8CosineToF32HeldOut").getAsString().endsWith("of 8 pictures"), inspected.toString());
        String described = Outcome.of("inspect", small).succeeds().out();
        for (String word : new String[] {"angulus-int8-model-1", "int8 calibration", "12 pictures of faces, start value 1", "of 8 pictures", "complete"}) {
            assertTrue(described.contains(word), word + " is missing in: " + described);
        }
        Path again = folder.resolve("again.safetensors");
        Outcome.of("quantize", "--model", model, "--data", faces, "--out", again, "--pictures", 12).succeeds();
        assertArrayEquals(Files.readAllBytes(small), Files.readAllBytes(again));
        Path picture;
        try (var files = Files.walk(faces)) {
            picture = files.filter(Files::isRegularFile).sorted().findFirst().orElseThrow();
        }
        assertTrue(Outcome.of("compare", picture, picture, "--model", small, "--device", "cpu").succeeds().out().contains("cosine     1.0000"));
        assertEquals(ExitCode.OK, Outcome.of("embed", "--model", small, "--device", "cpu", "--data", faces, "--out", folder.resolve("embedded"), "--json").code());
        assertTrue(Files.size(folder.resolve("embedded/embeddings.npy")) > 20 * 8 * 4);
    }

    @Test
    void aSetWithoutOtherPicturesSaysSo() {
        String said = Outcome.of("quantize", "--model", model, "--data", faces, "--out", folder.resolve("m8.safetensors")).succeeds().out();
        assertTrue(said.contains("of 20 pictures") && said.contains("not measured: the set has no other pictures"), said);
    }

    @Test
    void wrongInputIsRefusedInASentence() throws IOException {
        Path small = folder.resolve("m8.safetensors");
        Outcome.of("quantize", "--model", model, "--data", faces, "--out", small, "--pictures", 4).succeeds();
        Outcome.of("quantize", "--model", model, "--data", faces, "--out", small, "--pictures", 0).fails(ExitCode.USAGE, "--pictures is 0; give 1 to 100000");
        Outcome.of("quantize", "--model", model, "--data", faces, "--out", folder.resolve("a/b")).failsOnly(ExitCode.FAILED, "there is no folder");
        Outcome.of("quantize", "--model", folder.resolve("none"), "--data", faces, "--out", small).failsOnly(ExitCode.FAILED, "none: there is no such file");
        Outcome.of("quantize", "--model", model, "--data", folder.resolve("none"), "--out", small).failsOnly(ExitCode.FAILED, "none");
        Outcome.of("quantize", "--model", small, "--data", faces, "--out", folder.resolve("twice")).failsOnly(ExitCode.FAILED, "this is an int8 model, which can only embed");
        byte[] before = Files.readAllBytes(model);
        Path link = Files.createSymbolicLink(folder.resolve("link"), model);
        for (Path itself : new Path[] {model, link}) {
            Outcome.of("quantize", "--model", model, "--data", faces, "--out", itself).failsOnly(ExitCode.FAILED, "it is the f32 model itself, which would be lost; give --out another name");
        }
        assertArrayEquals(before, Files.readAllBytes(model));
        Outcome.of(TinyRun.train(faces, folder.resolve("tuned"), "--from", small)).failsOnly(ExitCode.FAILED, "this is an int8 model, which can only embed");
        assertFalse(Files.exists(folder.resolve("tuned")));
        Outcome.of("export", small, "--out", folder.resolve("m.onnx")).failsOnly(ExitCode.FAILED, "this is an int8 model, which can only embed");
        Outcome.of("eval", "--model", small, "--data", faces, "--draw", 10, "--precision", "BF16").failsOnly(ExitCode.FAILED, "leave the precision at f32");
    }
}
