package org.angulus.model;

/**
 * A convolution of one image: input (H, W, C), filter (K, R, S, C), output (P, Q, K). A linear layer has H = W = R = S = 1.
 *
 * @param h input rows
 * @param w input columns
 * @param c input channels
 * @param k output channels
 * @param r filter rows
 * @param s filter columns
 * @param stride in both directions
 * @param padTop rows of zeros above
 * @param padBottom rows of zeros below
 * @param padLeft columns of zeros on the left
 * @param padRight columns of zeros on the right
 */
public record ConvGeometry(
        int h, int w, int c, int k, int r, int s, int stride, int padTop, int padBottom, int padLeft, int padRight) {
    /** 3x3 of stride 2. */
    static ConvGeometry stage(int h, int w, int c, int k, Padding padding) {
        return new ConvGeometry(h, w, c, k, 3, 3, 2, padding.before(h), 1, padding.before(w), 1);
    }

    /** 3x3 of stride 1, as large as its input. */
    static ConvGeometry residual(int h, int w, int c) {
        return same(h, w, c, c, 3);
    }

    /** A square filter of odd size and stride 1, the output as large as the input. */
    static ConvGeometry same(int h, int w, int c, int k, int filter) {
        int pad = filter / 2;
        return new ConvGeometry(h, w, c, k, filter, filter, 1, pad, pad, pad, pad);
    }

    static ConvGeometry linear(int c, int k) {
        return new ConvGeometry(1, 1, c, k, 1, 1, 1, 0, 0, 0, 0);
    }

    /** Output rows. */
    public int p() {
        return (h + padTop + padBottom - r) / stride + 1;
    }

    /** Output columns. */
    public int q() {
        return (w + padLeft + padRight - s) / stride + 1;
    }

    public long inputCount() {
        return (long) h * w * c;
    }

    public long outputCount() {
        return (long) p() * q() * k;
    }

    /** Multiply-adds of one image. */
    public long multiplyAdds() {
        return outputCount() * r * s * c;
    }
}
