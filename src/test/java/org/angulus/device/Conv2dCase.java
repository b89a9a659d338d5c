package org.angulus.device;

import java.util.List;

/** Shapes of convolutions. The name says what is hit; channel counts, sizes, pads and strides go through their values pairwise. */
record Conv2dCase(String name, int n, int h, int w, int c, int k, int r, int s, int strideH, int strideW, int top, int bottom, int left, int right) {
    static Conv2dCase square(String name, int n, int h, int w, int c, int k, int size, int stride, int pad) {
        return new Conv2dCase(name, n, h, w, c, k, size, size, stride, stride, pad, pad, pad, pad);
    }

    static final List<Conv2dCase> ALL = List.of(
            square("one number", 1, 1, 1, 1, 1, 1, 1, 0),
            square("one window", 2, 3, 3, 3, 10, 3, 1, 0),
            square("network's first layer", 2, 16, 12, 3, 64, 3, 2, 1),
            square("residual layer", 1, 7, 6, 64, 64, 3, 1, 1),
            square("stage layer", 2, 8, 6, 28, 64, 3, 2, 1),
            new Conv2dCase("pads of stride 2 after the end only", 2, 8, 6, 8, 16, 3, 3, 2, 2, 0, 1, 0, 1),
            new Conv2dCase("four different pads", 1, 6, 9, 5, 7, 4, 3, 1, 2, 3, 1, 0, 2),
            new Conv2dCase("strides of their own", 3, 11, 8, 4, 9, 3, 2, 3, 1, 1, 0, 1, 1),
            square("1x1", 3, 5, 7, 10, 28, 1, 1, 0),
            square("1x1 with stride 2", 2, 7, 5, 16, 15, 1, 2, 0),
            square("linear", 3, 1, 1, 64, 33, 1, 1, 0),
            new Conv2dCase("whole picture in one window", 3, 7, 6, 16, 17, 7, 6, 1, 1, 0, 0, 0, 0),
            square("2x2 cells", 2, 9, 9, 10, 16, 2, 1, 0),
            square("5x5", 1, 10, 9, 1, 8, 5, 1, 2),
            square("7x7 with stride 2", 1, 13, 11, 3, 12, 7, 2, 3),
            square("panel less one channel", 1, 5, 5, 15, 31, 3, 1, 1),
            square("panel and one channel", 1, 5, 5, 17, 33, 3, 1, 1),
            square("slot less one", 1, 4, 5, 63, 9, 3, 1, 1),
            square("slot and one", 1, 4, 5, 65, 9, 3, 1, 1),
            square("two slots and three", 1, 3, 4, 131, 6, 3, 1, 1),
            square("many output channels", 1, 3, 3, 8, 130, 3, 1, 1),
            square("one row of pixels less than a tile", 1, 3, 13, 8, 32, 3, 1, 1),
            square("one row of pixels more than a tile", 1, 3, 15, 8, 32, 3, 1, 1),
            square("two tiles and three pixels", 1, 2, 31, 3, 16, 3, 1, 1),
            square("a row per picture", 5, 1, 6, 6, 6, 1, 1, 0),
            new Conv2dCase("strides beyond the filter", 2, 12, 9, 3, 20, 2, 2, 5, 3, 0, 1, 1, 0),
            new Conv2dCase("strides whose product leaves an int", 1, 3, 4, 2, 3, 2, 2, 50_000, 50_001, 1, 1, 0, 1),
            square("several pieces", 3, 14, 12, 32, 48, 3, 1, 1),
            square("filters beyond a tensor-core tile", 1, 3, 3, 8, 136, 3, 1, 1),
            square("pixels beyond a tensor-core tile", 3, 8, 7, 8, 16, 3, 1, 1),
            square("a depth cut into pieces", 1, 2, 2, 64, 8, 3, 1, 1),
            square("tensor-core tiles of each class of stride 2", 11, 7, 9, 16, 24, 3, 2, 1),
            square("1x1 with stride 2, channels in eights", 2, 7, 5, 16, 8, 1, 2, 0),
            square("wgmma: windows over pictures and pieces", 3, 4, 3, 64, 64, 3, 1, 1),
            square("wgmma: pixels beyond a tile", 3, 10, 9, 64, 64, 1, 1, 0),
            square("wgmma: tiles that a block walks", 5, 14, 15, 64, 16, 1, 1, 0),
            square("wgmma: two blocks of channels, filters beyond a tile", 1, 3, 2, 128, 136, 3, 1, 1),
            square("wgmma: 256 filters", 2, 6, 7, 64, 256, 1, 1, 0),
            square("wgmma: 256 channels", 2, 6, 7, 256, 64, 1, 1, 0),
            square("wgmma: stride 2", 2, 5, 7, 64, 64, 2, 2, 1),
            new Conv2dCase("wgmma: four different pads", 2, 5, 4, 64, 64, 2, 3, 1, 1, 1, 0, 2, 1),
            square("pixels cut into pieces", 5, 11, 10, 8, 8, 3, 1, 1),
            square("slots: a block and one channel, stride 2", 2, 9, 11, 33, 40, 3, 2, 1),
            square("slots: rows cut into pieces, the last with fewer", 1, 33, 31, 34, 33, 3, 1, 1),
            square("slots: pictures that share a piece", 70, 3, 3, 16, 8, 3, 1, 1),
            square("slots: two panels of a piece", 40, 17, 16, 4, 40, 3, 1, 1),
            square("Winograd weights beyond 3 MiB", 5, 14, 12, 160, 192, 3, 1, 1),
            square("Winograd with 2x2 outputs and weights beyond 3 MiB", 1, 14, 11, 224, 232, 3, 1, 1),
            square("Winograd with 5x5 filters, a last tile of one row", 2, 13, 12, 32, 48, 5, 1, 2),
            square("Winograd with 5x5 filters, without padding", 3, 12, 11, 17, 33, 5, 1, 0),
            square("Winograd with 5x5 filters, weights beyond 3 MiB", 3, 10, 8, 160, 192, 5, 1, 2));

    Conv2dShape shape(Type type) {
        return new Conv2dShape(n, h, w, c, k, r, s, strideH, strideW, top, bottom, left, right, type);
    }

    /** Floating-point operations of one direction. */
    double work() {
        Conv2dShape z = shape(Type.F32);
        return 2.0 * z.outputs() * r * s * c;
    }

    @Override
    public String toString() {
        return name + " (" + n + "x" + h + "x" + w + "x" + c + " to " + k + ", " + r + "x" + s + ")";
    }
}
