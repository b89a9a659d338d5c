package org.angulus.train;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import org.angulus.model.FileWriteException;

/**
 * Writes a TensorBoard event file, {@code events.out.tfevents.<seconds>.<host>}, without TensorFlow: records
 * ({@link RecordStream}) whose payloads are Event messages of its event.proto and summary.proto, encoded by field number.
 *
 * <p>What is written reaches the file at {@link #flush}, at {@link #close}, and by itself with the first write that
 * comes {@link #FLUSH_EVERY} or more after the last flush. A write that fails, on a full disk say, closes the file: what
 * followed a cut record could not be read. Threads may share a writer. Needs protobuf-java, which is an optional
 * dependency of the jar.
 */
public final class TensorBoard implements AutoCloseable {
    /** The longest time that a written value waits for a later write to carry it to the file. */
    public static final Duration FLUSH_EVERY = Duration.ofSeconds(10);

    // Field numbers: Event, Summary, Summary.Value, Summary.Image.
    private static final int EVENT_WALL_TIME = 1;
    private static final int EVENT_STEP = 2;
    private static final int EVENT_FILE_VERSION = 3;
    private static final int EVENT_SUMMARY = 5;
    private static final int SUMMARY_VALUE = 1;
    private static final int VALUE_TAG = 1;
    private static final int VALUE_SIMPLE = 2;
    private static final int VALUE_IMAGE = 4;
    private static final int IMAGE_HEIGHT = 1;
    private static final int IMAGE_WIDTH = 2;
    private static final int IMAGE_COLORSPACE = 3;
    private static final int IMAGE_ENCODED = 4;

    private static final int RGB = 3;
    private static final long PNG_SIGNATURE = 0x89504e470d0a1a0aL;
    /** Signature, chunk length and the name IHDR precede the width and the height. */
    private static final int PNG_SIZE_OFFSET = 16;

    private final Path file;
    private final InstantSource clock;
    private final OutputStream out;
    private final RecordStream records;
    private Instant flushed;
    private boolean closed;

    private TensorBoard(Path file, InstantSource clock) throws IOException {
        this.file = file;
        this.clock = clock;
        this.flushed = clock.instant();
        this.out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW);
        this.records = new RecordStream(new BufferedOutputStream(out));
    }

    /**
     * Starts a new event file in a folder, which is made if it is missing. A resumed run simply opens the same folder
     * again: TensorBoard reads all event files of a folder as one run.
     */
    public static TensorBoard open(Path folder) throws IOException {
        return open(folder, InstantSource.system());
    }

    static TensorBoard open(Path folder, InstantSource clock) throws IOException {
        Files.createDirectories(folder);
        String name = "events.out.tfevents.%d.%s".formatted(clock.instant().getEpochSecond(), host());
        TensorBoard board = null;
        for (int run = 0; board == null; run++) {
            try {
                board = new TensorBoard(folder.resolve(run == 0 ? name : name + "." + run), clock);
            } catch (FileAlreadyExistsException taken) {
                continue; // another run began in the same second: the next number
            }
        }
        try {
            board.event(encode(out -> out.writeString(EVENT_FILE_VERSION, "brain.Event:2")));
            board.flush();
        } catch (IOException e) {
            Files.delete(board.file);
            throw e;
        }
        return board;
    }

    /** The event file. */
    public Path file() {
        return file;
    }

    /** Writes one number, rounded to float as the format has it. */
    public void scalar(String tag, long step, double value) throws IOException {
        scalars(step, Map.of(tag, value));
    }

    /** Writes several numbers of one step as one event. */
    public void scalars(long step, Map<String, Double> values) throws IOException {
        summary(step, out -> {
            for (Map.Entry<String, Double> value : values.entrySet()) {
                writeMessage(out, SUMMARY_VALUE, message -> {
                    message.writeString(VALUE_TAG, value.getKey());
                    message.writeFloat(VALUE_SIMPLE, value.getValue().floatValue());
                });
            }
        });
    }

    /**
     * Writes a picture.
     *
     * @param png a PNG file's bytes
     * @throws IllegalArgumentException when the bytes are not a PNG file
     */
    public void image(String tag, long step, byte[] png) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(png);
        if (png.length < PNG_SIZE_OFFSET + 2 * Integer.BYTES || bytes.getLong(0) != PNG_SIGNATURE) {
            throw new IllegalArgumentException("the picture '" + tag + "' is not a PNG file; encode it as PNG");
        }
        int width = bytes.getInt(PNG_SIZE_OFFSET);
        int height = bytes.getInt(PNG_SIZE_OFFSET + Integer.BYTES);
        summary(step, out -> writeMessage(out, SUMMARY_VALUE, value -> {
            value.writeString(VALUE_TAG, tag);
            writeMessage(value, VALUE_IMAGE, image -> {
                image.writeInt32(IMAGE_HEIGHT, height);
                image.writeInt32(IMAGE_WIDTH, width);
                image.writeInt32(IMAGE_COLORSPACE, RGB);
                image.writeByteArray(IMAGE_ENCODED, png);
            });
        }));
    }

    /** Hands everything written so far to the file. */
    public synchronized void flush() throws IOException {
        onDisk(records::flush);
        flushed = clock.instant();
    }

    /** Flushes and closes the file. Closing twice is harmless. */
    @Override
    public synchronized void close() throws IOException {
        if (!closed) {
            onDisk(records::flush);
            closed = true;
            out.close();
        }
    }

    private interface Write {
        void run() throws IOException;
    }

    private void onDisk(Write write) throws IOException {
        try {
            write.run();
        } catch (IOException e) {
            closed = true;
            out.close();
            throw new FileWriteException(file, e);
        }
    }

    private interface Message {
        void writeTo(CodedOutputStream out) throws IOException;
    }

    private void summary(long step, Message summary) throws IOException {
        event(encode(out -> {
            out.writeInt64(EVENT_STEP, step);
            writeMessage(out, EVENT_SUMMARY, summary);
        }));
    }

    private synchronized void event(byte[] fields) throws IOException {
        if (closed) {
            throw new IllegalStateException("the event file " + file + " is closed");
        }
        Instant now = clock.instant();
        double seconds = now.getEpochSecond() + now.getNano() / 1e9;
        byte[] event = encode(message -> {
            message.writeDouble(EVENT_WALL_TIME, seconds);
            message.writeRawBytes(fields);
        });
        onDisk(() -> records.write(event));
        if (Duration.between(flushed, now).compareTo(FLUSH_EVERY) >= 0) {
            flush();
        }
    }

    private static void writeMessage(CodedOutputStream out, int field, Message message) throws IOException {
        out.writeBytes(field, ByteString.copyFrom(encode(message)));
    }

    private static byte[] encode(Message message) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        message.writeTo(out);
        out.flush();
        return bytes.toByteArray();
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost"; // a machine without a name still trains
        }
    }
}
