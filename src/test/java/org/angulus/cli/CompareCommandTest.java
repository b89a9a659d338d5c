package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.angulus.Embedder;
import org.angulus.EmbedderOptions;
import org.angulus.Embedding;
import org.angulus.TestModel;
import org.angulus.eval.FlipFusion;
import org.angulus.eval.ThresholdCalibration;
import org.angulus.model.ModelChecksum;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code compare} and {@code calibrate}. */
class CompareCommandTest {
    @TempDir
    Path folder;

    private Path model;
    private Path a;
    private Path b;
    private Path people;

    @BeforeEach
    void prepare() throws IOException {
        model = TestModel.write(folder.resolve("model.safetensors"));
        a = TestModel.png(folder.resolve("a.png"), TestModel.crop(1));
        b = TestModel.png(folder.resolve("b.png"), TestModel.crop(2));
        people = folder.resolve("people");
    }

    private Outcome compare(Object... more) {
        List<Object> arguments = new ArrayList<>(List.of("compare", a, b, "--model", model, "--device", "cpu"));
        arguments.addAll(List.of(more));
        return Outcome.of(arguments.toArray());
    }

    private Outcome calibrate(Object... more) {
        List<Object> arguments = new ArrayList<>(List.of("calibrate", "--data", people, "--model", model, "--device", "cpu"));
        arguments.addAll(List.of(more));
        return Outcome.of(arguments.toArray());
    }

    private void writePeople() throws IOException {
        for (int person = 0; person < 12; person++) {
            Path of = Files.createDirectories(people.resolve("P_" + (char) ('A' + person)));
            for (int picture = 1; picture <= 4; picture++) {
                TestModel.png(of.resolve("%s_%04d.png".formatted(of.getFileName(), picture)), TestModel.crop(10 * person + picture));
            }
        }
    }

    private double cosine(FlipFusion flip) throws IOException {
        try (Embedder embedder = Embedder.open(model, EmbedderOptions.DEFAULT.withDevice("cpu").withLargestBatch(1).withFlip(flip))) {
            Embedding left = embedder.embedCrop(a);
            return left.cosine(embedder.embedCrop(b));
        }
    }

    @Test
    void bf16ChangesTheCosineALittle() throws IOException {
        Outcome run = compare("--precision", "bf16", "--threshold", 0, "--json");
        double rounded = JsonParser.parseString(run.out()).getAsJsonObject().get("cosine").getAsDouble();
        double exact = cosine(FlipFusion.NONE);
        assertTrue(exact != rounded, "bf16 rounds");
        assertEquals(exact, rounded, 2e-3);
    }

    /** The number that a FAR needs is seldom a multiple of ten; what is drawn is. */
    @Test
    void asManyPairsAreDrawnAsTheFarNeeds() throws IOException {
        writePeople();
        for (String far : List.of("0.05", "0.06", "0.07")) {
            Outcome run = calibrate("--far", far);
            assertEquals(ExitCode.OK, run.code(), run.err());
        }
        calibrate("--far", "0.05", "--draw", "404").failsOnly(ExitCode.USAGE, "404", "multiple of ten");
    }

    @Test
    void theVerdictIsTheThresholds() throws IOException {
        double cosine = cosine(FlipFusion.NONE);
        Outcome same = compare("--threshold", cosine);
        assertEquals(ExitCode.OK, same.code(), same.err());
        assertTrue(same.out().contains("verdict    same person"), same.out());
        assertTrue(same.out().contains(String.format(Locale.ROOT, "cosine     %.4f", cosine)), same.out());
        assertTrue(same.out().contains("threshold  cosine " + String.format(Locale.ROOT, "%.4f", cosine) + ": as given"), same.out());
        Outcome different = compare("--threshold", Math.nextUp(cosine), "--json");
        assertEquals(ExitCode.DIFFERENT, different.code(), different.err());
        assertEquals("", different.err());
        JsonObject json = JsonParser.parseString(different.out()).getAsJsonObject();
        assertFalse(json.get("same").getAsBoolean());
        assertEquals(cosine, json.get("cosine").getAsDouble());
        assertEquals(Math.toDegrees(Math.acos(cosine)), json.get("angleDegrees").getAsDouble(), 1e-3);
        assertEquals(Math.sqrt(2 - 2 * cosine), json.get("distance").getAsDouble(), 1e-6);
    }

