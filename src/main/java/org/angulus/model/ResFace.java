package org.angulus.model;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.angulus.device.Conv2dShape;
import org.angulus.device.Type;
import org.angulus.model.ConvLayer.BatchNormTensors;
import org.angulus.model.ConvLayer.Role;

/** The layers of a {@link ResFaceConfig} in order, and the names, shapes and starts of their tensors. */
public final class ResFace {
    /** Channels of a picture. */
    public static final int INPUT_CHANNELS = 3;

    /** The part of a network that has no layer. */
    public static final String NOTHING = "none";

    private static final String TRUNK = "trunk";
    private static final String PROJECTION = "fc";
    private static final double RESIDUAL_SIGMA = 0.01;
    private static final double PRELU_SLOPE = 0.25;

    private final ResFaceConfig config;
    private final List<Layer> layers = new ArrayList<>();
    private final FlatLayout statistics = new FlatLayout();
    private final List<TensorSpec> parameters = new ArrayList<>();

    public ResFace(ResFaceConfig config) {
        this.config = config;
        int h = config.height();
        int w = config.width();
        int c = INPUT_CHANNELS;
        for (int stage = 1; stage <= 4; stage++) {
            String name = "stage" + stage;
            int k = config.widths().get(stage - 1);
            ConvGeometry geometry = ConvGeometry.stage(h, w, c, k, config.padding());
            addConv(geometry, name, "", Role.PLAIN);
            h = geometry.p();
            w = geometry.q();
            c = k;
            for (int block = 1; block <= config.blocks().get(stage - 1); block++) {
                addConv(ConvGeometry.residual(h, w, c), name + ".block" + block, "1", Role.FIRST_OF_BLOCK);
                addConv(ConvGeometry.residual(h, w, c), name + ".block" + block, "2", Role.LAST_OF_BLOCK);
            }
        }
        if (config.keep() < 1) {
            layers.add(new DropoutLayer((long) h * w * c, config.keep()));
        }
        addLinear(h * w, c);
    }

    public ResFaceConfig config() {
        return config;
    }

    public List<Layer> layers() {
        return List.copyOf(layers);
    }

    /** All trained tensors, in the order of the layers. */
    public List<TensorSpec> parameters() {
        return List.copyOf(parameters);
    }

    /**
     * Names of the parts up to which {@link #layersThrough} counts: {@code none}; {@code stage1} to {@code stage4} and their blocks; {@code trunk}: all but
     * the last projection; {@code fc}: all.
     */
    public List<String> parts() {
        var names = new ArrayList<String>();
        names.add(NOTHING);
        for (int stage = 1; stage <= config.blocks().size(); stage++) {
            names.add("stage" + stage);
            for (int block = 1; block <= config.blocks().get(stage - 1); block++) {
                names.add("stage" + stage + ".block" + block);
            }
        }
        names.addAll(List.of(TRUNK, PROJECTION));
        return names;
    }

    /**
     * The number of layers from the input on up to the end of a part.
     *
     * @param part one of {@link #parts}
     * @throws IllegalArgumentException with one sentence, when there is no such part
     */
    public int layersThrough(String part) {
        if (!parts().contains(part)) {
            throw new IllegalArgumentException("the network has no part '" + Printable.of(part) + "'" + NearestNames.hint(part, parts())
                    + "; its parts are " + String.join(", ", parts()) + ".");
        }
        if (part.equals(NOTHING)) {
            return 0;
        }
        String prefix = (part.equals(TRUNK) ? "stage" + config.blocks().size() : part) + ".";
        int last = layers.size() - 1;
        while (!(layers.get(last) instanceof ConvLayer conv && conv.weight().name().startsWith(prefix))) {
            last--;
        }
        return last + 1;
    }

    /** Trained tensors of the layers from number {@code layer} on: the last ones of {@link #parameters}. */
    public List<TensorSpec> parametersFrom(int layer) {
        return layers.subList(layer, layers.size()).stream().flatMap(one -> one instanceof ConvLayer conv ? conv.parameters().stream() : Stream.empty()).toList();
    }

