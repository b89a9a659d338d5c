package org.angulus.model;

import org.angulus.model.ConvLayer.BatchNormConstants;
import org.angulus.model.ConvLayer.BatchNormTensors;
import org.angulus.model.ConvLayer.Role;

/** The layers of a {@link ResFaceConfig} in order, and the names, shapes and starts of their tensors. */
public final class ResFace extends Network {
    /** Channels of a picture. */
    public static final int INPUT_CHANNELS = 3;

    private static final double RESIDUAL_SIGMA = 0.01;

    private final ResFaceConfig config;
    private final BatchNormConstants normConstants;

    public ResFace(ResFaceConfig config) {
        super(config);
        this.config = config;
        normConstants = new BatchNormConstants(config.epsilon(), config.decay(), config.unbiasedVariance());
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
            add(new DropoutLayer((long) h * w * c, config.keep()));
        }
        addLinear(h * w, c);
    }

    private void addConv(ConvGeometry g, String prefix, String number, Role role) {
        boolean stage = role == Role.PLAIN;
        Start start = stage ? xavier(g.r() * g.s() * g.c(), g.r() * g.s() * g.k()) : residualStart();
        TensorSpec weight = TensorSpec.filter(prefix + ".conv" + number + ".weight", g.k(), g.c(), g.r(), g.s(), start);
        boolean article = config.variant() == Variant.ARTICLE;
        TensorSpec bias = article || !stage ? null : bias(prefix + ".conv" + number + ".bias", g.k());
        BatchNormTensors norm = article ? BatchNormTensors.of(prefix + ".bn" + number, g.k(), normConstants) : null;
        TensorSpec slope = slope(prefix + ".prelu" + number + ".weight", g.k());
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
                article ? BatchNormTensors.of("fc_bn", d, normConstants) : null,
                null,
                Role.PLAIN));
    }

    private Start residualStart() {
        return config.initialization() == Initialization.CAFFE ? Start.normal(RESIDUAL_SIGMA) : Start.truncatedNormal(RESIDUAL_SIGMA);
    }
}
