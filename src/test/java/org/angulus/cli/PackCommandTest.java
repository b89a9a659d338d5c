package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.angulus.data.ImageSet;
import org.angulus.data.RecordFiles;
import org.angulus.image.ImageDecoder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** pack, and the commands that read what it made or what it reads. */
class PackCommandTest {
    private static final String SIZE = TinyRun.SIDE + "x" + TinyRun.SIDE;

    @TempDir
    private Path folder;

    private Path faces;
    private Path pack;

    @BeforeEach
    void faces() throws IOException {
        faces = TinyRun.faces(folder.resolve("faces"), 4, 6, TinyRun.SIDE);
        pack = folder.resolve("faces.pack");
    }

    private Outcome pack(Path data, Object... more) {
        return Outcome.of(Stream.concat(Stream.of("pack", "--data", data, "--out", pack, "--size", SIZE), Arrays.stream(more)).toArray());
    }

    private Outcome train(Path data, Path run) throws IOException {
        return Outcome.of(TinyRun.train(data, run));
    }


    /** The faces of the folder in InsightFace's form, person by person. */
    private Path records() throws IOException {
        List<Path> files = new ArrayList<>();
        List<Float> labels = new ArrayList<>();
        try (Stream<Path> people = Files.list(faces)) {
            for (Path person : people.sorted().toList()) {
                try (Stream<Path> pictures = Files.list(person)) {
                    pictures.sorted().forEach(files::add);
                }
                while (labels.size() < files.size()) {
                    labels.add((float) (person.getFileName().toString().charAt(4) - 'A'));
                }
            }
        }
        RecordFiles records = new RecordFiles().add(0, new byte[0], files.size() + 1, files.size() + 1);
        for (int i = 0; i < files.size(); i++) {
            records.add(i + 1, Files.readAllBytes(files.get(i)), labels.get(i));
        }
        return records.write(folder);
    }

    /** A pack is the folder to whoever reads it: the same training to the byte, the same report, the same embeddings. */
    @Test
    void aPackIsReadLikeItsFolder() throws IOException {
        Outcome packed = pack(faces).succeeds();
        assertTrue(packed.out().endsWith("Packed 24 pictures of 4 people, 18.0 KiB, into " + pack + "\n"), packed.out());
        Path folderRun = folder.resolve("of-folder");
        Path packRun = folder.resolve("of-pack");
        train(faces, folderRun).succeeds();
        assertTrue(train(pack, packRun).succeeds().out().contains("faces.pack (4 people, 24 pictures)"));
        byte[] ofFolder = Files.readAllBytes(folderRun.resolve("checkpoints/checkpoint-00000012/optimizer.safetensors"));
        assertArrayEquals(ofFolder, Files.readAllBytes(packRun.resolve("checkpoints/checkpoint-00000012/optimizer.safetensors")));
        assertEquals(Files.readString(folderRun.resolve("identities.txt")), Files.readString(packRun.resolve("identities.txt")));

        Path model = packRun.resolve("model.safetensors");
        String ofPack = Outcome.of("eval", "--model", model, "--data", pack, "--draw", 20, "--json").succeeds().out();
        String expected = Outcome.of("eval", "--model", model, "--data", faces, "--draw", 20, "--json").succeeds().out();
        assertEquals(expected.replace("drawn from faces,", "drawn from faces.pack,"), ofPack);

        Path embedded = folder.resolve("embedded");
        Path other = folder.resolve("other");
        var summary = Outcome.of("embed", "--model", model, "--data", pack, "--out", embedded, "--json").succeeds();
        assertEquals(24, JsonParser.parseString(summary.out()).getAsJsonObject().get("embedded").getAsInt());
        Outcome.of("embed", "--model", model, "--data", faces, "--out", other).succeeds();
        assertArrayEquals(Files.readAllBytes(other.resolve("embeddings.npy")), Files.readAllBytes(embedded.resolve("embeddings.npy")));
        assertEquals("image 23", Files.readAllLines(embedded.resolve("paths.txt")).getLast());

        String described = Outcome.of("inspect", model, "--json").succeeds().out();
        assertTrue(JsonParser.parseString(described).getAsJsonObject().get("trainingSet").getAsString().startsWith("faces.pack (4 people"), described);
        Outcome.of("inspect", pack).failsOnly(ExitCode.FAILED, pack + ": this folder holds no model.safetensors");
    }

    @Test
    void recordsAreTrainedOnAndPacked() throws IOException {
        Path rec = records();
        Path ofRecords = folder.resolve("of-records");
        Path ofPack = folder.resolve("of-pack");
        Path ofFolder = folder.resolve("of-folder");
        train(rec, ofRecords).succeeds();
        assertEquals(List.of("0", "1", "2", "3"), Files.readAllLines(ofRecords.resolve("identities.txt")));
        assertTrue(pack(rec).succeeds().out().contains("Packed 24 pictures of 4 people"));
        train(pack, ofPack).succeeds();
        train(faces, ofFolder).succeeds();
        String optimizer = "checkpoints/checkpoint-00000012/optimizer.safetensors";
        assertArrayEquals(Files.readAllBytes(ofFolder.resolve(optimizer)), Files.readAllBytes(ofRecords.resolve(optimizer)));
        assertArrayEquals(Files.readAllBytes(ofFolder.resolve(optimizer)), Files.readAllBytes(ofPack.resolve(optimizer)));
        Path model = ofRecords.resolve("model.safetensors");
        Outcome.of("eval", "--model", model, "--data", rec, "--draw", 20).succeeds();
        Outcome.of("embed", "--model", model, "--data", rec, "--out", folder.resolve("embedded")).succeeds();
        assertEquals("record 1", Files.readAllLines(folder.resolve("embedded/paths.txt")).getFirst());
    }

