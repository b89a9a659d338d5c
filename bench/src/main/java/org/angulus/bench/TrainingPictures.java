package org.angulus.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.angulus.data.CachedImages;
import org.angulus.data.FailedImages;
import org.angulus.data.FramedImages;
import org.angulus.data.ImageSet;
import org.angulus.data.LabeledImages;
import org.angulus.data.PackWriter;
import org.angulus.data.SyntheticFaces;
import org.angulus.data.SyntheticImages;
import org.angulus.image.Framing;
import org.angulus.image.RgbImage;
import org.angulus.train.Augmentation;

/**
 * A training set of synthetic faces, 112x96, written to a temporary folder as JPEGs, as a pack and as a {@code .rec} file. Its 800 files stay in the
 * system's memory: what is timed is the work, not the disk. Every way to read it gives the same pixels and labels, which is checked.
 */
final class TrainingPictures implements AutoCloseable {
    static final int HEIGHT = 112;
    static final int WIDTH = 96;
    private static final int PEOPLE = 40;
    private static final int PICTURES = 20;
    private static final int RECORD_MAGIC = 0xced7230a;

    private final Path root = Files.createTempDirectory("angulus-bench");
    private final SyntheticImages drawn = new SyntheticImages(new SyntheticFaces(1, HEIGHT, WIDTH), 0, PEOPLE, PICTURES);

    /** How the pictures are kept. */
    enum Form {
        MEMORY, FOLDER, PACK, REC;

        static Form named(String name) {
            return choose(Form.class, name);
        }
    }

    /** How pictures are changed. Mirroring is the device's work: the loader draws a bit. */
    enum Changes {
        NONE, FLIP, ALL;

        static Changes named(String name) {
            return choose(Changes.class, name);
        }

        boolean flip() {
            return this != NONE;
        }

        /** All parts with the numbers of their published recipes. */
        Augmentation augmentation() {
            return this == ALL ? new Augmentation(4, 0.5, 0.2, 0.2, 0.2) : Augmentation.NONE;
        }
    }

    private static <E extends Enum<E>> E choose(Class<E> type, String name) {
        try {
            return Enum.valueOf(type, name.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            List<String> names = Stream.of(type.getEnumConstants()).map(known -> known.name().toLowerCase(Locale.ROOT)).toList();
            throw new IllegalArgumentException("There is no '" + name + "'; choose " + String.join(", ", names) + ".", e);
        }
    }

    TrainingPictures() throws IOException {
        boolean complete = false;
        try {
            writeFolderAndRecords();
            LabeledImages folder = open(Form.FOLDER);
            PackWriter.write(folder, drawn.names(), root.resolve("pack"), new FailedImages(true), _ -> {});
            check(folder);
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    /** The set read from where it is kept. */
    LabeledImages open(Form form) throws IOException {
        Path path = switch (form) {
            case MEMORY, FOLDER -> root.resolve("folder");
            case PACK -> root.resolve("pack");
            case REC -> root.resolve("train.rec");
        };
        var images = new FramedImages(ImageSet.open(path), HEIGHT, WIDTH, Framing.EXACT);
        return form == Form.MEMORY ? new CachedImages(images) : images;
    }

    private void writeFolderAndRecords() throws IOException {
        var index = new StringBuilder();
        try (FileChannel records = FileChannel.open(root.resolve("train.rec"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (int i = 0; i < drawn.count(); i++) {
                byte[] jpeg = DrawnFaces.encode(read(drawn, i), "jpeg");
                Path person = Files.createDirectories(root.resolve("folder").resolve(drawn.names().get(drawn.label(i))));
                Files.write(person.resolve("%04d.jpg".formatted(i)), jpeg);
                index.append(i).append('\t').append(records.position()).append('\n');
                records.write(record(i, drawn.label(i), jpeg));
            }
        }
        Files.writeString(root.resolve("train.idx"), index);
    }

    /** RecordIO's magic and length, MXNet's image header (flag, label, two numbers), the file, padded to four bytes. */
    private static ByteBuffer record(int number, int label, byte[] jpeg) {
        int bytes = 24 + jpeg.length;
        ByteBuffer record = ByteBuffer.allocate(8 + (bytes + 3) / 4 * 4).order(ByteOrder.LITTLE_ENDIAN);
        record.putInt(RECORD_MAGIC).putInt(bytes).putInt(0).putFloat(label).putLong(number).putLong(0).put(jpeg);
        return record.position(0);
    }

    private void check(LabeledImages folder) throws IOException {
        for (int i = 0; i < drawn.count(); i++) {
            DrawnFaces.requireAlike("picture " + i, read(folder, i), read(drawn, i));
        }
        for (Form form : Form.values()) {
            LabeledImages images = open(form);
            for (int i = 0; i < drawn.count(); i++) {
                if (images.label(i) != drawn.label(i) || !Arrays.equals(read(images, i).pixels(), read(folder, i).pixels())) {
                    throw new IllegalStateException("Picture " + i + " read from " + form + " differs from that of the folder.");
                }
            }
        }
    }

    private static RgbImage read(LabeledImages images, int index) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment rgb = arena.allocate(3L * images.height() * images.width());
            images.read(index, rgb);
            return new RgbImage(images.height(), images.width(), rgb.toArray(ValueLayout.JAVA_BYTE));
        }
    }

    @Override
    public void close() throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
