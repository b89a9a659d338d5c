package org.angulus.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.angulus.data.JsonText;
import org.angulus.data.NpyType;
import org.angulus.data.NpyWriter;
import org.angulus.data.TextFile;
import org.angulus.model.AtomicFile;
import org.angulus.model.FileWriteException;

/**
 * The folder that {@code angulus embed} fills: {@code embeddings.npy}, f32 (N, D), {@code paths.txt} with a line for each row, {@code failed.txt} with
 * row, path and reason of each row without an embedding, and {@code embed.json}, which says what they were made with. Rows are confirmed in the order
 * failed.txt, embeddings.npy, so that a run that was killed goes on behind the last confirmed row.
 */
final class EmbedFolder implements AutoCloseable {
    static final String EMBEDDINGS = "embeddings.npy";
    static final String PATHS = "paths.txt";
    static final String FAILED = "failed.txt";
    private static final String SETTINGS = "embed.json";
    private static final Gson JSON = new GsonBuilder().setPrettyPrinting().serializeNulls().disableHtmlEscaping().create();

    /**
     * What decides the bytes of the result.
     *
     * @param model checksum of the model file
     * @param paths CRC-32C of paths.txt
     * @param device kind and instruction set
     */
    record Settings(String model, String paths, int pictures, int embeddingSize, String flip, String framing, int batch, String device) {}

    private final Path root;
    private final NpyWriter rows;
    private final FileChannel failed;
    private final float[] none;
    private final long begun;
    private long failures;

    private EmbedFolder(Path root, int embeddingSize, boolean resume) throws IOException {
        this.root = root;
        this.none = new float[embeddingSize];
        Arrays.fill(none, Float.NaN);
        this.rows = resume
                ? NpyWriter.resume(root.resolve(EMBEDDINGS), NpyType.F32, embeddingSize)
                : NpyWriter.create(root.resolve(EMBEDDINGS), NpyType.F32, embeddingSize);
        this.begun = rows.rows();
        boolean opened = false;
        try {
            List<String> kept = resume && Files.isRegularFile(failedFile()) ? confirmed(failedFile(), begun) : List.of();
            this.failures = kept.size();
            this.failed = FileChannel.open(failedFile(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            failed.truncate(kept.stream().mapToLong(line -> line.length() + 1L).sum());
            failed.position(failed.size());
            opened = true;
        } finally {
            if (!opened) {
                rows.close();
            }
        }
    }

    private Path failedFile() {
        return root.resolve(FAILED);
    }

    /** The lines about rows before {@code begun}. What a kill left behind them may be cut anywhere, within a character too. */
    private static List<String> confirmed(Path file, long begun) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).lines().takeWhile(line -> row(line) < begun).toList();
    }

    /** The row a line of failed.txt is about. */
    private static long row(String line) {
        int tab = line.indexOf('\t');
        return tab > 0 && line.substring(0, tab).matches("[0-9]{1,12}") ? Long.parseLong(line.substring(0, tab)) : Long.MAX_VALUE;
    }

    /**
     * Begins a folder, or goes on with one that was begun with the same settings.
     *
     * @param paths the lines of paths.txt
     * @param restart forget what is there
     */
    static EmbedFolder open(Path root, Settings settings, byte[] paths, boolean restart) throws IOException {
        Files.createDirectories(root);
        Path embeddings = root.resolve(EMBEDDINGS);
        Settings found = restart ? null : read(root.resolve(SETTINGS));
        if (found != null) {
            requireSame(root, found, settings);
            AtomicFile.removeLeftovers(root);
            boolean begun = Files.exists(embeddings) && Files.size(embeddings) > 0;
            return new EmbedFolder(root, settings.embeddingSize(), begun);
        }
        if (!restart && Files.exists(embeddings)) {
            throw new CommandFailure(ExitCode.FAILED, root + " holds an " + EMBEDDINGS + " that this command did not begin; name another folder, or add --restart");
        }
        Files.deleteIfExists(root.resolve(SETTINGS));
        Files.deleteIfExists(embeddings);
        AtomicFile.write(root.resolve(PATHS), paths);
        AtomicFile.write(root.resolve(SETTINGS), JSON.toJson(settings) + "\n");
        return new EmbedFolder(root, settings.embeddingSize(), false);
    }

    private static Settings read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return null;
        }
        try {
            return Objects.requireNonNull(JSON.fromJson(JsonText.parse(TextFile.read(file)), Settings.class));
        } catch (JsonParseException | IllegalArgumentException | NullPointerException e) {
            throw new CommandFailure(ExitCode.FAILED, file + " is not what this command wrote; name another folder, or add --restart");
        }
    }

    private static void requireSame(Path root, Settings found, Settings wanted) throws IOException {
        String difference = !Objects.equals(found.model(), wanted.model()) ? "another model (checksum " + found.model() + ")"
                : !Objects.equals(found.paths(), wanted.paths()) ? "another list of pictures (" + found.pictures() + " of them)"
                : !Objects.equals(found.flip(), wanted.flip()) ? "--flip " + found.flip()
                : !Objects.equals(found.framing(), wanted.framing()) ? "another framing (" + found.framing() + ")"
                : found.batch() != wanted.batch() ? "--batch " + found.batch()
                : !Objects.equals(found.device(), wanted.device()) ? "another device (" + found.device() + ")"
                : null;
        if (difference != null) {
            throw new CommandFailure(ExitCode.FAILED, root + " was begun with " + difference + "; name another folder, or add --restart to begin it anew");
        }
    }

    static String checksum(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return String.format("%08x", crc.getValue());
    }

    /** Rows that were there on opening. */
    long begun() {
        return begun;
    }

    /** Rows so far. */
    long count() {
        return rows.rows();
    }

    /** Rows without an embedding so far. */
    long failures() {
        return failures;
    }

    void append(float[] embedding) throws IOException {
        rows.append(embedding);
    }

    /** Keeps the place of a picture that has no embedding: a row of NaN, which is like no other. */
    void appendFailure(String path, String reason) throws IOException {
        String line = rows.rows() + "\t" + path + "\t" + reason.replaceAll("\\R", " ") + "\n";
        onFailedFile(() -> AtomicFile.writeFully(failed, ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8))));
        failures++;
        rows.append(none);
    }

    /** Makes all rows so far durable. */
    void flush() throws IOException {
        onFailedFile(() -> failed.force(true));
        rows.flush();
    }

    private interface Write {
        void run() throws IOException;
    }

    private void onFailedFile(Write write) throws FileWriteException {
        try {
            write.run();
        } catch (IOException e) {
            throw new FileWriteException(failedFile(), e);
        }
    }

    /** Keeps what is there; without failures there is no failed.txt. */
    @Override
    public void close() throws IOException {
        try (rows; failed) {
            flush();
        }
        if (failures == 0) {
            Files.deleteIfExists(failedFile());
        }
    }
}