    @Test
    void wrongRecordsAreRefused() throws IOException {
        Path rec = records();
        byte[] whole = Files.readAllBytes(rec);
        Files.write(rec, Arrays.copyOf(whole, whole.length / 2));
        train(rec, folder.resolve("run")).failsOnly(ExitCode.FAILED, "train.rec: ");
        pack(rec).failsOnly(ExitCode.FAILED, "train.rec: ");
        Files.writeString(rec.resolveSibling("train.idx"), "one\t2\n");
        Files.write(rec, whole);
        train(rec, folder.resolve("run")).failsOnly(ExitCode.FAILED, "train.idx: line 1: it is no key and byte");
        Files.delete(rec.resolveSibling("train.idx"));
        train(rec, folder.resolve("run")).failsOnly(ExitCode.FAILED, "train.idx: the index of the records is not there", ".rec");
        train(folder.resolve("absent.rec"), folder.resolve("run")).failsOnly(ExitCode.FAILED, "absent.rec: ");
        assertFalse(Files.exists(folder.resolve("run")) || Files.exists(pack), "a refused call leaves nothing");
    }

    @Test
    void theCentreIsCutOutOfLargerPictures() throws IOException {
        faces = TinyRun.faces(folder.resolve("large"), 2, 3, TinyRun.SIDE + 4);
        Outcome refused = pack(faces).fails(ExitCode.FAILED, "none of the 6 pictures", "--fit");
        assertEquals(7, refused.err().lines().count(), "six pictures are named: " + refused.err());
        assertTrue(refused.err().contains("it is 20 x 20 (rows x columns) where 16 x 16 is needed"), refused.err());
        pack(faces, "--centre", SIZE).succeeds();
        ImageSet packed = ImageSet.open(pack);
        byte[] centre = ImageDecoder.decode(faces.resolve("Ann_B/Ann_B_0003.png")).crop(2, 2, TinyRun.SIDE, TinyRun.SIDE).pixels();
        assertArrayEquals(centre, packed.decode(5).pixels());
    }

    @Test
    void badPicturesAreNamedAndCounted() throws IOException {
        Path bad = Files.writeString(faces.resolve("Ann_B/Ann_B_0002.png"), "no picture");
        Files.writeString(faces.resolve("Ann_C/notes.txt"), "no picture by its name");
        Outcome outcome = pack(faces);
        assertEquals(ExitCode.OK, outcome.code(), outcome.err());
        assertEquals(1, outcome.err().lines().count(), outcome.err());
        assertTrue(outcome.err().startsWith("angulus: left out: " + bad + ": "), outcome.err());
        assertTrue(outcome.out().contains("Passed over 1 entries that are no pictures: Ann_C/notes.txt"), outcome.out());
        assertTrue(outcome.out().endsWith("; left out 1\n"), outcome.out());
        assertEquals(23, ImageSet.open(pack).count());
        assertFalse(outcome.out().contains("\u001b"), "no control characters where nobody looks");
    }

    @Test
    void tooManyBadPicturesEndItAndSoDoesTheFirstWhenStrict() throws IOException {
        Path first = Files.writeString(faces.resolve("Ann_A/Ann_A_0001.png"), "no picture");
        pack(faces, "--strict").failsOnly(ExitCode.FAILED, first.toString());
        for (int person = 0; person < 3; person++) {
            for (int i = 1; i <= 6; i++) {
                String name = "Ann_" + (char) ('A' + person);
                Files.writeString(faces.resolve(name).resolve("%s_%04d.png".formatted(name, i)), "no picture");
            }
        }
        pack(faces).fails(ExitCode.FAILED, "17 of 17 pictures could not be used, more than 0.1 %", first.toString());
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(List.of(faces), left.toList(), "nothing half written is left");
        }
    }

    @Test
    void aFolderThatIsThereIsLeftAlone() throws IOException {
        Files.createDirectories(pack);
        pack(faces).failsOnly(ExitCode.FAILED, pack + ": it is already there", "name another folder");
        try (Stream<Path> left = Files.list(pack)) {
            assertEquals(0, left.count());
        }
    }

    @Test
    void wrongInputIsOneSentence() throws IOException {
        pack(folder.resolve("absent")).failsOnly(ExitCode.FAILED, "absent: there is no such folder");
        pack(Files.writeString(folder.resolve("file"), "x")).failsOnly(ExitCode.FAILED, "file: it is a file");
        pack(Files.createDirectories(folder.resolve("empty"))).failsOnly(ExitCode.FAILED, "empty: it holds no image");
        pack(faces, "--size", "16").failsOnly(ExitCode.USAGE, "--size", "112x96");
        pack(faces, "--centre", "-3x4").failsOnly(ExitCode.USAGE, "--centre");
        pack = folder.resolve("file/pack");
        pack(faces).failsOnly(ExitCode.FAILED, folder.resolve("file").toString());
        Outcome.of("pack", "--data", faces).failsOnly(ExitCode.USAGE, "--out");
    }

    @Test
    void aDamagedPackIsRefused() throws IOException {
        pack(faces).succeeds();
        Files.write(pack.resolve("identities.txt"), new byte[] {(byte) 0xC3, 0x28});
        train(pack, folder.resolve("run")).failsOnly(ExitCode.FAILED, "identities.txt: it is not UTF-8 text");
        Files.delete(pack.resolve("labels.npy"));
        train(pack, folder.resolve("run")).failsOnly(ExitCode.FAILED, "labels.npy");
        byte[] images = Files.readAllBytes(pack.resolve("images.npy"));
        Files.write(pack.resolve("images.npy"), Arrays.copyOf(images, images.length - 1));
        train(pack, folder.resolve("run")).failsOnly(ExitCode.FAILED, "images.npy");
    }
}
