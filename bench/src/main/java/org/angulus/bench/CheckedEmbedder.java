package org.angulus.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.angulus.Embedder;
import org.angulus.EmbedderOptions;
import org.angulus.Embedding;
import org.angulus.image.RgbImage;
import org.angulus.model.InputFormat;
import org.angulus.model.ModelMetadata;

/** Opens {@link Embedder}s of a problem's network whose answers were compared with ONNX Runtime's: of one call, and of as many callers as crops. */
final class CheckedEmbedder {
    private CheckedEmbedder() {}

    static Embedder open(EmbeddingProblem problem, EmbedderOptions options) throws IOException {
        float[][] expected;
        try (EmbeddingEngine judge = new OnnxRuntimeEngine(problem, Devices.threads(options.threads()))) {
            expected = Arrays.stream(judge.embed()).map(row -> Embedding.of(row).toArray()).toArray(float[][]::new);
        }
        Path file = Files.createTempFile("angulus-bench", ".safetensors");
        Embedder embedder;
        try {
            problem.weights().save(file, new ModelMetadata(problem.config(), InputFormat.DEFAULT, "none", 1, "drawn weights", "none"));
            embedder = Embedder.open(file, options);
        } finally {
            Files.delete(file);
        }
        boolean agreed = false;
        try {
            List<RgbImage> crops = problem.pictures();
            Agreement.require("Embedder against ONNX Runtime", rows(embedder.embedCrops(crops)), expected);
            Agreement.require("Embedder with " + crops.size() + " callers against ONNX Runtime", rows(atOnce(embedder, crops)), expected);
            agreed = true;
            return embedder;
        } finally {
            if (!agreed) {
                embedder.close();
            }
        }
    }

    /** One caller for each crop. */
    private static List<Embedding> atOnce(Embedder embedder, List<RgbImage> crops) {
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Embedding>> waiting = new ArrayList<>();
            for (RgbImage crop : crops) {
                Callable<Embedding> call = () -> embedder.embedCrop(crop);
                waiting.add(callers.submit(call));
            }
            List<Embedding> embeddings = new ArrayList<>();
            for (Future<Embedding> call : waiting) {
                embeddings.add(call.get());
            }
            return embeddings;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static float[][] rows(List<Embedding> embeddings) {
        return embeddings.stream().map(Embedding::toArray).toArray(float[][]::new);
    }
}
