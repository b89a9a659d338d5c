package org.angulus.bench;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.angulus.model.ConvGeometry;
import org.angulus.model.ConvLayer;
import org.angulus.model.ConvLayer.BatchNormTensors;
import org.angulus.model.ConvLayer.Role;
import org.angulus.model.ResFace;
import org.angulus.model.Weights;

/**
 * PyTorch under DJL, eager, the network put together from NDArray ops: batch norm folded, the scaled input made beforehand. DJL's PyTorch engine
 * has no PReLU, so it is max(x, a x), which is the same for slopes a of at most 1 and the cheapest there is: two passes.
 */
final class DjlEngine implements EmbeddingEngine {
    private final NDManager manager;
    private final NDArray images;
    private final List<Step> steps = new ArrayList<>();

    /**
     * One layer.
     *
     * @param w (K, C, R, S), or (D, C P Q) of the FC
     * @param bias (K)
     * @param slope (1, K, 1, 1), or null
     */
    private record Step(ConvLayer layer, NDArray w, NDArray bias, NDArray slope) {}

    DjlEngine(EmbeddingProblem problem, int threads) {
        setUp();
        manager = Engine.getEngine("PyTorch").newBaseManager(Device.cpu());
        JniUtils.setNumThreads(threads);
        float[] scaled = problem.planes();
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] = (scaled[i] - 127.5f) / 128;
        }
        images = manager.create(scaled, new Shape(problem.batch(), ResFace.INPUT_CHANNELS, problem.config().height(), problem.config().width()));
        for (ConvLayer layer : problem.convolutions()) {
            steps.add(step(layer, problem.weights(), problem.config().epsilon()));
        }
    }

    /** No network, no report of use; the unpacked libraries lie beside the jar. */
    private static void setUp() {
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        if (System.getenv("DJL_CACHE_DIR") == null && System.getProperty("DJL_CACHE_DIR") == null) {
            System.setProperty("DJL_CACHE_DIR", placeOfThisJar().resolve("djl").toString());
        }
    }

    /** The folder {@code bench/target}. */
    static Path placeOfThisJar() {
        try {
            return Path.of(DjlEngine.class.getProtectionDomain().getCodeSource().getLocation().toURI()).getParent();
        } catch (URISyntaxException e) {
            throw new IllegalStateException("The place of the benchmarks' jar is no path: " + e.getMessage(), e);
        }
    }

    private Step step(ConvLayer layer, Weights weights, double epsilon) {
        ConvGeometry g = layer.geometry();
        BatchNormTensors norm = layer.norm();
        if (norm == null || layer.bias() != null) {
            throw new IllegalArgumentException("The layer " + layer.weight().name() + " has no batch norm; this engine runs the article variant only.");
        }
        float[] filter = weights.get(layer.weight()).clone();
        var shift = new float[g.k()];
        int row = filter.length / g.k();
        for (int k = 0; k < g.k(); k++) {
            double factor = weights.get(norm.gamma())[k] / Math.sqrt(weights.get(norm.variance())[k] + epsilon);
            shift[k] = (float) (weights.get(norm.beta())[k] - factor * weights.get(norm.mean())[k]);
            for (int i = k * row; i < (k + 1) * row; i++) {
                filter[i] = (float) (factor * filter[i]);
            }
        }
        long[] shape = layer.weight().shape().stream().mapToLong(Integer::longValue).toArray();
        return new Step(layer, manager.create(filter, new Shape(shape)), manager.create(shift), slope(layer, weights));
    }

    private NDArray slope(ConvLayer layer, Weights weights) {
        if (layer.slope() == null) {
            return null;
        }
        float[] slope = weights.get(layer.slope());
        for (float a : slope) {
            if (!(a <= 1)) {
                throw new IllegalArgumentException("A slope of " + layer.slope().name() + " is " + a + "; max(x, a x) is a PReLU up to 1 only.");
            }
        }
        return manager.create(slope, new Shape(1, slope.length, 1, 1));
    }

    @Override
    public float[][] embed() {
        try (NDManager scope = manager.newSubManager()) {
            NDArray x = images.duplicate();
            x.attach(scope);
            NDArray blockInput = null;
            for (Step step : steps) {
                Role role = step.layer().role();
                blockInput = role == Role.FIRST_OF_BLOCK ? x : blockInput;
                NDArray before = x;
                x = run(step, x);
                if (role == Role.LAST_OF_BLOCK) {
                    x = x.addi(blockInput);
                    blockInput.close();
                }
                if (role != Role.FIRST_OF_BLOCK) {
                    before.close();
                }
            }
            return rows(x);
        }
    }

    /** All that it makes on the way is freed at once, as PyTorch's own users have it. */
    private static NDArray run(Step step, NDArray x) {
        ConvGeometry g = step.layer().geometry();
        if (step.slope() == null) {
            try (NDArray flat = x.reshape(x.getShape().get(0), g.c())) {
                return flat.getNDArrayInternal().linear(flat, step.w(), step.bias()).singletonOrThrow();
            }
        }
        boolean even = g.padTop() == g.padBottom() && g.padLeft() == g.padRight();
        NDArray padded = even ? x : x.pad(new Shape(g.padLeft(), g.padRight(), g.padTop(), g.padBottom()), 0);
        Shape padding = even ? new Shape(g.padTop(), g.padLeft()) : new Shape(0, 0);
        NDArray y = padded.getNDArrayInternal()
                .convolution(padded, step.w(), step.bias(), new Shape(g.stride(), g.stride()), padding, new Shape(1, 1), 1)
                .singletonOrThrow();
        if (!even) {
            padded.close();
        }
        try (y; NDArray steep = y.mul(step.slope())) {
            return y.maximum(steep);
        }
    }

    private static float[][] rows(NDArray embeddings) {
        float[] all = embeddings.toFloatArray();
        int d = Math.toIntExact(embeddings.getShape().get(1));
        var rows = new float[all.length / d][d];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(all, i * d, rows[i], 0, d);
        }
        return rows;
    }

    @Override
    public void close() {
        manager.close();
    }
}
