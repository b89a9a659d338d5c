package org.angulus.device;

/**
 * Max pooling of x (N,H,W,C) to y (N,P,Q,C), P = (H + padBottom - window) / stride + 1, Q alike.
 *
 * @param window side of the square window, 1 to 15
 * @param stride in both directions
 * @param padBottom rows of -infinity below, 0 up to the window - 1
 * @param padRight columns of -infinity on the right, 0 up to the window - 1
 */
public record MaxPoolShape(int n, int h, int w, int c, int window, int stride, int padBottom, int padRight, Type type) {
    /** With so much padding that the last rows and columns count, as Caffe's ceil mode has it. */
    public static MaxPoolShape ceil(int n, int h, int w, int c, int window, int stride, Type type) {
        return new MaxPoolShape(n, h, w, c, window, stride, missing(h, window, stride), missing(w, window, stride), type);
    }

    private static int missing(int size, int window, int stride) {
        return size < window ? window - size : Math.min(window - 1, Math.floorMod(window - size, stride));
    }

    /** Rows of y. */
    public int p() {
        return (h + padBottom - window) / stride + 1;
    }

    /** Columns of y. */
    public int q() {
        return (w + padRight - window) / stride + 1;
    }

    /** Numbers of x. */
    public long inputs() {
        return (long) n * h * w * c;
    }

    /** Numbers of y. */
    public long outputs() {
        return (long) n * p() * q() * c;
    }
}
