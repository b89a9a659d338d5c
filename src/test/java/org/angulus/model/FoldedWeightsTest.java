package org.angulus.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.angulus.device.Device;
import org.angulus.model.ConvLayer.BatchNormTensors;
import org.angulus.model.FoldedWeights.Folded;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FoldedWeightsTest {
    private static final ResFaceConfig CONFIG =
            ResFaceConfig.of("resface10", Variant.ARTICLE).withWidths(List.of(8, 16, 16, 32)).withCrop(32, 24).withEmbeddingSize(16);

    @TempDir
    private Path folder;

    private static Weights weights() {
        Weights weights = Weights.draw(CONFIG.build().modelTensors(), 9);
        for (TensorSpec spec : weights.specs()) {
            float[] values = weights.get(spec);
            var random = new CounterRandom(4, spec.name());
            for (int i = 0; i < values.length; i++) {
                values[i] += (float) (0.1 * random.uniform(i));
            }
        }
        return weights;
    }

    /** The bits of the formula, of tensors that are read whole and row by row, from memory and from a file. */
    @Test
    void aFilterIsMultipliedInDoublePrecision() throws IOException {
        Weights trained = weights();
        Path file = save(trained);
        try (SafeTensors tensors = SafeTensors.open(file)) {
            var folded = new FoldedWeights(CONFIG.build(), trained);
            var fromFile = new FoldedWeights(CONFIG.build(), new WeightFile(tensors, CONFIG.build().modelTensors(), ""));
            for (Folded layer : folded.layers()) {
                BatchNormTensors norm = layer.layer().norm();
                float[] filter = trained.get(layer.weight());
                var expected = new float[filter.length];
                var bias = new float[layer.weight().rows()];
                int row = filter.length / bias.length;
                for (int k = 0; k < bias.length; k++) {
                    double factor = trained.get(norm.gamma())[k] / Math.sqrt(trained.get(norm.variance())[k] + norm.constants().epsilon());
                    bias[k] = (float) (trained.get(norm.beta())[k] - factor * trained.get(norm.mean())[k]);
                    for (int i = k * row; i < (k + 1) * row; i++) {
                        expected[i] = (float) (factor * filter[i]);
                    }
                }
                assertFalse(Arrays.equals(filter, expected), layer.weight().name());
                assertArrayEquals(expected, folded.read(layer.weight()), layer.weight().name());
                assertArrayEquals(bias, folded.read(layer.bias()), layer.bias().name());
                var one = new float[row];
                for (int k = 0; k < bias.length; k++) {
                    fromFile.read(layer.weight(), k, 1, one);
                    assertArrayEquals(Arrays.copyOfRange(expected, k * row, (k + 1) * row), one, layer.weight().name() + ", row " + k);
                }
            }
        }
    }

    /** Of several elements that are not finite, the first one of the network is named, and nothing stays taken. */
    @Test
    void aFileWithAnElementThatIsNotFiniteIsRefused() throws IOException {
        Weights damaged = weights();
        List<TensorSpec> filters = new FoldedWeights(CONFIG.build(), damaged).layers().stream().map(Folded::weight).toList();
        for (TensorSpec filter : filters.subList(2, filters.size())) {
            damaged.get(filter)[filter.rowElements() + 5] = Float.NaN;
        }
        Path file = save(damaged);
        try (Device device = Device.open("cpu")) {
            IOException refused = assertThrows(IOException.class, () -> EmbeddingNetwork.load(device, file, 1));
            assertEquals(file + ": the tensor '" + filters.get(2).name() + "' holds NaN at element " + (filters.get(2).rowElements() + 5)
                    + "; save the model again from weights that are finite.", refused.getMessage());
            assertEquals(0, device.info().allocatedBytes());
        }
    }

    private Path save(Weights weights) throws IOException {
        Path file = folder.resolve("model.safetensors");
        weights.save(file, new ModelMetadata(CONFIG, InputFormat.DEFAULT, "none", 1, "none", "none"));
        return file;
    }
}
