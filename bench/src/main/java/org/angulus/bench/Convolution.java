package org.angulus.bench;

import org.angulus.device.Conv2dShape;
import org.angulus.device.Direction;

/**
 * One element of a convolution computed in double precision from its formula, to judge a kernel's answer.
 *
 * @param shape of the convolution
 * @param direction what is computed
 * @param x (N,H,W,C), input of forward and of backward by weight
 * @param w (K,R,S,C), input of forward and of backward by input
 * @param y (N,P,Q,K), dy of both backward directions
 */
record Convolution(Conv2dShape shape, Direction direction, float[] x, float[] w, float[] y) {
    private static final double UNIT = 0x1p-24;

    /** Value of an element, and sum of the magnitudes of its terms. */
    record Element(double value, double magnitude, long terms) {
        /**
         * How far a kernel may be off: a sum of n terms errs by about sqrt(n) 2^-24 of their magnitudes (Higham, "Accuracy and Stability of
         * Numerical Algorithms", section 2.6), and Winograd's transforms lose about four times more.
         */
        double tolerance() {
            return 4 * (8 + 2 * Math.sqrt(terms)) * UNIT * magnitude + UNIT * Math.abs(value);
        }
    }

    /** The element at {@code index} of the output. */
    Element element(int index) {
        return switch (direction) {
            case FORWARD -> forward(index);
            case BACKWARD_INPUT -> backwardInput(index);
            case BACKWARD_WEIGHT -> backwardWeight(index);
        };
    }

    /** Elements of the output. */
    int outputs() {
        return Math.toIntExact(switch (direction) {
            case FORWARD -> shape.outputs();
            case BACKWARD_INPUT -> shape.inputs();
            case BACKWARD_WEIGHT -> shape.weights();
        });
    }

    /** y(n,p,q,k) = sum over r, s, c of x(n, p stride - top + r, q stride - left + s, c) w(k,r,s,c). */
    private Element forward(int index) {
        int k = index % shape.k();
        int q = index / shape.k() % shape.q();
        int p = index / shape.k() / shape.q() % shape.p();
        int n = index / shape.k() / shape.q() / shape.p();
        var sum = new Sum();
        for (int r = 0; r < shape.r(); r++) {
            for (int s = 0; s < shape.s(); s++) {
                int h = p * shape.strideH() - shape.padTop() + r;
                int column = q * shape.strideW() - shape.padLeft() + s;
                if (inside(h, column)) {
                    for (int c = 0; c < shape.c(); c++) {
                        sum.add(x[atX(n, h, column, c)], w[atW(k, r, s, c)]);
                    }
                }
            }
        }
        return sum.element();
    }

    /** dx(n,h,w,c) = sum over the (p, r), (q, s) that meet (h, w) and over k of dy(n,p,q,k) w(k,r,s,c). */
    private Element backwardInput(int index) {
        int c = index % shape.c();
        int column = index / shape.c() % shape.w();
        int h = index / shape.c() / shape.w() % shape.h();
        int n = index / shape.c() / shape.w() / shape.h();
        var sum = new Sum();
        for (int r = 0; r < shape.r(); r++) {
            for (int s = 0; s < shape.s(); s++) {
                int down = h + shape.padTop() - r;
                int across = column + shape.padLeft() - s;
                int p = Math.floorDiv(down, shape.strideH());
                int q = Math.floorDiv(across, shape.strideW());
                boolean met = p * shape.strideH() == down && q * shape.strideW() == across;
                if (met && p >= 0 && p < shape.p() && q >= 0 && q < shape.q()) {
                    for (int k = 0; k < shape.k(); k++) {
                        sum.add(y[atY(n, p, q, k)], w[atW(k, r, s, c)]);
                    }
                }
            }
        }
        return sum.element();
    }

    /** dw(k,r,s,c) = sum over n, p, q of dy(n,p,q,k) x(n, p stride - top + r, q stride - left + s, c). */
    private Element backwardWeight(int index) {
        int c = index % shape.c();
        int s = index / shape.c() % shape.s();
        int r = index / shape.c() / shape.s() % shape.r();
        int k = index / shape.c() / shape.s() / shape.r();
        var sum = new Sum();
        for (int n = 0; n < shape.n(); n++) {
            for (int p = 0; p < shape.p(); p++) {
                for (int q = 0; q < shape.q(); q++) {
                    int h = p * shape.strideH() - shape.padTop() + r;
                    int column = q * shape.strideW() - shape.padLeft() + s;
                    if (inside(h, column)) {
                        sum.add(y[atY(n, p, q, k)], x[atX(n, h, column, c)]);
                    }
                }
            }
        }
        return sum.element();
    }

    private boolean inside(int h, int column) {
        return h >= 0 && h < shape.h() && column >= 0 && column < shape.w();
    }

    private int atX(int n, int h, int column, int c) {
        return ((n * shape.h() + h) * shape.w() + column) * shape.c() + c;
    }

    private int atW(int k, int r, int s, int c) {
        return ((k * shape.r() + r) * shape.s() + s) * shape.c() + c;
    }

    private int atY(int n, int p, int q, int k) {
        return ((n * shape.p() + p) * shape.q() + q) * shape.k() + k;
    }

    /** Sum of products. */
    private static final class Sum {
        private double value;
        private double magnitude;
        private long terms;

        void add(double a, double b) {
            value += a * b;
            magnitude += Math.abs(a * b);
            terms++;
        }

        Element element() {
            return new Element(value, magnitude, terms);
        }
    }
}
