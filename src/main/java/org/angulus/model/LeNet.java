package org.angulus.model;

import org.angulus.model.ConvLayer.Role;

/** The layers of a {@link LeNetConfig}: [5x5, PReLU] twice and 2x2 pooling in the first two stages, 3x3 pooling of stride 2 in the last; FC. */
public final class LeNet extends Network {
    private static final int FILTER = 5;

    public LeNet(LeNetConfig config) {
        super(config);
        int h = config.height();
        int w = config.width();
        int c = config.channels();
        for (int stage = 1; stage <= 3; stage++) {
            int k = config.widths().get(stage - 1);
            for (String number : new String[] {"1", "2"}) {
                addConv(ConvGeometry.same(h, w, c, k, FILTER), "stage" + stage, number);
                c = k;
            }
            PoolLayer pool = PoolLayer.ceil(h, w, c, stage < 3 ? 2 : 3, 2);
            add(pool);
            h = pool.p();
            w = pool.q();
        }
        int d = config.embeddingSize();
        TensorSpec weight = TensorSpec.linear("fc.weight", d, c, h * w, xavier(h * w * c, d));
        TensorSpec slope = config.featurePrelu() ? slope("fc_prelu.weight", d) : null;
        add(new ConvLayer(ConvGeometry.linear(h * w * c, d), weight, bias("fc.bias", d), null, slope, Role.PLAIN));
    }

    private void addConv(ConvGeometry g, String stage, String number) {
        TensorSpec weight = TensorSpec.filter(
                stage + ".conv" + number + ".weight", g.k(), g.c(), g.r(), g.s(), xavier(g.r() * g.s() * g.c(), g.r() * g.s() * g.k()));
        TensorSpec bias = bias(stage + ".conv" + number + ".bias", g.k());
        add(new ConvLayer(g, weight, bias, null, slope(stage + ".prelu" + number + ".weight", g.k()), Role.PLAIN));
    }
}
