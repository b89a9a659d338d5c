package org.angulus.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.angulus.model.ConvLayer.BatchNormTensors;

/**
 * The weights of a network that no longer trains: every batch norm is multiplied into the convolution before it, in double precision. With g =
 * gamma / sqrt(variance + epsilon) a filter row k becomes g_k w_k, its bias beta_k - g_k mean_k.
 */
final class FoldedWeights implements TensorRows {
    private final TensorRows trained;
    private final FlatLayout layout = new FlatLayout();
    private final List<Folded> layers = new ArrayList<>();
    /** By the names of their filters. */
    private final Map<String, double[]> factors = new HashMap<>();
    private final Weights biases = Weights.draw(List.of(), 0);

    /**
     * What is left of a {@link ConvLayer}.
     *
     * @param bias null: none
     * @param slope null: none
     */
    record Folded(ConvLayer layer, TensorSpec weight, TensorSpec bias, TensorSpec slope) {}

    /** @param trained is read again for each read of a filter */
    FoldedWeights(Network network, TensorRows trained) {
        this.trained = trained;
        for (Layer layer : network.layers()) {
            if (layer instanceof ConvLayer conv) {
                TensorSpec bias = conv.norm() == null ? conv.bias() : fold(conv);
                layers.add(new Folded(conv, conv.weight(), bias, conv.slope()));
                Stream.of(conv.weight(), bias, conv.slope()).filter(Objects::nonNull).forEach(layout::add);
            }
        }
    }

    /** Gives the bias. */
    private TensorSpec fold(ConvLayer conv) {
        BatchNormTensors norm = conv.norm();
        float[] gamma = trained.read(norm.gamma());
        float[] beta = trained.read(norm.beta());
        float[] mean = trained.read(norm.mean());
        float[] variance = trained.read(norm.variance());
        var factor = new double[gamma.length];
        var shift = new float[gamma.length];
        for (int k = 0; k < gamma.length; k++) {
            factor[k] = gamma[k] / Math.sqrt(variance[k] + norm.constants().epsilon());
            shift[k] = (float) (beta[k] - factor[k] * mean[k]);
        }
        factors.put(conv.weight().name(), factor);
        TensorSpec bias = TensorSpec.vector(conv.weight().name() + ".folded_bias", ParameterKind.BIAS, conv.geometry().k(), Start.constant(0));
        biases.put(bias, shift);
        return bias;
    }

    @Override
    public void read(TensorSpec spec, int first, int count, float[] elements) {
        (biases.has(spec) ? biases : trained).read(spec, first, count, elements);
        double[] factor = factors.get(spec.name());
        if (factor != null) {
            int row = spec.rowElements();
            for (int k = 0; k < count; k++) {
                for (int i = k * row; i < (k + 1) * row; i++) {
                    elements[i] = (float) (factor[first + k] * elements[i]);
                }
            }
        }
    }

    /** The convolutions in order. */
    List<Folded> layers() {
        return layers;
    }

    /** Where each tensor lies. */
    FlatLayout layout() {
        return layout;
    }
}
