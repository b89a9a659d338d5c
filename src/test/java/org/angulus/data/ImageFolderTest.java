package org.angulus.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.angulus.image.Fit;
import org.angulus.image.Framing;
import org.angulus.image.ImageDecoder;
import org.angulus.image.ImageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFolderTest {
    @TempDir
    Path folder;

    @Test
    void namesAreSortedByCodePointAndTheRestIsNamed() throws Exception {
        // U+FF5E sorts before U+1D11E as a code point, but behind its surrogates as UTF-16.
        for (String image : List.of(
                "b/2.png",
                "b/10.JPG",
                "b/1/x y.bmp",
                "B/1.pgm",
                "Zoë Ångström/é.jpeg",
                "\uFF5E/1.jpg",
                "\uD834\uDD1E/1.jpg",
                "a/\uD834\uDD1E.jpg",
                "a/\uFF5E.jpg",
                "a/.hidden.jpg",
                "a/.git/1.jpg",
                ".hidden/1.jpg",
                "a/notes.txt",
                "a/deep/Thumbs.db",
                "empty/none.gif",
                "1.jpg",
                "README.md",
                ".DS_Store")) {
            Path file = folder.resolve(image);
            Files.createDirectories(file.getParent());
            Files.createFile(file);
        }
        ImageFolder images = ImageFolder.open(folder);
        assertEquals(List.of("B", "Zoë Ångström", "a", "b", "\uFF5E", "\uD834\uDD1E"), images.identities());
        assertEquals(
                List.of(
                        "B/1.pgm",
                        "Zoë Ångström/é.jpeg",
                        "a/\uFF5E.jpg",
                        "a/\uD834\uDD1E.jpg",
                        "b/1/x y.bmp",
                        "b/10.JPG",
                        "b/2.png",
                        "\uFF5E/1.jpg",
                        "\uD834\uDD1E/1.jpg"),
                names(images));
        assertEquals(
                List.of(0, 1, 2, 2, 3, 3, 3, 4, 5),
                IntStream.range(0, images.count()).mapToObj(images::label).toList());
        for (int i = 0; i < images.count(); i++) {
            assertTrue(Files.exists(images.path(i)), images.name(i));
        }
        assertEquals(6, images.ignored());
        assertEquals(
                List.of("1.jpg", "README.md", "a/deep/Thumbs.db", "a/notes.txt", "empty/none.gif", "empty"),
                images.ignoredNames());
    }

    @Test
    void aPartKeepsOrderAndGetsNewLabels() throws Exception {
        for (String image : List.of("a/1.jpg", "b/1.jpg", "b/2.jpg", "c/1.jpg", "c/2.jpg", "d/1.jpg", "d/2.jpg")) {
            Files.createDirectories(folder.resolve(image).getParent());
            Files.createFile(folder.resolve(image));
        }
        ImageSet part = ImageFolder.open(folder).select(name -> !name.equals("c"), 2);
        assertEquals(List.of("b", "d"), part.identities());
        assertEquals(List.of("b/1.jpg", "b/2.jpg", "d/1.jpg", "d/2.jpg"), names(part));
        assertEquals(1, part.label(2));
        assertTrue(assertThrows(DataException.class, () -> part.select(name -> name.equals("b"), 1))
                .getMessage()
                .contains("of its 2 identities only 1 are allowed and have 1 or more images"));
    }

    @Test
    void manyImagesFitTheGrowingArrays() throws Exception {
        for (int person = 0; person < 3; person++) {
            for (int i = 0; i < 300; i++) {
                Path file = folder.resolve("person%d/a rather long name of an image %03d.png".formatted(person, i));
                Files.createDirectories(file.getParent());
                Files.createFile(file);
            }
        }
        ImageFolder images = ImageFolder.open(folder);
        assertEquals(900, images.count());
        assertEquals("person2/a rather long name of an image 299.png", images.name(899));
        assertEquals("person1/a rather long name of an image 000.png", images.name(300));
        assertEquals(1, images.label(599));
    }

    @Test
    void eachFaultIsOneSentence() throws Exception {
        Path absent = folder.resolve("absent");
        refused(absent, "there is no such folder; check the path.");
        Path file = Files.createFile(folder.resolve("file.jpg"));
        refused(file, "it is a file; name a folder with one folder of images for each person.");
        Path set = Files.createDirectories(folder.resolve("set"));
        refused(set, "it holds no image (jpg, jpeg, png, bmp, pgm) in a sub-folder; name a folder");
        Files.createFile(Files.createDirectories(set.resolve("Ann")).resolve("1.jpg"));
        refused(set, "it holds only one identity, 'Ann'; name a folder");
        Files.createSymbolicLink(set.resolve("Ann/loop"), set);
        assertTrue(assertThrows(DataException.class, () -> ImageFolder.open(set))
                .getMessage()
                .contains("it is a link to a folder that it lies in; remove the link."));
    }

    /** Reading one would wait for ever. */
    @Test
    void aPipeIsRefused() throws Exception {
        Path own = Files.createDirectories(folder.resolve("Ann"));
        Path pipe = own.resolve("1.png");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0, "no pipe can be made here");
        String sentence = pipe + ": it is a pipe, socket or device and no file; remove it.";
        assertEquals(sentence, assertThrows(DataException.class, () -> ImageFolder.open(folder)).getMessage());
        assertEquals(sentence, assertThrows(DataException.class, () -> ImageFiles.below(folder)).getMessage());
        String decoding = assertThrows(ImageException.class, () -> ImageDecoder.decode(pipe)).getMessage();
        assertTrue(decoding.startsWith(pipe + ": it is a folder, pipe, socket or device and no file"), decoding);
    }

    @Test
    void anUnreadableFolderIsNamed() throws Exception {
        Path ann = Files.createDirectories(folder.resolve("Ann"));
        Files.setPosixFilePermissions(ann, PosixFilePermissions.fromString("---------"));
        try {
            assumeFalse(Files.isReadable(ann), "this user reads everything");
            String message = assertThrows(DataException.class, () -> ImageFolder.open(folder)).getMessage();
            assertEquals(ann + ": it cannot be read; check its permissions.", message);
        } finally {
            Files.setPosixFilePermissions(ann, PosixFilePermissions.fromString("rwx------"));
        }
    }

    @Test
    void linksToImagesAndFoldersAreFollowed() throws Exception {
        Path elsewhere = Files.createDirectories(folder.resolve("elsewhere/Bob"));
        Files.createFile(elsewhere.resolve("1.jpg"));
        Path set = Files.createDirectories(folder.resolve("set/Ann"));
        Files.createSymbolicLink(set.resolve("2.jpg"), elsewhere.resolve("1.jpg"));
        Files.createSymbolicLink(set.resolve("3.jpg"), elsewhere.resolve("gone.jpg"));
        Files.createSymbolicLink(folder.resolve("set/Bob"), elsewhere);
        ImageFolder images = ImageFolder.open(folder.resolve("set"));
        assertEquals(List.of("Ann/2.jpg", "Bob/1.jpg"), names(images));
        assertEquals(0, images.ignored());
        assertEquals(1, images.unreadable());
        assertEquals(List.of("Left out 1 pictures that are missing or may not be read: Ann/3.jpg"), images.remarks());
    }

    @Test
    void circlesOfLinksAreRefusedAndLinksToThemselvesLeftOut() throws Exception {
        Path ann = Files.createDirectories(folder.resolve("Ann"));
        Path bob = Files.createDirectories(folder.resolve("Bob"));
        Files.createFile(ann.resolve("1.jpg"));
        Files.createFile(bob.resolve("1.jpg"));
        Files.createSymbolicLink(ann.resolve("2.jpg"), Path.of("2.jpg"));
        Files.createSymbolicLink(folder.resolve("Cy"), Path.of("Cy"));
        Files.createSymbolicLink(folder.resolve("Di"), Path.of("gone"));
        ImageFolder images = ImageFolder.open(folder);
        assertEquals(List.of("Ann/1.jpg", "Bob/1.jpg"), names(images));
        assertEquals(
                List.of("Passed over 2 entries that are no pictures: Cy, Di", "Left out 1 pictures that are missing or may not be read: Ann/2.jpg"),
                images.remarks());
        Files.createSymbolicLink(ann.resolve("more"), bob);
        Files.createSymbolicLink(bob.resolve("more"), ann);
        refusedIn(folder, "Ann/more/more: it is a link to a folder that it lies in; remove the link.");
    }

    /** Where the file system keeps them apart, so do we. */
    @Test
    void namesThatDifferOnlyInCaseAreDifferent() throws Exception {
        for (String image : List.of("Ann/a.jpg", "Ann/A.jpg", "Ann/a.JPG", "ann/a.jpg")) {
            Files.createDirectories(folder.resolve(image).getParent());
            Files.createFile(folder.resolve(image));
        }
        try (var entries = Files.list(folder)) {
            assumeTrue(entries.count() == 2, "this file system does not tell Ann from ann");
        }
        ImageFolder images = ImageFolder.open(folder);
        assertEquals(List.of("Ann", "ann"), images.identities());
        assertEquals(List.of("Ann/A.jpg", "Ann/a.JPG", "Ann/a.jpg", "ann/a.jpg"), names(images));
        assertEquals(1, images.label(3));
        assertEquals(List.of(), images.remarks());
    }

    @Test
    void anUnreadablePictureIsLeftOutByName() throws Exception {
        for (String image : List.of("Ann/1.jpg", "Ann/2.jpg", "Bob/1.jpg")) {
            Files.createDirectories(folder.resolve(image).getParent());
            Files.createFile(folder.resolve(image));
        }
        Path closed = folder.resolve("Ann/2.jpg");
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"));
        assumeFalse(Files.isReadable(closed), "this user reads everything");
        ImageFolder images = ImageFolder.open(folder);
        assertEquals(List.of("Ann/1.jpg", "Bob/1.jpg"), names(images));
        assertEquals(List.of("Left out 1 pictures that are missing or may not be read: Ann/2.jpg"), images.remarks());
    }

    private static void refusedIn(Path root, String sentence) {
        assertEquals(root + "/" + sentence, assertThrows(DataException.class, () -> ImageFolder.open(root)).getMessage());
    }

    /** A million images with paths of 21 bytes: at most 48 bytes for each besides its path, also after a selection. */
    @Test
    void theListOfImagesIsSmall() throws Exception {
        int people = 10_000;
        int pictures = 100;
        long before = usedMemory();
        var builder = new ImageFolder.ImageFolderBuilder(folder);
        for (int person = 0; person < people; person++) {
            List<byte[]> names = new ArrayList<>();
            for (int i = 0; i < pictures; i++) {
                names.add("%08d/%08d.jpg".formatted(person, i).getBytes(StandardCharsets.US_ASCII));
            }
            builder.addIdentity("person %06d".formatted(person), names);
        }
        ImageSet set = builder.build(new FolderScan(folder));
        ImageSet part = set.select(name -> !name.endsWith("7"), 1);
        builder = null;
        long bytes = usedMemory() - before;
        assertEquals(people * pictures, set.count());
        assertEquals("person 000001/00000001/00000000.jpg", set.name(100));
        assertEquals(900_000, part.count());
        double each = (double) bytes / set.count() - 21;
        assertTrue(each > 8 && each <= 48, each + " bytes for each image besides its path");
    }

    /** What is in use once collections free no more: what others left may take several. */
    private static long usedMemory() throws InterruptedException {
        Runtime runtime = Runtime.getRuntime();
        long least = Long.MAX_VALUE;
        for (int unchanged = 0; unchanged < 5; unchanged++) {
            System.gc();
            Thread.sleep(20);
            long used = runtime.totalMemory() - runtime.freeMemory();
            if (used < least - 65536) {
                unchanged = -1;
            }
            least = Math.min(least, used);
        }
        return least;
    }

    @Test
    void cropsAreDecodedIntoSegments() throws Exception {
        for (int person = 0; person < 2; person++) {
            Path file = folder.resolve("p" + person + "/1.pgm");
            Files.createDirectories(file.getParent());
            Files.write(file, ("P2 3 2 255 " + (person + 1) + " 2 3 4 5 6").getBytes(StandardCharsets.US_ASCII));
        }
        FramedImages images = new FramedImages(ImageFolder.open(folder), 2, 1, new Framing(0, 0, Fit.CENTRE_CROP));
        assertEquals(2, images.count());
        assertEquals(2, images.classes());
        assertEquals(1, images.label(1));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment crop = arena.allocate((long) images.height() * images.width() * 3);
            images.read(1, crop);
            assertEquals(2, crop.get(ValueLayout.JAVA_BYTE, 0), "the middle column of the first row");
            assertEquals(5, crop.get(ValueLayout.JAVA_BYTE, 5));
        }
        FramedImages exact = new FramedImages(ImageFolder.open(folder), 4, 4, Framing.EXACT);
        assertThrows(ImageException.class, () -> exact.read(0, MemorySegment.ofArray(new byte[48])));
    }

    @Test
    void lfwFindsPhotographsByNumber() throws Exception {
        Path bush = Files.createDirectories(folder.resolve("George_W_Bush"));
        Files.createFile(bush.resolve("George_W_Bush_0012.jpg"));
        Files.createFile(bush.resolve("George_W_Bush_0013.png"));
        Lfw lfw = Lfw.open(folder);
        assertEquals(
                Optional.of(bush.resolve("George_W_Bush_0013.png")), lfw.find(new Photo("George_W_Bush", 13)));
        List<Photo> photos =
                List.of(new Photo("George_W_Bush", 12), new Photo("George_W_Bush", 1), new Photo("Nobody", 1));
        assertEquals(photos.subList(1, 3), lfw.missing(photos));
        Files.delete(bush.resolve("George_W_Bush_0012.jpg"));
        Files.delete(bush.resolve("George_W_Bush_0013.png"));
        assertTrue(assertThrows(DataException.class, () -> Lfw.open(folder))
                .getMessage()
                .contains("no folder in it holds images named like LFW's"));
        assertThrows(DataException.class, () -> Lfw.open(bush.resolve("absent")));
        assertThrows(IllegalArgumentException.class, () -> new Photo("../Ann", 1));
        assertThrows(IllegalArgumentException.class, () -> new Photo("Ann", 0));
    }

    @Test
    void theRealSetsAreRead() throws Exception {
        ImageFolder lfw = ImageFolder.open(SharedData.require("lfw/aligned_112x96"));
        assertEquals(13_232, lfw.count());
        assertEquals(5748, lfw.identities().size(), "all but Betsy_Coffin, whose only photograph is missing");
        FramedImages crops = new FramedImages(lfw, 112, 96, Framing.EXACT);
        MemorySegment crop = MemorySegment.ofArray(new byte[112 * 96 * 3]);
        for (int i = 0; i < lfw.count(); i += 500) {
            crops.read(i, crop);
        }
        assertEquals(
                List.of(new Photo("Betsy_Coffin", 1)),
                Lfw.open(lfw.root()).missing(List.of(new Photo("Aaron_Eckhart", 1), new Photo("Betsy_Coffin", 1))));
        ImageFolder casia = ImageFolder.open(SharedData.require("casia14/datasets"));
        assertEquals(1653, casia.count());
        assertEquals(14, casia.identities().size());
        // 11 grey JPEGs, and 111 colour JPEGs of grey photographs.
        assertEquals(122, countGrey(new FramedImages(casia, 112, 96, Framing.EXACT)));
        ImageFolder orl = ImageFolder.open(SharedData.require("orl/att_faces"));
        assertEquals(400, orl.count());
        assertEquals(40, countGrey(new FramedImages(orl.select(name -> name.matches("s[1-4]"), 10), 112, 92, Framing.EXACT)));
        assertEquals(List.of("README"), orl.ignoredNames());
    }

    private static int countGrey(FramedImages images) throws IOException {
        byte[] pixels = new byte[images.height() * images.width() * 3];
        int grey = 0;
        for (int i = 0; i < images.count(); i++) {
            images.read(i, MemorySegment.ofArray(pixels));
            grey += IntStream.range(0, pixels.length / 3)
                            .allMatch(p -> pixels[3 * p] == pixels[3 * p + 1] && pixels[3 * p] == pixels[3 * p + 2])
                    ? 1
                    : 0;
        }
        return grey;
    }

    private static void refused(Path path, String sentence) {
        String message = assertThrows(DataException.class, () -> ImageFolder.open(path)).getMessage();
        assertTrue(message.startsWith(path + ": " + sentence) && message.endsWith("."), message);
    }

    private static List<String> names(ImageSet images) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < images.count(); i++) {
            names.add(images.name(i));
        }
        return names;
    }
}
