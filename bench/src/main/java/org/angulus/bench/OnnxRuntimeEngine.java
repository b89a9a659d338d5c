package org.angulus.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.angulus.model.InputFormat;
import org.angulus.model.OnnxExport;
import org.angulus.model.ResFace;

/**
 * ONNX Runtime with all its optimizations, on the file that the library writes. Its input tensor is made beforehand, so that its time holds no
 * conversion of pixels; the answer is fetched as float[][] like ours.
 */
final class OnnxRuntimeEngine implements EmbeddingEngine {
    private final OrtSession session;
    private final OnnxTensor images;

    OnnxRuntimeEngine(EmbeddingProblem problem, int threads) {
        try {
            OrtEnvironment environment = OrtEnvironment.getEnvironment();
            Path file = Files.createTempFile("resface20", ".onnx");
            try (var options = new OrtSession.SessionOptions()) {
                OnnxExport.write(file, problem.config(), InputFormat.DEFAULT, problem.weights(), OnnxExport.Options.DEFAULT);
                options.setIntraOpNumThreads(threads);
                options.setInterOpNumThreads(1);
                options.addConfigEntry("session.intra_op.allow_spinning", "0");
                options.addConfigEntry("session.inter_op.allow_spinning", "0");
                options.setOptimizationLevel(OptLevel.ALL_OPT);
                session = environment.createSession(file.toString(), options);
            } finally {
                Files.delete(file);
            }
            long[] shape = {problem.batch(), ResFace.INPUT_CHANNELS, problem.config().height(), problem.config().width()};
            images = OnnxTensor.createTensor(environment, direct(problem.planes()), shape);
        } catch (OrtException e) {
            throw failure(e);
        } catch (IOException e) {
            throw new UncheckedIOException("The ONNX file could not be written: " + e.getMessage(), e);
        }
    }

    private static FloatBuffer direct(float[] values) {
        FloatBuffer buffer = ByteBuffer.allocateDirect(Float.BYTES * values.length).order(ByteOrder.nativeOrder()).asFloatBuffer();
        return buffer.put(values).rewind();
    }

    private static IllegalStateException failure(OrtException e) {
        return new IllegalStateException("ONNX Runtime failed: " + e.getMessage(), e);
    }

    @Override
    public float[][] embed() {
        try (OrtSession.Result result = session.run(Map.of("images", images))) {
            return (float[][]) result.get(0).getValue();
        } catch (OrtException e) {
            throw failure(e);
        }
    }

    @Override
    public void close() {
        images.close();
        try {
            session.close();
        } catch (OrtException e) {
            throw failure(e);
        }
    }
}
