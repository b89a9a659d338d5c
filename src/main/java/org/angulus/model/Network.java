package org.angulus.model;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.stream.Stream;
import org.angulus.device.Conv2dShape;
import org.angulus.device.Type;

/** The layers of a {@link NetworkConfig} in order, and the names, shapes and starts of their tensors. A family adds its layers while it is made. */
public abstract sealed class Network permits ResFace, LeNet {
    /** The part of a network that has no layer. */
    public static final String NOTHING = "none";

    private static final String STAGE = "stage";
    private static final String TRUNK = "trunk";
    private static final String PROJECTION = "fc";

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

    /**
     * Names of the parts up to which {@link #layersThrough} counts: {@code none}; the stages, {@code stage1} and so on, and their blocks; {@code trunk}: all
     * but the last projection; {@code fc}: all.
     */
    public final List<String> parts() {
        var names = new LinkedHashSet<String>();
        names.add(NOTHING);
        convolutions().map(conv -> conv.weight().name()).filter(name -> name.startsWith(STAGE)).forEach(name -> {
            String[] words = name.split("\\.");
            names.add(words[0]);
            if (words[1].startsWith("block")) {
                names.add(words[0] + "." + words[1]);
            }
        });
        names.addAll(List.of(TRUNK, PROJECTION));
        return List.copyOf(names);
    }

    /**
     * The number of layers from the input on up to the last convolution of a part.
     *
     * @param part one of {@link #parts}
     * @throws IllegalArgumentException with one sentence, when there is no such part
     */
    public final int layersThrough(String part) {
        if (!parts().contains(part)) {
            throw new IllegalArgumentException("the network has no part '" + Printable.of(part) + "'" + NearestNames.hint(part, parts())
                    + "; its parts are " + String.join(", ", parts()) + ".");
        }
        if (part.equals(NOTHING)) {
            return 0;
        }
        String prefix = part.equals(TRUNK) ? STAGE : part + ".";
        int last = layers.size() - 1;
        while (!(layers.get(last) instanceof ConvLayer conv && conv.weight().name().startsWith(prefix))) {
            last--;
        }
        return last + 1;
    }

    /** Trained tensors of the layers from number {@code layer} on: the last ones of {@link #parameters}. */
    public final List<TensorSpec> parametersFrom(int layer) {
        return layers.subList(layer, layers.size()).stream().flatMap(one -> one instanceof ConvLayer conv ? conv.parameters().stream() : Stream.empty()).toList();
    }

    /** Where the running statistics of the layers from number {@code layer} on begin in {@link #statistics}; its count where they have none. */
    public final long statisticsFrom(int layer) {
        return layers.subList(layer, layers.size()).stream()
                .filter(one -> one instanceof ConvLayer conv && conv.norm() != null)
                .mapToLong(one -> statistics.offset(((ConvLayer) one).norm().mean()))
                .findFirst()
                .orElse(statistics.count());
    }

    /** All that a model file holds: the trained tensors and the running statistics. */
    public final List<TensorSpec> modelTensors() {
        return Stream.concat(parameters.stream(), statistics.entries().stream().map(FlatLayout.Entry::spec)).toList();
    }

    /** The convolutions of {@code n} images in the order of the layers, in f32; the FC is one of 1x1. */
    public final List<Conv2dShape> convolutions(int n) {
        return convolutions().map(conv -> ModelPlan.shape(conv.geometry(), n, Type.F32)).toList();
    }

    private Stream<ConvLayer> convolutions() {
        return layers.stream().filter(ConvLayer.class::isInstance).map(ConvLayer.class::cast);
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
        parameters.addAll(layer.parameters());
        if (layer.norm() != null) {
            statistics.add(layer.norm().mean());
            statistics.addDense(layer.norm().variance());
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
