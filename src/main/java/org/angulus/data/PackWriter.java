package org.angulus.data;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.angulus.model.AtomicFile;
import org.angulus.model.AtomicFolder;

/**
 * Packs a set into the three files of {@link PackedImages}, whole or not at all ({@link AtomicFolder}). All processors decode; the order is that of the
 * set.
 */
public final class PackWriter {
    private static final int AT_A_TIME = 256;

    private PackWriter() {}

    /**
     * Decodes and writes every image. One that cannot be used is left out, and so is a person who has none left.
     *
     * @param people a name for each label
     * @param target a folder that is not there yet
     * @param failed keeps account of the images left out
     * @param progress told how many images are done
     * @return images written
     * @throws IOException when too many images fail, or the disk is too small or fails; nothing is left at the target then
     */
    public static int write(LabeledImages images, List<String> people, Path target, FailedImages failed, IntConsumer progress) throws IOException {
        Path absolute = target.toAbsolutePath();
        Path folder = absolute.getParent();
        if (Files.exists(absolute)) {
            throw new DataException(target, "it is already there", "name another folder, or remove it");
        }
        for (String person : people) {
            if (person.lines().count() != 1) {
                throw new DataException(target, "the name '" + person + "' is empty or has more than one line", "rename this person's folder");
            }
        }
        Files.createDirectories(folder);
        requireSpace(folder, target, images);
        int[] written = new int[1];
        AtomicFolder.write(target, partial -> {
            written[0] = writeFiles(images, people, partial, failed, progress);
            if (written[0] == 0) {
                throw new DataException(target, "none of the " + images.count() + " pictures for it can be used", "check the set and --fit");
            }
        });
        return written[0];
    }

    private static void requireSpace(Path folder, Path target, LabeledImages images) throws IOException {
        long needed = CachedImages.bytes(images);
        long usable = Files.getFileStore(folder).getUsableSpace();
        if (needed > usable) {
            throw new DataException(
                    target, "its " + images.count() + " crops of " + images.height() + " x " + images.width() + " take " + needed + " bytes where the disk has " + usable + " left",
                    "name a folder on a larger disk");
        }
    }

    private static int writeFiles(LabeledImages images, List<String> people, Path folder, FailedImages failed, IntConsumer progress) throws IOException {
        int[] labels = new int[images.count()];
        int written = 0;
        long bytes = 3L * images.height() * images.width();
        try (NpyWriter writer = NpyWriter.create(folder.resolve(PackedImages.IMAGES), NpyType.U8, images.height(), images.width(), 3);
                Arena arena = Arena.ofShared()) {
            MemorySegment crops = arena.allocate(AT_A_TIME * bytes);
            for (int first = 0; first < images.count(); first += AT_A_TIME) {
                int begin = first;
                int count = Math.min(AT_A_TIME, images.count() - first);
                IOException[] failures = new IOException[count];
                IntStream.range(0, count).parallel().forEach(i -> {
                    try {
                        images.read(begin + i, crops.asSlice(i * bytes, bytes));
                    } catch (IOException e) {
                        failures[i] = e;
                    }
                });
                for (int i = 0; i < count; i++) {
                    if (failures[i] == null) {
                        failed.used();
                        writer.append(crops.asSlice(i * bytes, bytes));
                        labels[written++] = images.label(begin + i);
                    } else {
                        failed.failed(failures[i]);
                    }
                }
                progress.accept(first + count);
            }
        }
        int[] kept = IntStream.of(labels).limit(written).sorted().distinct().toArray();
        try (NpyWriter writer = NpyWriter.create(folder.resolve(PackedImages.LABELS), NpyType.I32)) {
            for (int i = 0; i < written; i++) {
                labels[i] = Arrays.binarySearch(kept, labels[i]);
            }
            writer.append(MemorySegment.ofArray(labels).asSlice(0, 4L * written));
        }
        List<String> names = new ArrayList<>();
        IntStream.of(kept).forEach(label -> names.add(people.get(label)));
        AtomicFile.write(folder.resolve(PackedImages.IDENTITIES), String.join("\n", names) + "\n");
        return written;
    }
}
