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
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.angulus.data.BinFiles;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** eval and calibrate take their pairs from the same places, and refuse the same. */
class PairOptionsTest {
    private static final int PAIRS = 80;

    @TempDir
    private static Path shared;

    private static Path model;
    private static Path faces;
    private static List<byte[]> pictures;
    private static boolean[] same;
    private static Path bin;

    @TempDir
    private Path folder;

    @BeforeAll
    static void prepare() throws IOException {
        faces = TinyRun.faces(shared.resolve("faces"), 8, 8, TinyRun.SIDE);
        Outcome.of(TinyRun.train(faces, shared.resolve("run"))).succeeds();
        model = shared.resolve("run/model.safetensors");
        pictures = new ArrayList<>();
        same = new boolean[PAIRS];
        for (int pair = 0; pair < PAIRS; pair++) {
            same[pair] = pair % 2 == 0;
            pictures.add(picture(pair % 8, 1 + pair / 8 % 7));
            pictures.add(picture(same[pair] ? pair % 8 : (pair + 3) % 8, 8));
        }
        bin = Files.write(shared.resolve("made.bin"), BinFiles.of(pictures, same));
    }

    private static byte[] picture(int person, int number) throws IOException {
        String name = "Ann_" + (char) ('A' + person);
        return Files.readAllBytes(faces.resolve(name).resolve("%s_%04d.png".formatted(name, number)));
    }

    private static Outcome run(String command, Object... more) {
        return Outcome.of(Stream.concat(Stream.of(command, "--model", model, "--device", "cpu"), Arrays.stream(more)).toArray());
    }

    private static Outcome calibrate(Object... more) {
        return run("calibrate", Stream.concat(Stream.of("--far", "0.1"), Arrays.stream(more)).toArray());
    }

    private static JsonObject json(Outcome outcome) {
        return JsonParser.parseString(outcome.out()).getAsJsonObject();
    }

    @Test
    void aBinIsMeasured() throws IOException {
        JsonObject report = json(run("eval", "--bin", bin, "--flip", "sum", "--json").succeeds());
        assertEquals("made.bin", report.get("dataSet").getAsString());
        assertEquals(PAIRS, report.get("testedPairs").getAsInt());
        String text = run("eval", "--bin", bin).succeeds().out();
        assertTrue(text.contains("made.bin") && text.contains(PAIRS + " of " + PAIRS + " tested"), text);
        Path out = folder.resolve("out");
        assertEquals(ExitCode.OK, run("eval", "--bin", bin, "--out", out).code());
        assertTrue(Files.exists(out.resolve("report.json")));
        assertFalse(Files.exists(out.resolve("pairs.txt")), "only drawn pairs are listed");
    }

    @Test
    void aBinOfLargerPicturesNeedsACentre() throws IOException {
        Path large = folder.resolve("large.png");
        TinyRun.picture(large, TinyRun.SIDE + 4, TinyRun.SIDE + 4, 1, 1);
        List<byte[]> some = Collections.nCopies(2 * PAIRS, Files.readAllBytes(large));
        Path file = Files.write(folder.resolve("large.bin"), BinFiles.of(some, same));
        run("eval", "--bin", file).failsOnly(ExitCode.FAILED, "large.bin, picture 1: it is 20 x 20 (rows x columns) where 16 x 16 is needed");
        run("eval", "--bin", file, "--centre", "16x16").succeeds();
    }

