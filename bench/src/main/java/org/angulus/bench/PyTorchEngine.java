package org.angulus.bench;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.angulus.device.Type;
import org.angulus.model.SafeTensorsWriter;

/**
 * PyTorch compiled, batch norm folded and weights frozen ({@code tools/peers/torch_embed.py}): a process of its own that computes when a line comes in
 * and otherwise waits for one. Its time holds the conversion of pixels, as ours does, and the way of the answer through a pipe.
 */
final class PyTorchEngine implements EmbeddingEngine {
    private static final String MODEL = "resface20.safetensors";
    private static final String CROPS = "crops.u8";

    private final EmbeddingProblem problem;
    private final Path folder;
    private final Process process;
    private final DataInputStream answers;

    /** @param python a Python with torch and numpy */
    PyTorchEngine(EmbeddingProblem problem, String python, int threads, Type precision) {
        this.problem = problem;
        if (python.isEmpty()) {
            throw new IllegalArgumentException("The engine pytorch needs a Python with torch and numpy; name it with --python.");
        }
        try {
            folder = Files.createTempDirectory("angulus-pytorch");
        } catch (IOException e) {
            throw new UncheckedIOException("No temporary folder could be made: " + e.getMessage(), e);
        }
        try {
            process = start(python, threads, precision);
        } catch (IOException e) {
            deleteFiles();
            throw new UncheckedIOException("PyTorch could not be started by '" + python + "': " + e.getMessage(), e);
        }
        answers = new DataInputStream(process.getInputStream());
    }

    private Process start(String python, int threads, Type precision) throws IOException {
        Path model = folder.resolve(MODEL);
        Path crops = folder.resolve(CROPS);
        var writer = new SafeTensorsWriter();
        problem.weights().addTo(writer, "");
        writer.write(model);
        Files.write(crops, problem.crops());
        Path script = DjlEngine.placeOfThisJar().resolve("../../tools/peers/torch_embed.py").normalize();
        return new ProcessBuilder(python, script.toString(), model.toString(), crops.toString(), "--batch", "" + problem.batch(), "--threads", "" + threads,
                        "--dtype", precision.words())
                .redirectError(Redirect.INHERIT)
                .start();
    }

    @Override
    public float[][] embed() {
        var bytes = new byte[Float.BYTES * problem.batch() * problem.config().embeddingSize()];
        try {
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
            answers.readFully(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("PyTorch ended without an answer; what it said stands above.", e);
        }
        var floats = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        var rows = new float[problem.batch()][problem.config().embeddingSize()];
        for (float[] row : rows) {
            floats.get(row);
        }
        return rows;
    }

    /** Ends the process, which nothing is lost by. */
    @Override
    public void close() {
        process.destroy();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        deleteFiles();
    }

    private void deleteFiles() {
        try {
            Files.deleteIfExists(folder.resolve(MODEL));
            Files.deleteIfExists(folder.resolve(CROPS));
            Files.delete(folder);
        } catch (IOException e) {
            throw new UncheckedIOException("A temporary file could not be deleted: " + e.getMessage(), e);
        }
    }
}