    @Test
    void theDefaultSaysWhereItIsFrom() {
        Outcome run = compare();
        assertTrue(run.out().contains("threshold  cosine 0.3500: the default, between 0.30, the best of a SphereFace-20 on LFW, and 0.40 of InsightFace's server"),
                run.out());
        assertTrue(Outcome.of("compare", "--help").out().contains("different people"));
    }

    @Test
    void wrongInputIsOneSentence() throws IOException {
        TestModel.png(b, TestModel.crop(3).crop(0, 0, 20, 24));
        Outcome size = compare();
        assertEquals(ExitCode.FAILED, size.code());
        assertTrue(size.err().contains("20 x 24") && size.err().contains("32 x 24") && size.err().lines().count() == 1, size.err());
        assertEquals(ExitCode.USAGE, compare("--threshold", "1.5").code());
        assertEquals(ExitCode.USAGE, compare("--threshold", "1.2.3").code());
        assertTrue(compare("--threshold", folder.resolve("absent.json")).err().contains("there is no such file"));
        assertEquals(ExitCode.USAGE, Outcome.of("calibrate", "--data", folder, "--model", model, "--far", "0").code());
    }

    @Test
    void aCalibrationIsForItsModelOnly() throws IOException {
        writePeople();
        Path file = folder.resolve("threshold.json");
        Outcome made = calibrate("--far", "0.05", "--draw", "400", "--flip", "sum", "--out", file);
        assertEquals("", made.err());
        assertEquals(ExitCode.OK, made.code());
        ThresholdCalibration calibration = ThresholdCalibration.load(file);
        assertEquals(ModelChecksum.of(model), calibration.model());
        assertEquals(calibration.toText().strip(), made.out().strip());
        assertTrue(calibration.impostorPairs() <= 400 && calibration.impostorPairs() > 250, "pairs that were drawn twice count once: " + calibration.impostorPairs());
        assertTrue(calibration.genuinePairs() <= 12 * 6, "there are only six pairs of a person with four pictures");
        assertTrue(calibration.far() <= 0.05);

        Outcome run = compare("--threshold", file, "--json");
        JsonObject json = JsonParser.parseString(run.out()).getAsJsonObject();
        assertEquals(calibration.threshold(), json.get("threshold").getAsDouble());
        assertEquals(cosine(FlipFusion.SUM), json.get("cosine").getAsDouble(), 1e-12, "the fusion is the calibration's");
        assertTrue(json.get("thresholdOrigin").getAsString().startsWith("calibrated for FAR 0.05"), run.out());
        assertTrue(compare("--threshold", file, "--flip", "concat").err().contains("was made with --flip sum"));

        Path other = Files.writeString(folder.resolve("other.json"), calibration.toJson().replace(calibration.model(), "00000000"));
        Outcome mismatch = compare("--threshold", other);
        assertEquals(ExitCode.FAILED, mismatch.code());
        assertTrue(mismatch.err().contains("is for the model with checksum 00000000, but " + model + " has " + calibration.model()), mismatch.err());
    }

    @Test
    void calibrationFromLfwsList() throws IOException {
        writePeople();
        StringBuilder list = new StringBuilder("10\t6\n");
        for (int fold = 0; fold < 10; fold++) {
            for (int i = 0; i < 6; i++) {
                list.append("P_").append((char) ('A' + (fold + i) % 12)).append("\t1\t").append(2 + i % 3).append('\n');
            }
            for (int i = 0; i < 6; i++) {
                list.append("P_").append((char) ('A' + i)).append('\t').append(1 + fold / 4).append("\tP_").append((char) ('A' + i + 6)).append('\t').append(1 + fold % 4)
                        .append('\n');
            }
        }
        Path pairs = Files.writeString(folder.resolve("pairs.txt"), list);
        Outcome run = calibrate("--pairs", pairs, "--far", "0.1", "--json");
        assertEquals(ExitCode.OK, run.code(), run.err());
        assertEquals("pairs.txt", JsonParser.parseString(run.out()).getAsJsonObject().get("pairs").getAsString());
        Outcome few = calibrate("--pairs", pairs);
        assertEquals(ExitCode.FAILED, few.code());
        assertTrue(few.err().startsWith("angulus: a FAR of 0.001 needs at least 3,688 pairs of different people (confidence 0.95), but pairs.txt has 60"), few.err());
        assertEquals(1, few.err().lines().count());
    }
}
