package org.angulus.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.angulus.FileSizeLimit;
import org.angulus.image.Fit;
import org.angulus.image.Framing;
import org.angulus.model.FileWriteException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackedImagesTest {
    @TempDir
    Path folder;

    private ImageSet faces(int people, int pictures) throws IOException {
        for (int person = 0; person < people; person++) {
            Path own = Files.createDirectories(folder.resolve("faces").resolve("person %02d".formatted(person)));
            for (int i = 0; i < pictures; i++) {
                Files.write(own.resolve("%03d.png".formatted(i)), TestPictures.png(6, 4, person << 16 | i));
            }
        }
        return ImageFolder.open(folder.resolve("faces"));
    }

    private static int pack(ImageSet set, Path target, FailedImages failed) throws IOException {
        return PackWriter.write(new FramedImages(set, 4, 4, new Framing(0, 0, Fit.CENTRE_CROP)), set.identities(), target, failed, _ -> {});
    }

    @Test
    void aPackHoldsTheCropsOfItsFolder() throws Exception {
        ImageSet set = faces(3, 100); // 300 images: more than are packed at a time
        Path target = folder.resolve("packs/faces");
        List<Integer> progress = new ArrayList<>();
        var framed = new FramedImages(set, 4, 4, new Framing(0, 0, Fit.CENTRE_CROP));
        assertEquals(300, PackWriter.write(framed, set.identities(), target, new FailedImages(true), progress::add));
        assertEquals(List.of(256, 300), progress);
        ImageSet packed = ImageSet.open(target);
        assertEquals(PackedImages.class, packed.getClass());
        assertEquals(set.identities(), packed.identities());
        assertEquals(300, packed.count());
        byte[] wanted = new byte[48];
        for (int i = 0; i < 300; i++) {
            framed.read(i, MemorySegment.ofArray(wanted));
            assertArrayEquals(wanted, packed.decode(i).pixels());
            assertEquals(set.label(i), packed.label(i));
        }
        ImageSet part = packed.select(name -> !name.endsWith("01"), 1);
        assertEquals(List.of("person 00", "person 02"), part.identities());
        assertEquals(2, part.decode(150).sample(0, 0, 0));
        try (Stream<Path> left = Files.list(folder.resolve("packs"))) {
            assertEquals(List.of(target), left.toList());
        }
        assertTrue(assertThrows(DataException.class, () -> pack(set, target, new FailedImages(true))).getMessage().contains("already there"));
    }

    @Test
    void badPicturesAreLeftOutAndSoIsAPersonWithNoOther() throws Exception {
        faces(3, 3);
        Files.write(folder.resolve("faces/person 00/001.png"), new byte[] {1, 2, 3});
        for (int i = 0; i < 3; i++) {
            Files.write(folder.resolve("faces/person 01/%03d.png".formatted(i)), TestPictures.png(2, 2, 0));
        }
        ImageSet set = ImageFolder.open(folder.resolve("faces"));
        FailedImages failed = new FailedImages(false);
        assertEquals(5, pack(set, folder.resolve("pack"), failed));
        assertEquals(4, failed.count());
        List<String> sentences = failed.takeUntold();
        assertEquals(4, sentences.size());
        assertTrue(sentences.get(0).contains("person 00/001.png") && sentences.get(1).contains("person 01/000.png"), sentences.toString());
        ImageSet packed = ImageSet.open(folder.resolve("pack"));
        assertEquals(List.of("person 00", "person 02"), packed.identities());
        assertEquals(List.of(0, 0, 1, 1, 1), IntStream.range(0, 5).mapToObj(packed::label).toList());

        Path strict = folder.resolve("strict");
        assertTrue(assertThrows(IOException.class, () -> pack(set, strict, new FailedImages(true))).getMessage().contains("001.png"));
        assertFalse(Files.exists(strict));
        try (Stream<Path> left = Files.list(folder)) {
            assertTrue(left.noneMatch(path -> path.toString().endsWith(".partial")), "nothing half written is left");
        }
    }

    @Test
    void recordsBecomeAPack() throws Exception {
        RecordFiles records = new RecordFiles().add(0, new byte[0], 4, 4);
        for (int key = 1; key <= 3; key++) {
            records.add(key, TestPictures.png(4, 4, key), 10 * (key % 2));
        }
        ImageSet set = ImageSet.open(records.write(folder));
        pack(set, folder.resolve("pack"), new FailedImages(true));
        ImageSet packed = ImageSet.open(folder.resolve("pack"));
        assertEquals(List.of("0", "10"), packed.identities());
        assertEquals(List.of(1, 0, 1), IntStream.range(0, 3).mapToObj(packed::label).toList());
        assertEquals(3, packed.decode(2).sample(3, 3, 2));
    }

    private void assertRefused(String words) {
        String message = assertThrows(DataException.class, () -> ImageSet.open(folder.resolve("pack"))).getMessage();
        assertTrue(message.contains(words), message);
    }

    @Test
    void filesThatDoNotFitTogetherAreRefused() throws Exception {
        Path pack = folder.resolve("pack");
        pack(faces(2, 2), pack, new FailedImages(true));
        byte[] labels = Files.readAllBytes(pack.resolve(PackedImages.LABELS));
        labels[labels.length - 4] = 2;
        Files.write(pack.resolve(PackedImages.LABELS), labels);
        assertRefused("label 2 of image 3 has no name among the 2");
        try (NpyWriter writer = NpyWriter.create(pack.resolve(PackedImages.LABELS), NpyType.I32)) {
            writer.append(MemorySegment.ofArray(new int[3]));
        }
        assertRefused("shape 3 where <i4 of shape 4 is needed");
        Files.delete(pack.resolve(PackedImages.IDENTITIES));
        assertRefused("needed");
        try (NpyWriter writer = NpyWriter.create(pack.resolve(PackedImages.IMAGES), NpyType.U8, 4, 4)) {
            writer.append(MemorySegment.ofArray(new byte[16]));
        }
        assertRefused("shape any x any x any x 3 is needed");
    }

    /** 70,000 crops of 112 x 96 are 2.3 GB; sparse on the disk. */
    @Test
    void packsBeyondTwoGibibytesAreRead() throws Exception {
        int count = 70_000;
        Path pack = Files.createDirectory(folder.resolve("pack"));
        long bytes = 112L * 96 * 3;
        try (FileChannel channel = FileChannel.open(pack.resolve(PackedImages.IMAGES), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new NpyHeader(NpyType.U8, List.of((long) count, 112L, 96L, 3L), 256).toBytes()));
            channel.write(ByteBuffer.wrap(new byte[] {77}), 256 + count * bytes - 1);
        }
        try (NpyWriter writer = NpyWriter.create(pack.resolve(PackedImages.LABELS), NpyType.I32)) {
            int[] labels = new int[count];
            labels[count - 1] = 1;
            writer.append(MemorySegment.ofArray(labels));
        }
        Files.write(pack.resolve(PackedImages.IDENTITIES), List.of("a", "b"));
        assertTrue(count * bytes > Integer.MAX_VALUE);
        ImageSet packed = ImageSet.open(pack);
        assertEquals(1, packed.label(count - 1));
        assertEquals(77, packed.decode(count - 1).sample(111, 95, 2));
        MemorySegment crop = MemorySegment.ofArray(new byte[(int) bytes]);
        new FramedImages(packed, 112, 96, Framing.EXACT).read(count - 1, crop);
        assertEquals(77, crop.get(ValueLayout.JAVA_BYTE, bytes - 1));
    }

    /** Nothing is left, and with room the pack is whole. */
    @Test
    void aFullDiskLeavesNoPack() throws IOException {
        ImageSet set = faces(3, 5);
        Path packs = Files.createDirectory(folder.resolve("packs"));
        Path target = packs.resolve("faces");
        int largest = NpyHeader.WRITTEN_BYTES + 15 * 48;
        for (int bytes = 0; bytes < largest; bytes += 11) {
            try (FileSizeLimit _ = FileSizeLimit.of(bytes)) {
                String message = assertThrows(FileWriteException.class, () -> pack(set, target, new FailedImages(true))).getMessage();
                assertTrue(message.contains("images.npy: it cannot be written (" + FileSizeLimit.REASON), message);
            }
            try (Stream<Path> inside = Files.list(packs)) {
                assertEquals(List.of(), inside.toList());
            }
        }
        try (FileSizeLimit _ = FileSizeLimit.of(largest)) {
            assertEquals(15, pack(set, target, new FailedImages(true)));
        }
        assertEquals(15, ImageSet.open(target).count());
        try (Stream<Path> inside = Files.list(packs)) {
            assertEquals(List.of(target), inside.toList());
        }
    }
}
