package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.angulus.TestModel;
import org.angulus.image.RgbImage;
import org.angulus.model.CounterRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A network learns people who are told apart by red stripes, under a blue noise of each picture; the pictures are of others. */
class SelfTestCommandTest {
    private static final int SIDE = TinyRun.SIDE;
    private static final int PEOPLE = 40;

    @TempDir
    private static Path shared;

    private static Path model;
    private static Path good;
    private static Path reversed;

    @TempDir
    private Path folder;

    @BeforeAll
    static void train() throws IOException {
        Path run = shared.resolve("run");
        Outcome.of(TinyRun.train(people(shared.resolve("people"), 0, 6, false), run, "--set", "steps=150", "--set", "batch=16")).succeeds();
        model = run.resolve("model.safetensors");
        good = people(shared.resolve("good"), 1000, 1, false);
        reversed = people(shared.resolve("reversed"), 1000, 1, true);
    }

    /** A folder of people, numbered from {@code first}; {@code reversed} exchanges red and blue. */
    private static Path people(Path root, int first, int pictures, boolean reversed) throws IOException {
        for (int person = first; person < first + PEOPLE; person++) {
            Path own = Files.createDirectories(root.resolve("person %04d".formatted(person)));
            var stripes = new CounterRandom(person, "stripes");
            for (int i = 0; i < pictures; i++) {
                var noise = new CounterRandom(i, "noise of " + person);
                byte[] pixels = new byte[RgbImage.CHANNELS * SIDE * SIDE];
                for (int pixel = 0; pixel < SIDE * SIDE; pixel++) {
                    int stripe = pixel / SIDE / 2;
                    int at = RgbImage.CHANNELS * pixel;
                    pixels[at + (reversed ? 2 : 0)] = (byte) (int) (255 * stripes.uniform(stripe));
                    pixels[at + (reversed ? 0 : 2)] = (byte) (int) (255 * noise.uniform(pixel));
                }
                TestModel.png(own.resolve(i + ".png"), new RgbImage(SIDE, SIDE, pixels));
            }
        }
        return root;
    }

    private static Outcome selfTest(Object... more) {
        return Outcome.of(Stream.concat(Stream.of("self-test", "--model", model), Arrays.stream(more)).toArray());
    }

    private static JsonObject json(Outcome outcome) {
        return JsonParser.parseString(outcome.out()).getAsJsonObject();
    }

    @Test
    void picturesAsTheModelLearnedThemAreNotWrong() {
        Outcome outcome = selfTest("--data", good).succeeds();
        assertTrue(outcome.out().startsWith("Separation (d') of " + PEOPLE + " pictures' mirror images from the other pictures:\n  as given "), outcome.out());
        JsonObject json = json(selfTest("--data", good, "--json").succeeds());
        assertEquals(PEOPLE, json.get("pictures").getAsInt());
        assertEquals(good.toString(), json.get("data").getAsString());
        assertNotEquals("wrong", json.get("verdict").getAsString());
        assertTrue(outcome.out().strip().endsWith(json.get("finding").getAsString()), outcome.out());
        JsonObject separation = json.getAsJsonObject("separation");
        assertTrue(separation.get("as_given").getAsDouble() > 1.5 * separation.get("channels_reversed").getAsDouble(), separation.toString());
    }

    @Test
    void aWrongChannelOrderIsToldInTextAndJson() {
        Outcome outcome = selfTest("--data", reversed);
        assertEquals("", outcome.err());
        assertEquals(ExitCode.FAILED, outcome.code());
        assertTrue(outcome.out().contains("The channel order looks wrong (red and blue exchanged)"), outcome.out());
        Outcome asJson = selfTest("--data", reversed, "--json");
        assertEquals(ExitCode.FAILED, asJson.code());
        assertEquals("wrong", json(asJson).get("verdict").getAsString());
    }

    @Test
    void aSampleIsSpreadOverThePeople() {
        assertEquals(33, json(selfTest("--data", good, "--sample", 33, "--json")).get("pictures").getAsInt());
        selfTest("--data", good, "--sample", 31).failsOnly(ExitCode.USAGE, "--sample is 31", "give 32 or more");
        selfTest("--data", good, "--sample", -1).failsOnly(ExitCode.USAGE, "--sample is -1");
    }

    @Test
    void wrongInputIsOneSentence() throws IOException {
        Path few = TinyRun.faces(folder.resolve("few"), 2, 4, SIDE);
        selfTest("--data", few).failsOnly(ExitCode.FAILED, few + " gives 8 pictures", "at least 32");
        selfTest("--data", folder.resolve("absent")).failsOnly(ExitCode.FAILED, "absent: there is no such folder");
        selfTest("--data", model).failsOnly(ExitCode.FAILED, "it is a file");
        selfTest("--data", good, "--device", "tpu").failsOnly(ExitCode.FAILED, "tpu");
        selfTest("--data", good, "--centre", "32x32").failsOnly(ExitCode.FAILED, "it is 16 x 16 (rows x columns) where 32 x 32 is needed");
        Path bad = people(folder.resolve("bad"), 2000, 1, false).resolve("person 2000/0.png");
        Files.writeString(bad, "no picture");
        selfTest("--data", folder.resolve("bad")).failsOnly(ExitCode.FAILED, bad.toString());
        Outcome.of("self-test", "--model", folder.resolve("absent"), "--data", good).failsOnly(ExitCode.FAILED, "absent: there is no such file");
        Outcome.of("self-test", "--data", good).failsOnly(ExitCode.USAGE, "--model");
    }
}
