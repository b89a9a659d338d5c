package org.angulus.data;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * MXNet's RecordIO (dmlc-core, recordio.h): records of u32 magic, u32 length word and payload, padded to four bytes. The upper three bits of the
 * length word say whether a record is whole (0) or the first, a middle or the last part (1, 2, 3) of one that was cut wherever it held the magic, which
 * is left out there. With it the image header of MXNet's Python package: u32 flag, f32 label, u64 id, u64 id2, then {@code flag} f32 labels.
 */
final class RecordIo {
    static final int MAGIC = 0xced7230a;

    private static final int LENGTH_BITS = 29;
    private static final int LARGEST = 1 << 28;
    private static final int HEADER_BYTES = 24;
    private static final int MOST_LABELS = 1 << 16;

    private final Path path;
    private final MemorySegment file;

    private RecordIo(Path path, MemorySegment file) {
        this.path = path;
        this.file = file;
    }

    /**
     * One image record.
     *
     * @param labels its label or labels
     * @param image the encoded image; empty in a record that holds labels only
     */
    record Image(float[] labels, byte[] image) {}

    /** Maps a file; the mapping ends when nothing refers to it any more. */
    static RecordIo open(Path path) throws DataException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return new RecordIo(path, channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto()));
        } catch (NoSuchFileException e) {
            throw new DataException(path, "there is no such file", "check the path", e);
        } catch (IOException e) {
            throw new DataException(path, "it cannot be read (" + e.getMessage() + ")", "check its permissions and the disk", e);
        }
    }

    /** The labels of the record at a position, without reading its image. */
    float[] labels(long position) throws DataException {
        Part first = part(position, true);
        boolean enough = first.bytes() >= HEADER_BYTES && first.bytes() >= HEADER_BYTES + 4 * labelCount(first.begin(), position);
        return enough ? labels(file.asSlice(first.begin(), first.bytes()), position) : image(position).labels();
    }

    /** The record at a position. */
    Image image(long position) throws DataException {
        MemorySegment record = record(position);
        float[] labels = labels(record, position);
        long begin = HEADER_BYTES + (record.get(Npy.INT, 0) > 0 ? 4L * labels.length : 0);
        return new Image(labels, record.asSlice(begin).toArray(ValueLayout.JAVA_BYTE));
    }

    private float[] labels(MemorySegment record, long position) throws DataException {
        if (record.byteSize() < HEADER_BYTES) {
            throw damaged(position, "has " + record.byteSize() + " bytes, too few for an image header");
        }
        int count = record.get(Npy.INT, 0);
        if (count < 0 || count > MOST_LABELS || record.byteSize() < HEADER_BYTES + 4L * count) {
            throw damaged(position, "announces " + Integer.toUnsignedString(count) + " labels in " + record.byteSize() + " bytes");
        }
        return count == 0 ? new float[] {record.get(Npy.FLOAT, 4)} : record.asSlice(HEADER_BYTES, 4L * count).toArray(Npy.FLOAT);
    }

    private long labelCount(long begin, long position) throws DataException {
        int count = file.get(Npy.INT, begin);
        if (count < 0 || count > MOST_LABELS) {
            throw damaged(position, "announces " + Integer.toUnsignedString(count) + " labels");
        }
        return count;
    }

    /** The payload of a record, its parts joined. */
    private MemorySegment record(long position) throws DataException {
        Part part = part(position, true);
        if (part.kind() == 0) {
            return file.asSlice(part.begin(), part.bytes());
        }
        long total = part.bytes();
        for (Part next = part; next.kind() != 3; ) {
            next = part(next.end(), false);
            total += 4 + next.bytes();
            if (total > LARGEST) {
                throw damaged(position, "has more than " + LARGEST + " bytes");
            }
        }
        byte[] joined = new byte[(int) total];
        MemorySegment target = MemorySegment.ofArray(joined);
        MemorySegment.copy(file, part.begin(), target, 0, part.bytes());
        for (long at = part.bytes(); at < total; ) {
            part = part(part.end(), false);
            target.set(Npy.INT, at, MAGIC);
            MemorySegment.copy(file, part.begin(), target, at + 4, part.bytes());
            at += 4 + part.bytes();
        }
        return target;
    }

    /**
     * A part of a record, or a whole one.
     *
     * @param kind 0 whole, 1 first, 2 middle, 3 last
     * @param begin of its payload in the file
     * @param bytes of its payload
     */
    private record Part(int kind, long begin, long bytes) {
        long end() {
            return begin + (bytes + 3) / 4 * 4;
        }
    }

    private Part part(long position, boolean first) throws DataException {
        if (position < 0 || position > file.byteSize() - 8) {
            throw damaged(position, "lies behind the end of the file of " + file.byteSize() + " bytes");
        }
        if (file.get(Npy.INT, position) != MAGIC) {
            throw damaged(position, "does not begin with RecordIO's magic number");
        }
        int word = file.get(Npy.INT, position + 4);
        Part part = new Part(word >>> LENGTH_BITS, position + 8, word & (1 << LENGTH_BITS) - 1);
        boolean expected = first ? part.kind() == 0 || part.kind() == 1 : part.kind() == 2 || part.kind() == 3;
        if (!expected) {
            throw damaged(position, "has the continuation flag " + part.kind() + (first ? " where a record begins" : " where one goes on"));
        }
        if (part.bytes() > file.byteSize() - part.begin() || part.bytes() > LARGEST) {
            throw damaged(position, "announces " + part.bytes() + " bytes, more than the file holds or a picture needs");
        }
        return part;
    }

    private DataException damaged(long position, String what) {
        return new DataException(path, "the record at byte " + position + " " + what, "the file is damaged or its .idx belongs to another, fetch both again");
    }
}
