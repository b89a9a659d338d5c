package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EvalCommandTest {
    @TempDir
    private static Path shared;

    private static Path faces;
    private static Path run;
    private static Path model;

    @TempDir
    private Path folder;

    private Path pairs;

    @BeforeAll
    static void train() throws IOException {
        faces = TinyRun.faces(shared.resolve("faces"), 4, 6, TinyRun.SIDE);
        run = shared.resolve("run");
        Outcome.of(TinyRun.train(faces, run)).succeeds();
        model = run.resolve("model.safetensors");
    }

    /** Two folds of three pairs of each kind. */
    @BeforeEach
    void pairs() throws IOException {
        StringBuilder text = new StringBuilder("2\t3\n");
        for (int fold = 0; fold < 2; fold++) {
            for (int i = 0; i < 3; i++) {
                text.append("Ann_A\t%d\t%d\n".formatted(1 + fold, 3 + i));
            }
            for (int i = 0; i < 3; i++) {
                text.append("Ann_B\t%d\tAnn_C\t%d\n".formatted(1 + fold, 3 + i));
            }
        }
        pairs = Files.writeString(folder.resolve("pairs.txt"), text);
    }

    private Outcome eval(Path model, Path data, Object... more) {
        Object[] all = new Object[7 + more.length];
        System.arraycopy(new Object[] {"eval", "--model", model, "--data", data, "--device", "cpu"}, 0, all, 0, 7);
        System.arraycopy(more, 0, all, 7, more.length);
        return Outcome.of(all);
    }

    @Test
    void bf16ChangesTheScoresALittleAndTheReportNamesIt() {
        JsonObject exact = report("f32");
        JsonObject rounded = report("bf16");
        assertEquals("resface4 model.safetensors", exact.get("network").getAsString());
        assertEquals("resface4 model.safetensors in bf16", rounded.get("network").getAsString());
        double difference = firstThreshold(exact) - firstThreshold(rounded);
        assertTrue(difference != 0 && Math.abs(difference) < 2e-3, "the thresholds differ by " + difference);
    }

    private JsonObject report(String precision) {
        return JsonParser.parseString(eval(model, faces, "--pairs", pairs, "--precision", precision, "--json").succeeds().out()).getAsJsonObject();
    }

    private static double firstThreshold(JsonObject report) {
        return report.getAsJsonArray("tarAtFar").get(0).getAsJsonObject().get("cosineThreshold").getAsDouble();
    }

    /** The two reports are of the same figures. */
    @ParameterizedTest
    @CsvSource({"FACENET, NONE", "sphereface, concat"})
    void theJsonHoldsTheFiguresOfTheText(String threshold, String flip) {
        Object[] how = {"--pairs", pairs, "--threshold", threshold, "--flip", flip};
        String text = eval(model, faces, how).succeeds().out();
        Object[] asJson = {how[0], how[1], how[2], how[3], how[4], how[5], "--json"};
        JsonObject json = JsonParser.parseString(eval(model, faces, asJson).succeeds().out()).getAsJsonObject();
        assertEquals(12, json.get("testedPairs").getAsInt());
        assertEquals(flip.toLowerCase(Locale.ROOT), json.get("flipFusion").getAsString());
        assertEquals("resface4 model.safetensors", json.get("network").getAsString());
        JsonObject accuracy = json.getAsJsonObject("crossValidatedAccuracy");
        assertEquals(2, accuracy.getAsJsonArray("folds").size());
        assertTrue(text.contains(String.format(Locale.ROOT, "%.2f %% ± %.2f (population", 100 * accuracy.get("mean").getAsDouble(),
                100 * accuracy.get("populationStandardDeviation").getAsDouble())), text);
        assertTrue(text.contains(String.format(Locale.ROOT, "%.5f", json.get("areaUnderCurve").getAsDouble())), text);
        assertTrue(text.contains(String.format(Locale.ROOT, "equal error rate  %.2f %%", 100 * json.get("equalErrorRate").getAsDouble())), text);
        assertTrue(text.contains("12 of 12 tested"), text);
        assertTrue(accuracy.get("mean").getAsDouble() > 0.5, "colours tell these people apart");
    }

    @Test
    void reportAndPicturesAreWritten() throws IOException {
        Path out = folder.resolve("out");
        Outcome outcome = eval(model, faces, "--pairs", pairs, "--out", out);
        assertEquals(ExitCode.OK, outcome.code(), outcome.err());
        assertTrue(outcome.err().startsWith("Wrote report.json, roc.png, scores.png to "), outcome.err());
        assertEquals(12, JsonParser.parseString(Files.readString(out.resolve("report.json"))).getAsJsonObject().get("testedPairs").getAsInt());
        assertTrue(Files.size(out.resolve("roc.png")) > 1000 && Files.size(out.resolve("scores.png")) > 1000);
        Path file = Files.writeString(folder.resolve("file"), "mine");
        eval(model, faces, "--pairs", pairs, "--out", file).fails(ExitCode.FAILED, file.toString());
        assertEquals("mine", Files.readString(file));
    }

    @Test
    void pairsAreDrawnWithoutThePeopleLeftOut() throws IOException {
        Outcome outcome = eval(model, faces, "--draw", 20, "--exclude", Files.writeString(folder.resolve("names.txt"), "Ann_B\nBob\n"), "--json");
        assertEquals("Left out because " + folder.resolve("names.txt") + " names them: Ann_B\n", outcome.err());
        JsonObject json = JsonParser.parseString(outcome.out()).getAsJsonObject();
        assertEquals(40, json.get("testedPairs").getAsInt());
        assertEquals(eval(model, faces, "--draw", 20).succeeds().out(), eval(model, faces, "--draw", 20, "--start", 1).succeeds().out());
        assertFalse(eval(model, faces, "--draw", 20).out().equals(eval(model, faces, "--draw", 20, "--start", 2).out()));
        eval(model, faces, "--exclude", run.resolve("identities.txt")).fails(ExitCode.FAILED, "of its 4 identities only 0 are allowed");
        eval(model, faces, "--exclude", folder.resolve("absent.txt")).failsOnly(ExitCode.FAILED, "absent.txt: there is no such file");
        Path single = TinyRun.faces(folder.resolve("single"), 3, 1, TinyRun.SIDE);
        eval(model, single).failsOnly(ExitCode.FAILED, "no person has two photographs");
    }

    @Test
    void aMissingPhotographIsNamedAndRefusedWhenStrict() throws IOException {
        Files.writeString(pairs, Files.readString(pairs).replaceFirst("Ann_A\t1\t3", "Ann_A\t1\t77"));
        String text = eval(model, faces, "--pairs", pairs).succeeds().out();
        assertTrue(text.contains("1 photograph: Ann_A_0077") && text.contains("11 of 12 tested"), text);
        eval(model, faces, "--pairs", pairs, "--strict").failsOnly(ExitCode.FAILED, "1 photograph of pairs.txt", "Ann_A_0077", "leave --strict away");
        Files.writeString(pairs, Files.readString(pairs).replace("Ann_", "Bob_"));
        eval(model, faces, "--pairs", pairs).failsOnly(ExitCode.FAILED, "fold 1 of pairs.txt", "Bob_");
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '"', value = {
        "2|3; 2|4; a pair of the same person",
        "2|3; 2|2; a pair of different people",
        "2|3; 3|3; it ends after line 13",
        "2|3; 1|3; '1' is no number of folds",
        "2|3; two|3; 'two' is no number of folds",
        "Ann_A|1; Ann_A|0; '0' is no number of a photograph",
        "Ann_A|1|3; Ann_A|1; should stand here, found 2 fields",
        "Ann_C; Ann_B; names 'Ann_B' twice",
        "Ann_A; ../A; is no person's name"
    })
    void aWrongListOfPairsIsRefused(String right, String wrong, String word) throws IOException {
        Files.writeString(pairs, Files.readString(pairs).replaceFirst(right.replace('|', '\t'), wrong.replace('|', '\t')));
        eval(model, faces, "--pairs", pairs).failsOnly(ExitCode.FAILED, "pairs.txt: ", word);
    }

    @Test
    void noListOfPairsIsRefused() throws IOException {
        eval(model, faces, "--pairs", folder.resolve("absent.txt")).failsOnly(ExitCode.FAILED, "absent.txt: there is no such file");
        eval(model, faces, "--pairs", folder).failsOnly(ExitCode.FAILED, folder + ": it is a folder");
        eval(model, faces, "--pairs", Files.writeString(pairs, "")).failsOnly(ExitCode.FAILED, "pairs.txt", "number of folds");
        eval(model, faces, "--pairs", model).failsOnly(ExitCode.FAILED, "it is not UTF-8 text");
    }

    @Test
    void wrongDataIsRefused() throws IOException {
        Path absent = folder.resolve("absent");
        eval(model, absent, "--pairs", pairs).failsOnly(ExitCode.FAILED, "absent: there is no such folder");
        eval(model, absent).failsOnly(ExitCode.FAILED, "absent: there is no such folder");
        eval(model, pairs, "--pairs", pairs).failsOnly(ExitCode.FAILED, "pairs.txt: it is a file");
        eval(model, folder, "--pairs", pairs).failsOnly(ExitCode.FAILED, "named like LFW's");
        Path large = TinyRun.faces(folder.resolve("large"), 4, 6, TinyRun.SIDE + 4);
        eval(model, large, "--pairs", pairs).failsOnly(ExitCode.FAILED, "it is 20 x 20 (rows x columns) where 16 x 16 is needed");
        eval(model, large).failsOnly(ExitCode.FAILED, "it is 20 x 20 (rows x columns) where 16 x 16 is needed");
        eval(model, large, "--pairs", pairs, "--fit", "resize").succeeds();
        eval(model, large, "--pairs", pairs, "--centre", "16x16").succeeds();
        Path damaged = TinyRun.faces(folder.resolve("damaged"), 4, 6, TinyRun.SIDE).resolve("Ann_A/Ann_A_0001.png");
        Files.writeString(damaged, "no picture");
        eval(model, folder.resolve("damaged"), "--pairs", pairs).failsOnly(ExitCode.FAILED, damaged.toString());
    }

    @Test
    void wrongModelsAreRefused() throws IOException {
        byte[] bytes = Files.readAllBytes(model);
        eval(folder.resolve("absent"), faces).failsOnly(ExitCode.FAILED, "absent: there is no such file");
        eval(Files.writeString(folder.resolve("m1"), "This is a letter, not a model."), faces).failsOnly(ExitCode.FAILED, "not safetensors");
        eval(Files.write(folder.resolve("m2"), new byte[0]), faces).failsOnly(ExitCode.FAILED, "it has only 0 bytes");
        eval(Files.write(folder.resolve("m3"), Arrays.copyOf(bytes, bytes.length - 4)), faces).failsOnly(ExitCode.FAILED, "m3", "cut short");
        byte[] flipped = bytes.clone();
        flipped[flipped.length - 2] ^= 1;
        eval(Files.write(folder.resolve("m4"), flipped), faces).failsOnly(ExitCode.FAILED, "m4", "checksum");
        eval(run, faces).failsOnly(ExitCode.FAILED, "run: it is a folder");
        Path checkpoint = run.resolve("checkpoints/checkpoint-00000012");
        eval(checkpoint, faces).failsOnly(ExitCode.FAILED, "it is a folder");
        eval(checkpoint.resolve("optimizer.safetensors"), faces).failsOnly(ExitCode.FAILED, "not a model of this program");
        eval(edited(bytes, "angulus-model-1", "angulus-model-2"), faces).failsOnly(ExitCode.FAILED, "angulus-model-2", "angulus-model-1");
        eval(edited(bytes, "angulus-model-1", "angul\\n-model-1"), faces).failsOnly(ExitCode.FAILED, "the format 'angul?-model-1', but");
        eval(edited(bytes, "\"crop\":\"16x16\"", "\"crop\":\"16y16\""), faces).failsOnly(ExitCode.FAILED, "'crop'");
        eval(edited(bytes, "\"widths\":\"4,8,8,12\"", "\"widths\":\"4,8,8,16\""), faces).failsOnly(ExitCode.FAILED, "stage4", "has the shape");
        eval(edited(bytes, "\"widths\":\"4,8,8,12\"", "\"widths\":\"4,8,8,00\""), faces).failsOnly(ExitCode.FAILED, "widths are");
        eval(edited(bytes, "\"embedding_size\":\"8\"", "\"embedding_size\":\"x\""), faces).failsOnly(ExitCode.FAILED, "'embedding_size'");
    }

    @ParameterizedTest
    @CsvSource({"7fc00000, NaN", "7f800000, Infinity"})
    void weightsThatAreNotFiniteAreNamed(String bits, String word) throws IOException {
        byte[] bytes = Files.readAllBytes(model);
        var buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putInt(bytes.length - 8, Integer.parseInt(bits, 16));
        Path file = edited(bytes, "angulus.crc32c", "another.crc32c");
        eval(file, faces).failsOnly(ExitCode.FAILED, file.toString(), word);
    }

    /** The file with a text of its header replaced by one of the same length. */
    private Path edited(byte[] bytes, String from, String to) throws IOException {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        assertTrue(text.contains(from) && from.length() == to.length(), from);
        return Files.write(folder.resolve("edited.safetensors"), text.replace(from, to).getBytes(StandardCharsets.ISO_8859_1));
    }
}