    /** Where the running statistics of the layers from number {@code layer} on begin in {@link #statistics}; its count where they have none. */
    public long statisticsFrom(int layer) {
        return layers.subList(layer, layers.size()).stream()
                .filter(one -> one instanceof ConvLayer conv && conv.norm() != null)
                .mapToLong(one -> statistics.offset(((ConvLayer) one).norm().mean()))
                .findFirst()
                .orElse(statistics.count());
    }

    /** Running mean and variance of every batch norm, a pair each. */
    public FlatLayout statistics() {
        return statistics;
    }

    /** All that a model file holds: the trained tensors and the running statistics. */
    public List<TensorSpec> modelTensors() {
        return Stream.concat(parameters.stream(), statistics.entries().stream().map(FlatLayout.Entry::spec)).toList();
    }

    /** The convolutions of {@code n} images in the order of the layers, in f32; the FC is one of 1x1. */
    public List<Conv2dShape> convolutions(int n) {
        return layers.stream().filter(ConvLayer.class::isInstance).map(layer -> ModelPlan.shape(((ConvLayer) layer).geometry(), n, Type.F32)).toList();
    }

    /** Multiply-adds of one image going forward. */
    public long multiplyAdds() {
        long sum = 0;
        for (Layer layer : layers) {
            sum += layer instanceof ConvLayer conv ? conv.geometry().multiplyAdds() : 0;
        }
        return sum;
    }

    private void addConv(ConvGeometry g, String prefix, String number, Role role) {
        boolean stage = role == Role.PLAIN;
        Start start = stage ? xavier(g.r() * g.s() * g.c(), g.r() * g.s() * g.k()) : residualStart();
        TensorSpec weight = TensorSpec.filter(prefix + ".conv" + number + ".weight", g.k(), g.c(), g.r(), g.s(), start);
        boolean article = config.variant() == Variant.ARTICLE;
        TensorSpec bias = article || !stage ? null : bias(prefix + ".conv" + number + ".bias", g.k());
        BatchNormTensors norm = article ? BatchNormTensors.of(prefix + ".bn" + number, g.k()) : null;
        TensorSpec slope =
                TensorSpec.vector(prefix + ".prelu" + number + ".weight", ParameterKind.PRELU, g.k(), Start.constant(PRELU_SLOPE));
        add(new ConvLayer(g, weight, bias, norm, slope, role));
    }

    private void addLinear(int positions, int channels) {
        int d = config.embeddingSize();
        TensorSpec weight = TensorSpec.linear("fc.weight", d, channels, positions, xavier(positions * channels, d));
        boolean article = config.variant() == Variant.ARTICLE;
        add(new ConvLayer(
                ConvGeometry.linear(positions * channels, d),
                weight,
                article ? null : bias("fc.bias", d),
                article ? BatchNormTensors.of("fc_bn", d) : null,
                null,
                Role.PLAIN));
    }

    private void add(ConvLayer layer) {
        layers.add(layer);
        parameters.addAll(layer.parameters());
        if (layer.norm() != null) {
            statistics.add(layer.norm().mean());
            statistics.addDense(layer.norm().variance());
        }
    }

    private static TensorSpec bias(String name, int count) {
        return TensorSpec.vector(name, ParameterKind.BIAS, count, Start.constant(0));
    }

    private Start xavier(int fanIn, int fanOut) {
        return config.initialization() == Initialization.CAFFE
                ? Start.uniformOfVariance(1.0 / fanIn)
                : Start.uniformOfVariance(2.0 / ((double) fanIn + fanOut));
    }

    private Start residualStart() {
        return config.initialization() == Initialization.CAFFE ? Start.normal(RESIDUAL_SIGMA) : Start.truncatedNormal(RESIDUAL_SIGMA);
    }
}
