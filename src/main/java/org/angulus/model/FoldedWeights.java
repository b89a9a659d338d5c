package org.angulus.model;

import java.util.ArrayList;
import java.util.List;
import org.angulus.model.ConvLayer.BatchNormTensors;

/**
 * The weights of a network that no longer trains: every batch norm is multiplied into the convolution before it, in double precision. With g =
 * gamma / sqrt(variance + epsilon) a filter row k becomes g_k w_k, its bias beta_k - g_k mean_k.
 */
final class FoldedWeights {
    private final FlatLayout layout = new FlatLayout();
    private final Weights weights = Weights.draw(List.of(), 0);
    private final List<Folded> layers = new ArrayList<>();

    /**
     * What is left of a {@link ConvLayer}.
     *
     * @param bias null: none
     * @param slope null: none
     */
    record Folded(ConvLayer layer, TensorSpec weight, TensorSpec bias, TensorSpec slope) {}

    FoldedWeights(Network network, Weights trained) {
        for (Layer layer : network.layers()) {
            if (layer instanceof ConvLayer conv) {
                fold(conv, trained);
            }
        }
        weights.specs().forEach(layout::add);
    }

    private void fold(ConvLayer conv, Weights trained) {
        float[] filter = trained.get(conv.weight());
        TensorSpec bias = conv.bias();
        if (conv.norm() == null) {
            weights.put(conv.weight(), filter);
            if (bias != null) {
                weights.put(bias, trained.get(bias));
            }
        } else {
            BatchNormTensors norm = conv.norm();
            bias = TensorSpec.vector(conv.weight().name() + ".folded_bias", ParameterKind.BIAS, conv.geometry().k(), Start.constant(0));
            float[] gamma = trained.get(norm.gamma());
            float[] beta = trained.get(norm.beta());
            float[] mean = trained.get(norm.mean());
            float[] variance = trained.get(norm.variance());
            var scaled = new float[filter.length];
            var shift = new float[gamma.length];
            int row = filter.length / gamma.length;
            for (int k = 0; k < gamma.length; k++) {
                double factor = gamma[k] / Math.sqrt(variance[k] + norm.constants().epsilon());
                shift[k] = (float) (beta[k] - factor * mean[k]);
                for (int i = k * row; i < (k + 1) * row; i++) {
                    scaled[i] = (float) (factor * filter[i]);
                }
            }
            weights.put(conv.weight(), scaled);
            weights.put(bias, shift);
        }
        if (conv.slope() != null) {
            weights.put(conv.slope(), trained.get(conv.slope()));
        }
        layers.add(new Folded(conv, conv.weight(), bias, conv.slope()));
    }

    /** The convolutions in order. */
    List<Folded> layers() {
        return layers;
    }

    /** A tensor in file order. */
    float[] values(TensorSpec spec) {
        return weights.get(spec);
    }

    /** Where each tensor lies. */
    FlatLayout layout() {
        return layout;
    }

    /** All tensors in memory order. */
    float[] toMemory() {
        return weights.toMemory(layout);
    }
}
