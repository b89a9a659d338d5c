package org.angulus.device;

/** The three directions of a convolution as sums: x (N,H,W,C), w (K,R,S,C), y (N,P,Q,K). */
final class ConvolutionReference {
    private ConvolutionReference() {
    }

    /** Called for every product x[input] * w[filter] that belongs to y[output]. */
    private interface Product {
        void of(int output, int input, int filter);
    }

    private static void each(Conv2dShape z, Product product) {
        int outputs = 0;
        for (int n = 0; n < z.n(); n++) {
            for (int p = 0; p < z.p(); p++) {
                for (int q = 0; q < z.q(); q++) {
                    for (int k = 0; k < z.k(); k++, outputs++) {
                        for (int r = 0; r < z.r(); r++) {
                            int h = p * z.strideH() - z.padTop() + r;
                            if (h < 0 || h >= z.h()) {
                                continue;
                            }
                            for (int s = 0; s < z.s(); s++) {
                                int w = q * z.strideW() - z.padLeft() + s;
                                if (w < 0 || w >= z.w()) {
                                    continue;
                                }
                                int input = ((n * z.h() + h) * z.w() + w) * z.c();
                                int filter = ((k * z.r() + r) * z.s() + s) * z.c();
                                for (int c = 0; c < z.c(); c++) {
                                    product.of(outputs, input + c, filter + c);
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    static Expected forward(Conv2dShape z, double[] x, double[] w) {
        Expected y = new Expected((int) z.outputs(), (long) z.r() * z.s() * z.c());
        each(z, (output, input, filter) -> y.add(output, x[input] * w[filter]));
        return y;
    }

    static Expected backwardInput(Conv2dShape z, double[] dy, double[] w) {
        Expected dx = new Expected((int) z.inputs(), (long) z.r() * z.s() * z.k());
        each(z, (output, input, filter) -> dx.add(input, dy[output] * w[filter]));
        return dx;
    }

    static Expected backwardWeight(Conv2dShape z, double[] x, double[] dy) {
        Expected dw = new Expected((int) z.weights(), (long) z.n() * z.p() * z.q());
        each(z, (output, input, filter) -> dw.add(filter, dy[output] * x[input]));
        return dw;
    }

    /** bias, PReLU and residual in their order; null where not. */
    static Expected epilogue(Expected conv, double[] bias, double[] slope, double[] residual) {
        Expected y = new Expected(conv.value.clone(), conv.magnitude.clone(), conv.length + 3);
        for (int i = 0; i < y.value.length; i++) {
            if (bias != null) {
                y.add(i, bias[i % bias.length]);
            }
            if (slope != null && !(y.value[i] > 0)) {
                y.value[i] *= slope[i % slope.length];
            }
            if (residual != null) {
                y.add(i, residual[i]);
            }
        }
        return y;
    }
}
