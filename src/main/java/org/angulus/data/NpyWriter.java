package org.angulus.data;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.angulus.model.AtomicFile;
import org.angulus.model.FileWriteException;

/**
 * Writes a NumPy {@code .npy} file row by row, without knowing how many rows there will be. The header has a fixed size and states the rows that
 * {@link #flush} or {@link #close} made durable; a run that was killed goes on behind these with {@link #resume}. Until it is closed the file may be
 * longer than its header says, which {@link Npy} refuses. After a write that failed, on a full disk say, it takes no more rows, and the header states
 * what the last flush did. Used by one thread.
 */
public final class NpyWriter implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 18;

    private final Path file;
    private final FileChannel channel;
    private final NpyHeader start;
    private final long rowBytes;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer;
    private final ByteBuffer pending;
    private long rows;
    private boolean failed;

    private NpyWriter(Path file, FileChannel channel, NpyHeader start) throws IOException {
        this.file = file;
        this.channel = channel;
        this.start = start;
        this.rowBytes = start.rowBytes();
        this.rows = start.rows();
        this.buffer = arena.allocate(BUFFER_BYTES, Long.BYTES);
        this.pending = buffer.asByteBuffer();
        channel.position(start.dataOffset() + rows * rowBytes);
    }

    /**
     * Begins a file; one that is there is replaced.
     *
     * @param row dimensions of a row: none for a list of numbers, the number of columns for a table
     */
    public static NpyWriter create(Path file, NpyType type, long... row) throws IOException {
        NpyHeader header = header(type, row);
        FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.READ, StandardOpenOption.WRITE);
        return started(file, channel, header, true);
    }

    /**
     * Goes on with a file that {@link #create} began, behind the rows that its header states; what follows them was not confirmed and is cut off.
     *
     * @throws DataException when it is no such file, is of another type or row, or is shorter than its header says
     */
    public static NpyWriter resume(Path file, NpyType type, long... row) throws IOException {
        NpyHeader wanted = header(type, row);
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        boolean good = false;
        try {
            NpyHeader found = readHeader(file, channel);
            if (found.dataOffset() != NpyHeader.WRITTEN_BYTES) {
                throw new DataException(file, "another program wrote it, so its header cannot be rewritten", "name another file or begin it anew");
            }
            if (!found.withRows(0).equals(wanted)) {
                throw new DataException(
                        file,
                        "it holds " + found.type().descriptor() + " of shape " + Npy.text(found.shape()) + ", which rows of " + type.descriptor() + " "
                                + Npy.text(wanted.shape().subList(1, wanted.shape().size())) + " cannot continue",
                        "name another file or begin it anew");
            }
            long whole = (channel.size() - found.dataOffset()) / found.rowBytes();
            if (whole < found.rows()) {
                throw new DataException(file, "it holds " + whole + " rows where its header states " + found.rows(), "it is damaged, begin it anew");
            }
            channel.truncate(found.dataOffset() + found.rows() * found.rowBytes());
            good = true;
            return started(file, channel, found, false);
        } finally {
            if (!good) {
                channel.close();
            }
        }
    }

    private static NpyWriter started(Path file, FileChannel channel, NpyHeader header, boolean fresh) throws IOException {
        boolean good = false;
        try {
            NpyWriter writer = new NpyWriter(file, channel, header);
            if (fresh) {
                writer.writeHeader();
            }
            good = true;
            return writer;
        } finally {
            if (!good) {
                channel.close();
                if (fresh) {
                    Files.delete(file); // without a whole header nothing can go on with it
                }
            }
        }
    }

    private static NpyHeader header(NpyType type, long... row) {
        List<Long> shape = new ArrayList<>(List.of(0L));
        for (long size : row) {
            if (size < 1) {
                throw new IllegalArgumentException("a row has " + size + " columns; give at least 1");
            }
            shape.add(size);
        }
        return new NpyHeader(type, shape, NpyHeader.WRITTEN_BYTES);
    }

    private static NpyHeader readHeader(Path file, FileChannel channel) throws IOException {
        ByteBuffer begin = ByteBuffer.allocate((int) Math.min(channel.size(), NpyHeader.LARGEST));
        while (begin.hasRemaining() && channel.read(begin, begin.position()) >= 0) {
            // read on
        }
        return NpyHeader.parse(file, begin.flip());
    }

    /** Rows written so far, those of an earlier run included. */
    public long rows() {
        return rows;
    }

    /**
     * Appends one or more whole rows.
     *
     * @param values elements in C order, little-endian, in native or heap memory
     */
    public void append(MemorySegment values) throws IOException {
        long count = wholeRows(values.byteSize());
        for (long at = 0; at < values.byteSize(); ) {
            if (!pending.hasRemaining()) {
                drain();
            }
            long part = Math.min(pending.remaining(), values.byteSize() - at);
            MemorySegment.copy(values, at, buffer, pending.position(), part);
            pending.position(pending.position() + (int) part);
            at += part;
        }
        rows += count;
    }

    /** Appends one or more whole rows of an f32 array. */
    public void append(float... values) throws IOException {
        if (start.type() != NpyType.F32) {
            throw new IllegalArgumentException(file + " holds " + start.type().descriptor() + ", so it takes no floats");
        }
        long count = wholeRows((long) values.length * Float.BYTES);
        for (float value : values) {
            if (pending.remaining() < Float.BYTES) {
                drain();
            }
            buffer.set(Npy.FLOAT, pending.position(), value);
            pending.position(pending.position() + Float.BYTES);
        }
        rows += count;
    }

    private long wholeRows(long bytes) {
        if (bytes % rowBytes != 0) {
            throw new IllegalArgumentException(bytes + " bytes are no whole rows of " + rowBytes + " bytes for " + file);
        }
        return bytes / rowBytes;
    }

    private void drain() throws IOException {
        onDisk(() -> {
            AtomicFile.writeFully(channel, pending.flip());
            pending.clear();
        });
    }

    private interface Write {
        void run() throws IOException;
    }

    /** What a failed write left behind the confirmed rows is unknown, so nothing may be confirmed after it. */
    private void onDisk(Write write) throws FileWriteException {
        if (failed) {
            throw new IllegalStateException(file + " takes no more rows after a write that failed; close it and go on with it anew");
        }
        failed = true;
        try {
            write.run();
        } catch (IOException e) {
            throw new FileWriteException(file, e);
        }
        failed = false;
    }

    /** Makes all rows so far durable and states them in the header. Waits for the disk. */
    public void flush() throws IOException {
        drain();
        onDisk(() -> channel.force(true));
        writeHeader();
        onDisk(() -> channel.force(true));
    }

    private void writeHeader() throws IOException {
        ByteBuffer header = ByteBuffer.wrap(start.withRows(rows).toBytes());
        onDisk(() -> {
            while (header.hasRemaining()) {
                channel.write(header, header.position());
            }
        });
    }

    /** Flushes, unless a write has failed, and closes the file: now it is whole. Closing twice is harmless. */
    @Override
    public void close() throws IOException {
        if (!channel.isOpen()) {
            return;
        }
        try (channel; arena) {
            if (!failed) {
                flush();
            }
        }
    }
}
