package org.angulus.bench;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.angulus.model.SafeTensorsWriter;

/**
 * PyTorch compiled, batch norm folded and weights frozen ({@code tools/peers/torch_embed.py}): a process of its own that computes when a line comes in
 * and otherwise waits for one. Its time holds the conversion of pixels, as ours does, and the way of the answer through a pipe. The environment's
 * {@code PYTHON} names a Python with torch and numpy.
 */
final class PyTorchEngine implements EmbeddingEngine {
    private final EmbeddingProblem problem;
    private final Path model;
    private final Path crops;
    private final Process process;
    private final DataInputStream answers;

    PyTorchEngine(EmbeddingProblem problem, int threads) {
        this.problem = problem;
        String python = System.getenv("PYTHON");
        if (python == null) {
            throw new IllegalStateException("The engine pytorch needs a Python with torch and numpy; name it, as in PYTHON=venv/bin/python.");
        }
        try {
            model = Files.createTempFile("resface20", ".safetensors");
            crops = Files.createTempFile("crops", ".u8");
            var writer = new SafeTensorsWriter();
            problem.weights().addTo(writer, "");
            writer.write(model);
            Files.write(crops, problem.crops());
            Path script = DjlEngine.placeOfThisJar().resolve("../../tools/peers/torch_embed.py").normalize();
            process = new ProcessBuilder(python, script.toString(), model.toString(), crops.toString(), "--batch", "" + problem.batch(), "--threads", "" + threads)
                    .redirectError(Redirect.INHERIT)
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException("PyTorch could not be started by '" + python + "': " + e.getMessage(), e);
        }
        answers = new DataInputStream(process.getInputStream());
    }

    @Override
    public float[][] embed() {
        var bytes = new byte[Float.BYTES * problem.batch() * problem.config().embeddingSize()];
        try {
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
            answers.readFully(bytes);
        } catch (EOFException e) {
            throw new IllegalStateException("PyTorch ended without an answer; what it said stands above.", e);
        } catch (IOException e) {
            throw new UncheckedIOException("PyTorch's process gives no answer: " + e.getMessage(), e);
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
            Files.deleteIfExists(model);
            Files.deleteIfExists(crops);
        } catch (IOException e) {
            throw new UncheckedIOException("A temporary file could not be deleted: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
