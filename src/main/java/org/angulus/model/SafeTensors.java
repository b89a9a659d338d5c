package org.angulus.model;

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
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * A safetensors file opened for reading: a u64 little-endian header length, a JSON header, a data section. The file is
 * memory-mapped, so its size is bounded by the address space only, and a tensor's bytes are read when they are used.
 *
 * <p>The whole header is checked before anything else is believed. When the metadata holds {@code angulus.crc32c} (the
 * CRC-32C of the data section as eight hexadecimal digits) it is verified on opening, which reads the file once; files
 * of other makers without it are accepted. Files are written by {@link SafeTensorsWriter}.
 *
 * <p>Any number of threads may read. The file must not be cut or rewritten in place while it is open
 * ({@link SafeTensorsWriter} never does that: it replaces the file as a whole and an open reader keeps the old one).
 */
public final class SafeTensors implements AutoCloseable {
    /** The metadata key under which the checksum of the data section stands. */
    public static final String CRC_KEY = "angulus.crc32c";

    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path file;
    private final Arena arena;
    private final MemorySegment data;
    private final SafeTensorsHeader header;

    private SafeTensors(Path file, Arena arena, MemorySegment data, SafeTensorsHeader header) {
        this.file = file;
        this.arena = arena;
        this.data = data;
        this.header = header;
    }

    /**
     * Opens and checks a file.
     *
     * @throws SafeTensorsException when the file is missing, unreadable, damaged or not safetensors
     */
    public static SafeTensors open(Path file) throws SafeTensorsException {
        Arena arena = Arena.ofShared();
        boolean opened = false;
        try {
            SafeTensors tensors = open(file, arena);
            opened = true;
            return tensors;
        } catch (SafeTensorsException e) {
            throw e;
        } catch (NoSuchFileException e) {
            throw new SafeTensorsException(file, "there is no such file", "check the path", e);
        } catch (IOException e) {
            throw new SafeTensorsException(
                    file, "it cannot be read (" + Printable.reason(e) + ")", "check its permissions and the disk", e);
        } finally {
            if (!opened) {
                arena.close();
            }
        }
    }

    private static SafeTensors open(Path file, Arena arena) throws IOException {
        if (Files.isDirectory(file)) {
            throw new SafeTensorsException(file, "it is a folder", "name the safetensors file in it");
        }
        MemorySegment all;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        }
        if (all.byteSize() < Long.BYTES) {
            throw new SafeTensorsException(
                    file,
                    "it has only " + all.byteSize() + " bytes, too few for a header",
                    "it is cut short or not safetensors, fetch or save it again");
        }
        long length = all.get(LONG, 0);
        if (length < 2 || length > all.byteSize() - Long.BYTES || length > SafeTensorsHeader.MAX_BYTES) {
            throw new SafeTensorsException(
                    file,
                    "it announces a header of " + Long.toUnsignedString(length) + " bytes in a file of "
                            + all.byteSize() + " bytes (at least 2 and at most " + SafeTensorsHeader.MAX_BYTES
                            + " are legal)",
                    "it is cut short or not safetensors, fetch or save it again");
        }
        MemorySegment data = all.asSlice(Long.BYTES + length);
        SafeTensorsHeader header = SafeTensorsHeader.parse(
                file, all.asSlice(Long.BYTES, length).asByteBuffer(), data.byteSize());
        String crc = header.metadata().get(CRC_KEY);
        if (crc != null && !crc.equals(crcText(update(new CRC32C(), data)))) {
            throw new SafeTensorsException(
                    file,
                    "its data does not have the checksum " + crc + " that its metadata states",
                    "the file is damaged, fetch or save it again");
        }
        return new SafeTensors(file, arena, data, header);
    }

    /** The file this was opened from. */
    public Path file() {
        return file;
    }

    /** The string map {@code __metadata__}, in file order; empty when the file has none. */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(header.metadata());
    }

    /** The tensors in the order of the header. */
    public List<TensorEntry> entries() {
        return List.copyOf(header.entries().values());
    }

    /** Whether the file holds a tensor of this name. */
    public boolean contains(String name) {
        return header.entries().containsKey(name);
    }

    /** The description of a tensor. */
    public TensorEntry entry(String name) throws SafeTensorsException {
        TensorEntry entry = header.entries().get(name);
        if (entry == null) {
            throw new SafeTensorsException(
                    file,
                    "it holds no tensor '" + name + "' among its " + header.entries().size(),
                    "check that the file belongs to this network");
        }
        return entry;
    }

    /**
     * The bytes of a tensor, read-only and not copied; little-endian, aligned to nothing. Valid until {@link #close}.
     */
    public MemorySegment data(String name) throws SafeTensorsException {
        TensorEntry entry = entry(name);
        return data.asSlice(entry.begin(), entry.bytes());
    }

    /** The elements of an F32, F16 or BF16 tensor, copied; the widening is exact. */
    public float[] floats(String name) throws SafeTensorsException {
        float[] values = new float[arrayLength(entry(name))];
        floats(name, 0, values.length, values);
        return values;
    }

    /** Copies {@code count} of them, from element {@code first} on, to the beginning of {@code values}. */
    void floats(String name, long first, int count, float[] values) throws SafeTensorsException {
        TensorEntry entry = entry(name);
        MemorySegment source = data(name).asSlice(first * entry.type().bytes(), (long) count * entry.type().bytes());
        switch (entry.type()) {
            case F32 -> MemorySegment.copy(source, FLOAT, 0, values, 0, count);
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    values[i] = TensorType.fromBFloat16(source.get(SHORT, 2L * i));
                }
            }
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    values[i] = Float.float16ToFloat(source.get(SHORT, 2L * i));
                }
            }
            default -> throw wrongType(entry, "F32, F16 or BF16");
        }
    }

    /** The elements of an I64, I32 or U8 tensor, copied and widened. */
    public long[] longs(String name) throws SafeTensorsException {
        TensorEntry entry = entry(name);
        MemorySegment source = data(name);
        long[] values = new long[arrayLength(entry)];
        switch (entry.type()) {
            case I64 -> MemorySegment.copy(source, LONG, 0, values, 0, values.length);
            case I32 -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = source.get(INT, 4L * i);
                }
            }
            case U8 -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = Byte.toUnsignedLong(source.get(ValueLayout.JAVA_BYTE, i));
                }
            }
            default -> throw wrongType(entry, "I64, I32 or U8");
        }
        return values;
    }

    /** Unmaps the file; segments handed out before are dead afterwards. Closing twice is harmless. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    private int arrayLength(TensorEntry entry) throws SafeTensorsException {
        if (entry.elements() > Integer.MAX_VALUE - 8) {
            throw new SafeTensorsException(
                    file,
                    "its tensor '" + entry.name() + "' has " + entry.elements() + " elements, too many for an array",
                    "read it in place with data()");
        }
        return (int) entry.elements();
    }

    private SafeTensorsException wrongType(TensorEntry entry, String wanted) {
        return new SafeTensorsException(
                file,
                "its tensor '" + entry.name() + "' is " + entry.type() + " where " + wanted + " is needed",
                "convert it to one of these types");
    }

    /** Adds the bytes of a segment that a ByteBuffer can cover in parts. */
    static CRC32C update(CRC32C crc, MemorySegment segment) {
        long part = 1L << 30;
        for (long at = 0; at < segment.byteSize(); at += part) {
            crc.update(segment.asSlice(at, Math.min(part, segment.byteSize() - at))
                    .asByteBuffer());
        }
        return crc;
    }

    static String crcText(CRC32C crc) {
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }
}
