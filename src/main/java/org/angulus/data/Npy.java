package org.angulus.data;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A NumPy {@code .npy} file opened for reading: an array of u8, i32, i64, f32 or f64 in C order. The file is memory-mapped, so its size is bounded by
 * the address space only and rows are read when they are used. Its header is believed only where it agrees with the file's length.
 *
 * <p>Any number of threads may read. The file must not be cut while it is open. Files are written by {@link NpyWriter}.
 */
public final class Npy implements AutoCloseable {
    /** The layout of an f32 element in {@link #data()}. */
    public static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** The layout of an i32 element in {@link #data()}. */
    public static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** The layout of an i64 element in {@link #data()}. */
    public static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** The layout of an f64 element in {@link #data()}. */
    public static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path file;
    private final Arena arena;
    private final NpyHeader header;
    private final MemorySegment data;
    private final long rowBytes;

    private Npy(Path file, Arena arena, NpyHeader header, MemorySegment data) {
        this.file = file;
        this.arena = arena;
        this.header = header;
        this.data = data;
        this.rowBytes = header.rowBytes();
    }

    /**
     * Opens and checks a file.
     *
     * @throws DataException when it is missing, unreadable, no such array, or not as long as its header says
     */
    public static Npy open(Path file) throws DataException {
        Arena arena = Arena.ofShared();
        boolean opened = false;
        try {
            Npy array = open(file, arena);
            opened = true;
            return array;
        } finally {
            if (!opened) {
                arena.close();
            }
        }
    }

    /** The same, mapped for the life of an arena. */
    static Npy open(Path file, Arena arena) throws DataException {
        try (FileChannel channel = openChannel(file)) {
            MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            NpyHeader header = NpyHeader.parse(file, all.asSlice(0, Math.min(all.byteSize(), NpyHeader.LARGEST)).asByteBuffer());
            requireLength(file, header, all.byteSize());
            return new Npy(file, arena, header, all.asSlice(header.dataOffset()));
        } catch (DataException e) {
            throw e;
        } catch (IOException e) {
            throw new DataException(file, "it cannot be read (" + e.getMessage() + ")", "check its permissions and the disk", e);
        }
    }

    private static FileChannel openChannel(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new DataException(file, "it is a folder", "name the .npy file in it");
        }
        try {
            return FileChannel.open(file, StandardOpenOption.READ);
        } catch (NoSuchFileException e) {
            throw new DataException(file, "there is no such file", "check the path", e);
        }
    }

    private static void requireLength(Path file, NpyHeader header, long length) throws DataException {
        long wanted;
        try {
            wanted = Math.addExact(header.dataOffset(), Math.multiplyExact(header.rows(), header.rowBytes()));
        } catch (ArithmeticException e) {
            wanted = Long.MAX_VALUE;
        }
        if (length != wanted) {
            throw new DataException(
                    file,
                    "it has " + length + " bytes where its header, " + header.type().descriptor() + " of shape " + text(header.shape()) + ", asks for "
                            + (wanted == Long.MAX_VALUE ? "more than a file can have" : String.valueOf(wanted)),
                    "it was cut short or its writing did not end, fetch or write it again");
        }
    }

    static String text(List<Long> shape) {
        return shape.stream().map(String::valueOf).collect(Collectors.joining(" x "));
    }

    /** The file this was opened from. */
    public Path file() {
        return file;
    }

    /** Type of the elements. */
    public NpyType type() {
        return header.type();
    }

    /** Dimensions, the slowest first; at least one. */
    public List<Long> shape() {
        return header.shape();
    }

    /** Rows: the first dimension. */
    public long rows() {
        return header.rows();
    }

    /** Bytes of a row: of one index of the first dimension. */
    public long rowBytes() {
        return rowBytes;
    }

    /**
     * Refuses an array of another kind.
     *
     * @param wanted type of the elements
     * @param dimensions the shape; -1 where any number may stand
     */
    public void require(NpyType wanted, long... dimensions) throws DataException {
        boolean right = type() == wanted && shape().size() == dimensions.length;
        for (int i = 0; right && i < dimensions.length; i++) {
            right = dimensions[i] < 0 || shape().get(i) == dimensions[i];
        }
        if (!right) {
            String shape = Arrays.stream(dimensions).mapToObj(d -> d < 0 ? "any" : String.valueOf(d)).collect(Collectors.joining(" x "));
            throw new DataException(
                    file,
                    "it holds " + type().descriptor() + " of shape " + text(shape()) + " where " + wanted.descriptor() + " of shape " + shape + " is needed",
                    "check that this is the file that was meant");
        }
    }

    /** All elements, read-only and not copied; little-endian, aligned to nothing. Valid until {@link #close}. */
    public MemorySegment data() {
        return data;
    }

    /** One row of {@link #data()}. */
    public MemorySegment row(long index) {
        return data.asSlice(index * rowBytes, rowBytes);
    }

    /** An element of an integer array, counted over all dimensions. */
    public long longAt(long element) {
        return switch (type()) {
            case U8 -> Byte.toUnsignedLong(data.get(ValueLayout.JAVA_BYTE, element));
            case I32 -> data.getAtIndex(INT, element);
            case I64 -> data.getAtIndex(LONG, element);
            case F32, F64 -> throw new IllegalStateException(file + " holds " + type().descriptor() + ", no whole numbers");
        };
    }

    /** An element of a float array, counted over all dimensions; f64 is rounded. */
    public float floatAt(long element) {
        return switch (type()) {
            case F32 -> data.getAtIndex(FLOAT, element);
            case F64 -> (float) data.getAtIndex(DOUBLE, element);
            case U8, I32, I64 -> throw new IllegalStateException(file + " holds " + type().descriptor() + ", no fractions");
        };
    }

    /** Copies the elements from the beginning of a row on, as many as the destination takes; float arrays only, f64 is rounded. */
    public void copyTo(long row, float[] destination) {
        long first = row * (rowBytes / type().bytes());
        if (type() == NpyType.F32) {
            MemorySegment.copy(data, FLOAT, first * Float.BYTES, destination, 0, destination.length);
        } else {
            for (int i = 0; i < destination.length; i++) {
                destination[i] = floatAt(first + i);
            }
        }
    }

    /** Unmaps the file; segments handed out before are dead afterwards. Closing twice is harmless. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
