package org.angulus.device;

/**
 * A convolution: x (N,H,W,C), w (K,R,S,C), y (N,P,Q,K). A linear layer has H = W = R = S = 1.
 *
 * @param n images
 * @param h input rows
 * @param w input columns
 * @param c input channels
 * @param k output channels
 * @param r filter rows
 * @param s filter columns
 * @param strideH rows from one output row to the next
 * @param strideW columns from one output column to the next
 * @param padTop rows of zeros above the input, 0 to r - 1; the other three alike
 * @param padBottom rows of zeros below
 * @param padLeft columns of zeros on the left
 * @param padRight columns of zeros on the right
 * @param type how x, y and a residual are stored; w and its gradient are f32 always, and with BF16 each weight is rounded to bf16 before it is multiplied
 */
public record Conv2dShape(int n, int h, int w, int c, int k, int r, int s, int strideH, int strideW,
                          int padTop, int padBottom, int padLeft, int padRight, Type type) {
    /** A square filter with one stride and the same pad on all four sides. */
    public static Conv2dShape square(int n, int h, int w, int c, int k, int size, int stride, int pad, Type type) {
        return new Conv2dShape(n, h, w, c, k, size, size, stride, stride, pad, pad, pad, pad, type);
    }

    /** A fully connected layer from c to k numbers: y (N,K) = x (N,C) w^T (C,K). */
    public static Conv2dShape linear(int n, int c, int k, Type type) {
        return new Conv2dShape(n, 1, 1, c, k, 1, 1, 1, 1, 0, 0, 0, 0, type);
    }

    /** Output rows. */
    public int p() {
        return Math.floorDiv(h + padTop + padBottom - r, strideH) + 1;
    }

    /** Output columns. */
    public int q() {
        return Math.floorDiv(w + padLeft + padRight - s, strideW) + 1;
    }

    /** Elements of x (N,H,W,C). */
    public long inputs() {
        return (long) n * h * w * c;
    }

    /** Elements of w (K,R,S,C). */
    public long weights() {
        return (long) k * r * s * c;
    }

    /** Elements of y (N,P,Q,K). */
    public long outputs() {
        return (long) n * p() * q() * k;
    }

    /** The same layer for another number of images. */
    public Conv2dShape withN(int images) {
        return new Conv2dShape(images, h, w, c, k, r, s, strideH, strideW, padTop, padBottom, padLeft, padRight, type);
    }

    /** The same layer on activations that are stored in another type. */
    public Conv2dShape withType(Type other) {
        return new Conv2dShape(n, h, w, c, k, r, s, strideH, strideW, padTop, padBottom, padLeft, padRight, other);
    }
}
