package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.angulus.Embedder;
import org.angulus.EmbedderOptions;
import org.angulus.Embedding;
import org.angulus.TestModel;
import org.angulus.data.Npy;
import org.angulus.data.NpyType;
import org.angulus.data.NpyWriter;
import org.angulus.eval.FlipFusion;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbedCommandTest {
    @TempDir
    Path folder;

    private Path model;
    private Path crops;
    private Path out;

    @BeforeEach
    void prepare() throws IOException {
        model = TestModel.write(folder.resolve("model.safetensors"));
        crops = Files.createDirectories(folder.resolve("crops/deep")).getParent();
        out = folder.resolve("out");
    }

    private Path crop(String name, int number) throws IOException {
        return TestModel.png(crops.resolve(name), TestModel.crop(number));
    }

    private Outcome embed(Object data, Object... more) {
        List<Object> arguments = new ArrayList<>(List.of("embed", "--model", model, "--data", data, "--out", out, "--device", "cpu", "--batch", 8));
        arguments.addAll(List.of(more));
        return Outcome.of(arguments.toArray());
    }

    private List<float[]> rows() throws IOException {
        try (Npy file = Npy.open(out.resolve("embeddings.npy"))) {
            List<float[]> rows = new ArrayList<>();
            for (long i = 0; i < file.rows(); i++) {
                float[] row = new float[(int) file.rowBytes() / 4];
                file.copyTo(i, row);
                rows.add(row);
            }
            return rows;
        }
    }

    private List<Embedding> expected(int... numbers) throws IOException {
        try (Embedder embedder = Embedder.open(model, EmbedderOptions.DEFAULT.withDevice("cpu").withLargestBatch(8).withFixedBatch(true))) {
            return Arrays.stream(numbers).mapToObj(TestModel::crop).map(embedder::embedCrop).toList();
        }
    }

    @Test
    void aFolderAtAnyDepthInTheOrderOfItsNames() throws IOException {
        crop("b.png", 2);
        crop("deep/a.png", 3);
        crop("a.png", 1);
        Files.writeString(crops.resolve("notes.txt"), "no picture");
        Outcome run = embed(crops);
        assertEquals("", run.err());
        assertEquals(0, run.code());
        assertTrue(run.out().startsWith("Embedded 3 of 3 pictures into " + out.resolve("embeddings.npy") + ", 16 numbers each (3 in this run, "), run.out());
        assertEquals(1, run.out().lines().count(), "no progress where nobody watches");
        assertEquals(List.of("a.png", "b.png", "deep/a.png"), Files.readAllLines(out.resolve("paths.txt")));
        List<Embedding> expected = expected(1, 2, 3);
        for (int i = 0; i < 3; i++) {
            assertArrayEquals(expected.get(i).toArray(), rows().get(i), "row " + i);
        }
        assertFalse(Files.exists(out.resolve("failed.txt")));
    }

    @Test
    void badPicturesKeepTheirRows() throws IOException {
        crop("a.png", 1);
        Files.writeString(crops.resolve("b.png"), "no picture");
        TestModel.png(crops.resolve("c.png"), TestModel.crop(7).crop(0, 0, 16, 24));
        crop("d.png", 4);
        Outcome run = embed(crops, "--json");
        assertEquals(0, run.code(), run.err());
        JsonObject summary = JsonParser.parseString(run.out()).getAsJsonObject();
        assertEquals(4, summary.get("pictures").getAsInt());
        assertEquals(2, summary.get("embedded").getAsInt());
        assertEquals(2, summary.get("failed").getAsInt());
        List<Embedding> expected = expected(1, 4);
        assertArrayEquals(expected.get(0).toArray(), rows().get(0));
        assertArrayEquals(expected.get(1).toArray(), rows().get(3));
        for (int row : new int[] {1, 2}) {
            for (float value : rows().get(row)) {
                assertTrue(Float.isNaN(value));
            }
        }
        List<String> failed = Files.readAllLines(out.resolve("failed.txt"));
        assertEquals(2, failed.size());
        assertTrue(failed.get(0).startsWith("1\tb.png\t" + crops.resolve("b.png") + ": "), failed.get(0));
        assertTrue(failed.get(1).startsWith("2\tc.png\t") && failed.get(1).contains("16 x 24") && failed.get(1).contains("32 x 24"), failed.get(1));
    }

    @Test
    void strictStopsAtTheFirstAndGoesOnWhenItIsMended() throws IOException {
        crop("a.png", 1);
        Files.writeString(crops.resolve("b.png"), "no picture");
        crop("c.png", 3);
        Outcome run = embed(crops, "--strict");
        assertEquals(ExitCode.FAILED, run.code());
        assertTrue(run.err().startsWith("angulus: row 1, b.png: "), run.err());
        assertEquals(1, run.err().lines().count());
        assertEquals(1, rows().size());
        crop("b.png", 2);
        Outcome second = embed(crops, "--strict");
        assertEquals(0, second.code(), second.err());
        assertTrue(second.out().startsWith("Going on after row 1 of 3"), second.out());
        assertArrayEquals(expected(2).getFirst().toArray(), rows().get(1));
        assertEquals(3, rows().size());
    }

    @Test
    void nothingUsableIsAFailure() throws IOException {
        Files.writeString(crops.resolve("b.png"), "no picture");
        Outcome run = embed(crops);
        assertEquals(ExitCode.FAILED, run.code());
        assertEquals("angulus: none of the 1 pictures could be used; " + out.resolve("failed.txt") + " says why", run.err().strip());
    }

    @Test
    void aListAndAPack() throws IOException {
        crop("a.png", 1);
        crop("deep/b.png", 2);
        Path list = Files.writeString(crops.resolve("list.txt"), "deep/b.png\n\na.png\ndeep/b.png\n");
        assertEquals(0, embed(list).code());
        List<Embedding> expected = expected(2, 1, 2);
        for (int i = 0; i < 3; i++) {
            assertArrayEquals(expected.get(i).toArray(), rows().get(i));
        }
        Path pack = Files.createDirectory(folder.resolve("pack"));
        try (NpyWriter images = NpyWriter.create(pack.resolve("images.npy"), NpyType.U8, 32, 24, 3);
                NpyWriter labels = NpyWriter.create(pack.resolve("labels.npy"), NpyType.I32)) {
            for (int i = 1; i <= 2; i++) {
                images.append(MemorySegment.ofArray(TestModel.crop(i).pixels()));
                labels.append(MemorySegment.ofArray(new int[] {i - 1}));
            }
        }
        Files.writeString(pack.resolve("identities.txt"), "Ann\nBob\n");
        Outcome run = embed(pack, "--restart", "--flip", "concat");
        assertEquals(0, run.code(), run.err());
        assertEquals(2, rows().size());
        try (Embedder embedder = Embedder.open(model,
                EmbedderOptions.DEFAULT.withDevice("cpu").withLargestBatch(8).withFixedBatch(true).withFlip(FlipFusion.CONCAT))) {
            assertArrayEquals(embedder.embedCrop(TestModel.crop(2)).toArray(), rows().get(1));
        }
    }

    @Test
    void anotherRunsFolderIsNotMixed() throws IOException {
        crop("a.png", 1);
        assertEquals(0, embed(crops).code());
        byte[] before = Files.readAllBytes(out.resolve("embeddings.npy"));
        Outcome again = embed(crops);
        assertEquals(0, again.code());
        assertTrue(again.out().contains("(0 in this run"), again.out());
        Outcome other = embed(crops, "--flip", "sum");
        assertEquals(ExitCode.FAILED, other.code());
        assertEquals("angulus: " + out + " was begun with --flip none; name another folder, or add --restart to begin it anew", other.err().strip());
        crop("b.png", 2);
        assertTrue(embed(crops).err().contains("another list of pictures (1 of them)"));
        assertArrayEquals(before, Files.readAllBytes(out.resolve("embeddings.npy")));
        Files.delete(out.resolve("embed.json"));
        assertTrue(embed(crops).err().contains("holds an embeddings.npy that this command did not begin"));
        assertEquals(0, embed(crops, "--restart").code());
        assertEquals(2, rows().size());
    }

    /** A kill may cut the last line of failed.txt within a character; the lines of confirmed rows stay. */
    @Test
    void aListOfFailuresThatIsCutWithinACharacterIsMended() throws IOException {
        Files.writeString(crops.resolve("a.png"), "no picture");
        crop("b.png", 2);
        assertEquals(0, embed(crops).code());
        Path failed = out.resolve("failed.txt");
        byte[] whole = Files.readAllBytes(failed);
        Files.write(failed, new byte[] {'2', '\t', (byte) 0xC3}, StandardOpenOption.APPEND);
        embed(crops).succeeds();
        assertArrayEquals(whole, Files.readAllBytes(failed));
    }

    @Test
    void settingsThatAreNotOursAreRefused() throws IOException {
        crop("a.png", 1);
        embed(crops).succeeds();
        Path settings = out.resolve("embed.json");
        for (String damaged : List.of("", "[]", "{", Files.readString(settings).replace("\"batch\": 8", "\"batch\": \"many\""))) {
            Files.writeString(settings, damaged);
            embed(crops).failsOnly(ExitCode.FAILED, settings + " is not what this command wrote", "--restart");
        }
        Files.write(settings, new byte[] {(byte) 0xC3, 0x28});
        embed(crops).failsOnly(ExitCode.FAILED, settings + ": it is not UTF-8 text");
        embed(crops, "--restart").succeeds();
    }

    @Test
    void wrongInputIsOneSentence() {
        assertEquals("angulus: there is no folder or file " + folder.resolve("absent") + "; check the path", embed(folder.resolve("absent")).err().strip());
        assertTrue(embed(crops).err().contains("it holds no picture (jpg, jpeg, png, bmp, pgm)"));
        assertEquals(ExitCode.USAGE, embed(crops, "--batch", 0).code());
        assertTrue(Outcome.of("embed", "--help").out().contains("angulus embed --model m.safetensors --data crops --out embedded"));
    }

    /** Stopped by a signal, killed at random moments, again and again, and started again: the same bytes as a run that nobody disturbed. */
    @Test
    void aKilledRunGoesOnToTheSameBytes() throws Exception {
        long start = Long.getLong("angulus.test.start", System.nanoTime());
        System.out.println("EmbedCommandTest: -Dangulus.test.start=" + start);
        Random random = new Random(start);
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            crop(i + ".png", i);
            names.add(i + ".png");
        }
        names.set(7, "absent.png");
        Path list = Files.write(crops.resolve("list.txt"), Collections.nCopies(700, names).stream().flatMap(List::stream).toList());
        assertEquals(0, embed(list).code());
        Path undisturbed = folder.resolve("undisturbed");
        Files.move(out, undisturbed);
        Object[] again = {"embed", "--model", model, "--data", list, "--out", out, "--device", "cpu", "--batch", 8};
        try (ChildRun child = new ChildRun(folder, again)) {
            child.await(() -> size(out.resolve("embeddings.npy")) >= 64L * 4096);
            child.signal("TERM");
            Outcome stopped = child.outcome();
            assertEquals(143, stopped.code(), stopped.err());
            assertTrue(stopped.err().matches("(?s).*angulus: stopped after row \\d+ of 14000; the same command goes on from there\\s*"), stopped.err());
        }
        int killed = 0;
        for (int run = 1; run < 4; run++) {
            long enough = 64L * 4096 * (run + 1);
            try (ChildRun child = new ChildRun(folder, again)) {
                child.await(() -> size(out.resolve("embeddings.npy")) >= enough);
                Thread.sleep(random.nextInt(100));
                killed += child.isAlive() ? 1 : 0;
                child.kill();
            }
        }
        assertTrue(killed > 0, "no run was alive when it was to be killed");
        Outcome last = embed(list);
        assertEquals(0, last.code(), last.err());
        assertTrue(last.out().startsWith("Going on after row "), last.out());
        for (String file : List.of("embeddings.npy", "paths.txt", "failed.txt", "embed.json")) {
            assertArrayEquals(Files.readAllBytes(undisturbed.resolve(file)), Files.readAllBytes(out.resolve(file)), file);
        }
        assertEquals(700, Files.readAllLines(out.resolve("failed.txt")).size());
    }

    @Test
    void bf16IsAnotherRunsPrecision() throws IOException {
        crop("a.png", 1);
        embed(crops, "--precision", "bf16").succeeds();
        Embedding exact = expected(1).getFirst();
        Embedding rounded = Embedding.of(rows().getFirst());
        assertFalse(Arrays.equals(exact.toArray(), rounded.toArray()), "bf16 rounds");
        assertEquals(1, exact.cosine(rounded), 1e-3);
        String settings = Files.readString(out.resolve("embed.json"));
        assertTrue(settings.contains(" bf16\""), settings);
        embed(crops, "--precision", "f32").failsOnly(ExitCode.FAILED, "bf16");
    }

    private static long size(Path file) {
        return file.toFile().length();
    }
}
