package org.angulus.train;

import java.util.HashMap;
import java.util.Map;
import org.angulus.model.ConvGeometry;
import org.angulus.model.ConvLayer;
import org.angulus.model.Layer;
import org.angulus.model.Network;
import org.angulus.model.PoolLayer;
import org.angulus.model.TensorSpec;
import org.angulus.model.Weights;

/** The softmax loss of a network of convolutions and poolings in double, by the formulas alone. Activations are (C,H,W), tensors as in files. */
final class LeNetReference {
    final Map<String, double[]> tensors = new HashMap<>();
    private final Network network;

    LeNetReference(Network network, Weights weights) {
        this.network = network;
        for (TensorSpec spec : weights.specs()) {
            float[] values = weights.get(spec);
            var doubles = new double[values.length];
            for (int i = 0; i < values.length; i++) {
                doubles[i] = values[i];
            }
            tensors.put(spec.name(), doubles);
        }
    }

    /** Mean over pictures of one grey channel. */
    double loss(byte[] grey, int[] labels) {
        int pixels = grey.length / labels.length;
        double sum = 0;
        for (int i = 0; i < labels.length; i++) {
            var x = new double[pixels];
            for (int p = 0; p < pixels; p++) {
                x[p] = (Byte.toUnsignedInt(grey[i * pixels + p]) - 127.5) / 128;
            }
            sum += loss(embed(x), labels[i]);
        }
        return sum / labels.length;
    }

    double[] embed(double[] x) {
        for (Layer layer : network.layers()) {
            x = switch (layer) {
                case ConvLayer conv -> convolved(conv, x);
                case PoolLayer pool -> pooled(pool, x);
                default -> throw new IllegalArgumentException("no formula here for " + layer);
            };
        }
        return x;
    }

    private double loss(double[] x, int label) {
        double[] w = tensors.get("head.weight");
        double[] b = tensors.get("head.bias");
        double sum = 0;
        double target = 0;
        for (int j = 0; j < b.length; j++) {
            double z = b[j];
            for (int d = 0; d < x.length; d++) {
                z += w[j * x.length + d] * x[d];
            }
            sum += Math.exp(z);
            target = j == label ? z : target;
        }
        return Math.log(sum) - target;
    }

    private double[] convolved(ConvLayer layer, double[] x) {
        ConvGeometry g = layer.geometry();
        double[] w = tensors.get(layer.weight().name());
        double[] bias = tensors.get(layer.bias().name());
        double[] slope = layer.slope() == null ? null : tensors.get(layer.slope().name());
        var y = new double[g.k() * g.p() * g.q()];
        for (int k = 0; k < g.k(); k++) {
            for (int p = 0; p < g.p(); p++) {
                for (int q = 0; q < g.q(); q++) {
                    double v = bias[k] + window(g, w, k, x, p - g.padTop(), q - g.padLeft());
                    y[(k * g.p() + p) * g.q() + q] = slope == null || v > 0 ? v : slope[k] * v;
                }
            }
        }
        return y;
    }

    private static double window(ConvGeometry g, double[] w, int k, double[] x, int top, int left) {
        double sum = 0;
        for (int c = 0; c < g.c(); c++) {
            for (int r = Math.max(0, -top); r < Math.min(g.r(), g.h() - top); r++) {
                for (int s = Math.max(0, -left); s < Math.min(g.s(), g.w() - left); s++) {
                    sum += w[((k * g.c() + c) * g.r() + r) * g.s() + s] * x[(c * g.h() + top + r) * g.w() + left + s];
                }
            }
        }
        return sum;
    }

    private static double[] pooled(PoolLayer pool, double[] x) {
        var y = new double[(int) pool.outputCount()];
        for (int i = 0; i < y.length; i++) {
            int top = i / pool.q() % pool.p() * pool.stride();
            int left = i % pool.q() * pool.stride();
            int plane = i / pool.q() / pool.p() * pool.h();
            y[i] = Double.NEGATIVE_INFINITY;
            for (int h = top; h < Math.min(top + pool.window(), pool.h()); h++) {
                for (int w = left; w < Math.min(left + pool.window(), pool.w()); w++) {
                    y[i] = Math.max(y[i], x[(plane + h) * pool.w() + w]);
                }
            }
        }
        return y;
    }
}
