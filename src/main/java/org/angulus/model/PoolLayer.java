package org.angulus.model;

import org.angulus.device.MaxPoolShape;
import org.angulus.device.Type;

/**
 * Max pooling of one image: input (H, W, C), output (P, Q, C).
 *
 * @param window side of the square window
 * @param stride in both directions
 * @param padBottom rows of -infinity below
 * @param padRight columns of -infinity on the right
 */
public record PoolLayer(int h, int w, int c, int window, int stride, int padBottom, int padRight) implements Layer {
    /** With so much padding that the last rows and columns count, as Caffe pools. */
    static PoolLayer ceil(int h, int w, int c, int window, int stride) {
        MaxPoolShape shape = MaxPoolShape.ceil(1, h, w, c, window, stride, Type.F32);
        return new PoolLayer(h, w, c, window, stride, shape.padBottom(), shape.padRight());
    }

    /** The pooling of N images as the device names it. */
    MaxPoolShape shape(int n, Type type) {
        return new MaxPoolShape(n, h, w, c, window, stride, padBottom, padRight, type);
    }

    /** Output rows. */
    public int p() {
        return shape(1, Type.F32).p();
    }

    /** Output columns. */
    public int q() {
        return shape(1, Type.F32).q();
    }

    long inputCount() {
        return (long) h * w * c;
    }

    @Override
    public long outputCount() {
        return (long) p() * q() * c;
    }
}
