package org.angulus.model;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Collects tensors and metadata and writes them as one safetensors file, whole or not at all ({@link AtomicFile}).
 *
 * <p>Tensors lie in the file in the order in which they were added, without gaps, as the format asks; add the types of
 * large elements first where alignment matters. The header is padded so that the data section begins at a multiple of 8
 * bytes. Arrays and segments are not copied before {@link #write}, except by {@link #bfloat16}: leave them unchanged
 * until then. Elements are little-endian, like every machine that Angulus runs on.
 */
public final class SafeTensorsWriter {
    private static final int STAGING_BYTES = 1 << 20;

    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final Map<String, TensorEntry> entries = new LinkedHashMap<>();
    private final List<MemorySegment> contents = new ArrayList<>();
    private long end;

    /** Sets one metadata string. {@link SafeTensors#CRC_KEY} is always computed anew by {@link #write}. */
    public SafeTensorsWriter metadata(String key, String value) {
        if (key == null || value == null) {
            throw new IllegalArgumentException("metadata key and value must be strings, not null: " + key);
        }
        metadata.put(key, value);
        return this;
    }

    /** Adds an F32 tensor. */
    public SafeTensorsWriter floats(String name, float[] values, long... shape) {
        return add(name, TensorType.F32, MemorySegment.ofArray(values), shape);
    }

    /** Adds a BF16 tensor: every value rounded to the nearest, ties to even. */
    public SafeTensorsWriter bfloat16(String name, float[] values, long... shape) {
        short[] rounded = new short[values.length];
        for (int i = 0; i < values.length; i++) {
            rounded[i] = TensorType.toBFloat16(values[i]);
        }
        return add(name, TensorType.BF16, MemorySegment.ofArray(rounded), shape);
    }

    /** Adds an I64 tensor. */
    public SafeTensorsWriter longs(String name, long[] values, long... shape) {
        return add(name, TensorType.I64, MemorySegment.ofArray(values), shape);
    }

    /** Adds an I32 tensor. */
    public SafeTensorsWriter ints(String name, int[] values, long... shape) {
        return add(name, TensorType.I32, MemorySegment.ofArray(values), shape);
    }

    /** Adds a U8 tensor. */
    public SafeTensorsWriter bytes(String name, byte[] values, long... shape) {
        return add(name, TensorType.U8, MemorySegment.ofArray(values), shape);
    }

    /**
     * Adds a tensor.
     *
     * @param content its elements, little-endian, exactly elements x element size bytes, heap or native
     * @param shape   sizes, outermost first; none for a scalar
     * @throws IllegalArgumentException when the name is taken, or the shape and the size of the content disagree
     */
    public SafeTensorsWriter add(String name, TensorType type, MemorySegment content, long... shape) {
        if (name == null || name.equals(SafeTensorsHeader.METADATA) || entries.containsKey(name)) {
            throw new IllegalArgumentException("tensor name '" + name + "' is taken or reserved; choose another");
        }
        List<Long> sizes = Arrays.stream(shape).boxed().toList();
        if (Arrays.stream(shape).anyMatch(size -> size < 0)) {
            throw new IllegalArgumentException("tensor '" + name + "' has a negative size in its shape " + sizes);
        }
        long bytes;
        try {
            bytes = Math.multiplyExact(TensorEntry.elements(sizes), type.bytes());
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("tensor '" + name + "' has the impossibly large shape " + sizes, e);
        }
        if (bytes != content.byteSize()) {
            throw new IllegalArgumentException("tensor '" + name + "' of shape " + sizes + " and type " + type
                    + " needs " + bytes + " bytes, got " + content.byteSize());
        }
        entries.put(name, new TensorEntry(name, type, sizes, end, bytes));
        contents.add(content);
        end = Math.addExact(end, bytes);
        return this;
    }

    /**
     * Writes the file, replacing what is there. A reader sees the old file or the new one, never a part.
     *
     * @throws SafeTensorsException when the folder is missing or not writable, or the disk is full
     */
    public void write(Path file) throws SafeTensorsException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment staging = arena.allocate(STAGING_BYTES);
            CRC32C crc = new CRC32C();
            forEachPart(staging, crc::update);
            Map<String, String> stated = new LinkedHashMap<>(metadata);
            stated.put(SafeTensors.CRC_KEY, SafeTensors.crcText(crc));
            byte[] header = new SafeTensorsHeader(stated, entries).toBytes();
            if (header.length > SafeTensorsHeader.MAX_BYTES) {
                throw new SafeTensorsException(
                        file,
                        "its header would have " + header.length + " bytes, more than the "
                                + SafeTensorsHeader.MAX_BYTES + " that the format allows",
                        "store fewer tensors or shorter metadata");
            }
            AtomicFile.write(file, channel -> {
                ByteBuffer start = ByteBuffer.allocate(Long.BYTES + header.length).order(ByteOrder.LITTLE_ENDIAN);
                writeFully(channel, start.putLong(header.length).put(header).flip());
                forEachPart(staging, part -> writeFully(channel, part));
            });
        } catch (SafeTensorsException e) {
            throw e;
        } catch (IOException e) {
            throw new SafeTensorsException(
                    file,
                    "it cannot be written (" + Printable.reason(e) + ")",
                    "check that its folder exists and is writable and that the disk has room",
                    e);
        }
    }

    private interface PartConsumer {
        void accept(ByteBuffer part) throws IOException;
    }

    /** Passes all contents on in order, in parts through a native staging buffer (a float[] has no byte view). */
    private void forEachPart(MemorySegment staging, PartConsumer consumer) throws IOException {
        for (MemorySegment content : contents) {
            for (long at = 0; at < content.byteSize(); at += STAGING_BYTES) {
                long bytes = Math.min(STAGING_BYTES, content.byteSize() - at);
                MemorySegment.copy(content, at, staging, 0, bytes);
                consumer.accept(staging.asSlice(0, bytes).asByteBuffer());
            }
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
