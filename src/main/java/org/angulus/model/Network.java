package org.angulus.model;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.angulus.device.Conv2dShape;
import org.angulus.device.Type;

/** The layers of a {@link NetworkConfig} in order, and the names, shapes and starts of their tensors. A family adds its layers while it is made. */
public abstract sealed class Network permits ResFace, LeNet {
    private final NetworkConfig config;
    private final List<Layer> layers = new ArrayList<>();
    private final FlatLayout statistics = new FlatLayout();
    private final List<TensorSpec> parameters = new ArrayList<>();

    Network(NetworkConfig config) {
        this.config = config;
    }

    /** What it was made from. */
    public final NetworkConfig config() {
        return config;
    }

    /** The layers in the order in which they run; the last one is a {@link ConvLayer}. */
    public final List<Layer> layers() {
        return List.copyOf(layers);
    }

    /** All trained tensors, in the order of the layers. */
    public final List<TensorSpec> parameters() {
        return List.copyOf(parameters);
    }

    /** Running mean and variance of every batch norm, a pair each. */
    public final FlatLayout statistics() {
        return statistics;
    }

    /** All that a model file holds: the trained tensors and the running statistics. */
    public final List<TensorSpec> modelTensors() {
        return Stream.concat(parameters.stream(), statistics.entries().stream().map(FlatLayout.Entry::spec)).toList();
    }

    /** The convolutions of {@code n} images in the order of the layers, in f32; the FC is one of 1x1. */
    public final List<Conv2dShape> convolutions(int n) {
        return layers.stream().filter(ConvLayer.class::isInstance).map(layer -> ModelPlan.shape(((ConvLayer) layer).geometry(), n, Type.F32)).toList();
    }

    /** Multiply-adds of one image going forward. */
    public final long multiplyAdds() {
        long sum = 0;
        for (Layer layer : layers) {
            sum += layer instanceof ConvLayer conv ? conv.geometry().multiplyAdds() : 0;
        }
        return sum;
    }

    final void add(Layer layer) {
        layers.add(layer);
        if (layer instanceof ConvLayer conv) {
            addTensors(conv);
        }
    }

    private void addTensors(ConvLayer layer) {
        parameters.add(layer.weight());
        if (layer.bias() != null) {
            parameters.add(layer.bias());
        }
        if (layer.norm() != null) {
            parameters.add(layer.norm().gamma());
            parameters.add(layer.norm().beta());
            statistics.add(layer.norm().mean());
            statistics.addDense(layer.norm().variance());
        }
        if (layer.slope() != null) {
            parameters.add(layer.slope());
        }
    }

    /** The bias of a layer, 0 at first. */
    static TensorSpec bias(String name, int count) {
        return TensorSpec.vector(name, ParameterKind.BIAS, count, Start.constant(0));
    }

    /** The slopes of a PReLU, 0.25 at first. */
    static TensorSpec slope(String name, int count) {
        return TensorSpec.vector(name, ParameterKind.PRELU, count, Start.constant(0.25));
    }

    /** Xavier's uniform start in the form that the configuration's initialization names. */
    final Start xavier(int fanIn, int fanOut) {
        return config.initialization() == Initialization.CAFFE
                ? Start.uniformOfVariance(1.0 / fanIn)
                : Start.uniformOfVariance(2.0 / ((double) fanIn + fanOut));
    }
}
