package org.angulus.data;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.angulus.image.ImageDecoder;
import org.angulus.image.RgbImage;
import org.angulus.model.Printable;

/**
 * A training set as InsightFace publishes them: encoded pictures in a {@code .rec} file (MXNet's RecordIO) and their places in the {@code .idx} file
 * beside it, lines of key and byte. Where record 0 has labels of its own, the first of them is the key behind the last picture, and what follows are
 * records of people, which are passed over; without, every record is a picture. A person's name is the label as it stands there.
 *
 * <p>Opening reads the header of every record once. Held are sixteen bytes for an image.
 */
public final class RecordImages implements ImageSet {
    private final Path root;
    private final RecordIo records;
    private final Index index;
    private final int[] labels; // (images)
    private final List<String> identities;

    private RecordImages(Path root, RecordIo records, Index index, int[] labels, List<String> identities) {
        this.root = root;
        this.records = records;
        this.index = index;
        this.labels = labels;
        this.identities = identities;
    }

    /**
     * Opens a {@code .rec} file that has its {@code .idx} beside it.
     *
     * @throws DataException when either is missing or damaged
     */
    public static RecordImages open(Path rec) throws DataException {
        RecordIo records = RecordIo.open(rec);
        Path idx = rec.resolveSibling(rec.getFileName().toString().replaceFirst("\\.rec$", "") + ".idx");
        Index all = Index.read(idx);
        Index images = all.images(records, idx);
        int[] stored = new int[images.count()];
        for (int i = 0; i < stored.length; i++) {
            float[] label = records.labels(images.positions[i]);
            stored[i] = (int) label[0];
            if (stored[i] != label[0] || stored[i] < 0 || stored[i] == Integer.MAX_VALUE) {
                throw new DataException(
                        rec, "record " + images.keys[i] + " has the label " + label[0] + ", which numbers no person", "fetch it again or make it with whole labels from 0");
            }
        }
        int[] people = IntStream.of(stored).sorted().distinct().toArray();
        int[] labels = stored;
        for (int i = 0; i < labels.length; i++) {
            labels[i] = Arrays.binarySearch(people, stored[i]);
        }
        return new RecordImages(rec, records, images, labels, IntStream.of(people).mapToObj(String::valueOf).toList());
    }

    @Override
    public Path root() {
        return root;
    }

    @Override
    public List<String> identities() {
        return identities;
    }

    @Override
    public int count() {
        return labels.length;
    }

    @Override
    public int label(int image) {
        return labels[image];
    }

    @Override
    public String name(int image) {
        return "record " + index.keys[image];
    }

    @Override
    public RgbImage decode(int image) throws IOException {
        return ImageDecoder.decode(records.image(index.positions[image]).image(), root + ", " + name(image));
    }

    /**
     * Keys and places of records, in the order of the file.
     *
     * @param keys      (records)
     * @param positions (records): first byte
     */
    private record Index(int[] keys, long[] positions) {
        private static final int MOST = Integer.MAX_VALUE - 8;

        int count() {
            return keys.length;
        }

        static Index read(Path file) throws DataException {
            int[] keys = new int[1 << 10];
            long[] positions = new long[1 << 10];
            int count = 0;
            try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.US_ASCII)) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (count == keys.length) {
                        int grown = (int) Math.min(MOST, count + (count >> 1) + 1L);
                        keys = Arrays.copyOf(keys, grown);
                        positions = Arrays.copyOf(positions, grown);
                    }
                    int tab = line.indexOf('\t');
                    try {
                        keys[count] = Integer.parseInt(line, 0, Math.max(0, tab), 10);
                        positions[count++] = Long.parseLong(line, tab + 1, line.length(), 10);
                    } catch (NumberFormatException e) {
                        throw DataException.atLine(file, count + 1, "it is no key and byte with a tab between them", "fetch the file again");
                    }
                }
            } catch (NoSuchFileException e) {
                throw new DataException(file, "the index of the records is not there", "put it beside the .rec file", e);
            } catch (MalformedInputException e) {
                throw new DataException(file, "it is no text", "fetch the file again", e);
            } catch (DataException e) {
                throw e;
            } catch (IOException e) {
                throw new DataException(file, "it cannot be read (" + Printable.reason(e) + ")", "check that it is a readable file", e);
            }
            return new Index(Arrays.copyOf(keys, count), Arrays.copyOf(positions, count));
        }

        /** The entries of pictures: those that the labels of record 0 announce, or all. */
        Index images(RecordIo records, Path file) throws DataException {
            int zero = IntStream.range(0, count()).filter(i -> keys[i] == 0).findFirst().orElse(-1);
            RecordIo.Image head = zero < 0 ? null : records.image(positions[zero]);
            boolean announced = head != null && head.image().length == 0;
            float end = announced ? head.labels()[0] : Float.POSITIVE_INFINITY;
            int[] kept = IntStream.range(0, count()).filter(i -> announced ? keys[i] >= 1 && keys[i] < end : true).toArray();
            if (kept.length == 0 || announced && kept.length != end - 1) {
                throw new DataException(
                        file, "it lists " + kept.length + " pictures" + (announced ? " where record 0 announces " + (long) (end - 1) : ""), "fetch the .idx and the .rec file again");
            }
            return new Index(IntStream.of(kept).map(i -> keys[i]).toArray(), IntStream.of(kept).mapToLong(i -> positions[i]).toArray());
        }
    }
}