    @Test
    void aBinIsCalibratedOn() {
        JsonObject calibration = json(calibrate("--bin", bin, "--json").succeeds());
        assertEquals("made.bin", calibration.get("pairs").getAsString());
        assertEquals(PAIRS / 2, calibration.get("impostorPairs").getAsInt());
        assertEquals(PAIRS / 2, calibration.get("genuinePairs").getAsInt());
        assertTrue(calibration.get("far").getAsDouble() <= 0.1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"eval", "calibrate"})
    void aWrongBinIsRefused(String command) throws IOException {
        run(command, "--bin", folder.resolve("absent.bin")).failsOnly(ExitCode.FAILED, "absent.bin: there is no such file");
        run(command, "--bin", folder).failsOnly(ExitCode.FAILED, folder.toString());
        run(command, "--bin", model).failsOnly(ExitCode.FAILED, "model.safetensors: ");
        run(command, "--bin", Files.write(folder.resolve("empty.bin"), new byte[0])).failsOnly(ExitCode.FAILED, "empty.bin: ", "damaged");
        byte[] whole = Files.readAllBytes(bin);
        run(command, "--bin", Files.write(folder.resolve("cut.bin"), Arrays.copyOf(whole, whole.length / 2))).failsOnly(ExitCode.FAILED, "cut.bin: ", "damaged");
        Path few = Files.write(folder.resolve("few.bin"), BinFiles.of(pictures.subList(0, 18), Arrays.copyOf(same, 9)));
        run(command, "--bin", few).failsOnly(ExitCode.FAILED, "few.bin: it holds 9 pairs, too few for 10 folds");
        Path odd = Files.write(folder.resolve("odd.bin"), BinFiles.of(pictures.subList(1, 2 * PAIRS), same));
        run(command, "--bin", odd).failsOnly(ExitCode.FAILED, "odd.bin: it holds 159 pictures for 80 pairs");
        List<byte[]> damaged = new ArrayList<>(pictures);
        damaged.set(4, new byte[] {1, 2, 3});
        run(command, "--bin", Files.write(folder.resolve("bad.bin"), BinFiles.of(damaged, same))).failsOnly(ExitCode.FAILED, "bad.bin, picture 5: ");
        run(command, "--bin", Files.write(folder.resolve("same.bin"), BinFiles.of(pictures, new boolean[PAIRS]))).failsOnly(ExitCode.FAILED, "no pair of the same person");
    }

    @ParameterizedTest
    @ValueSource(strings = {"eval", "calibrate"})
    void optionsThatDoNotGoTogetherAreRefused(String command) {
        run(command).failsOnly(ExitCode.USAGE, "give either --data, or --bin without --pairs");
        run(command, "--data", faces, "--bin", bin).failsOnly(ExitCode.USAGE, "give either --data, or --bin");
        run(command, "--bin", bin, "--pairs", "pairs.txt").failsOnly(ExitCode.USAGE, "--bin without --pairs");
        for (String draw : List.of("0", "-10", "7")) {
            run(command, "--data", faces, "--draw", draw).failsOnly(ExitCode.USAGE, "--draw is " + draw, "a multiple of ten");
        }
        for (String name : List.of("--draw", "--start", "--exclude")) {
            run(command, "--bin", bin, name, "10").failsOnly(ExitCode.USAGE, name + " is for drawn pairs, but --bin gives a list");
            run(command, "--data", faces, "--pairs", "p.txt", name, "10").failsOnly(ExitCode.USAGE, name + " is for drawn pairs, but --pairs gives a list");
        }
    }

    /** The people a network was trained on must not stand in its calibration. */
    @Test
    void calibrationLeavesPeopleOut() throws IOException {
        Path names = Files.writeString(folder.resolve("names.txt"), "Ann_C\nAnn_D\nBob\n");
        Outcome outcome = calibrate("--data", faces, "--exclude", names, "--json");
        assertEquals(ExitCode.OK, outcome.code(), outcome.err());
        assertEquals("Left out because " + names + " names them: Ann_C, Ann_D\n", outcome.err());
        assertTrue(json(outcome).get("genuinePairs").getAsInt() <= 6 * 28, "six people with eight pictures have 168 pairs");
        calibrate("--data", faces, "--exclude", shared.resolve("run/identities.txt")).fails(ExitCode.FAILED, "of its 8 identities only 0 are allowed");
        calibrate("--data", faces, "--exclude", folder.resolve("absent.txt")).failsOnly(ExitCode.FAILED, "absent.txt: there is no such file");
    }

    /** A pair that a list repeats would make the intervals narrower than they are. */
    @Test
    void calibrationCountsAPairOnce() throws IOException {
        StringBuilder list = new StringBuilder("2\t40\n");
        for (int fold = 0; fold < 2; fold++) {
            for (int i = 0; i < 40; i++) {
                list.append("Ann_%c\t1\t%d\n".formatted('A' + i % 8, 2 + i / 8));
            }
            for (int i = 0; i < 40; i++) {
                list.append("Ann_%c\t1\tAnn_%c\t%d\n".formatted('A' + i % 8, 'A' + (i + 1) % 8, 1 + i / 8));
            }
        }
        JsonObject calibration = json(calibrate("--data", faces, "--pairs", Files.writeString(folder.resolve("pairs.txt"), list), "--json").succeeds());
        assertEquals(40, calibration.get("impostorPairs").getAsInt());
        assertEquals(40, calibration.get("genuinePairs").getAsInt());
    }
}
