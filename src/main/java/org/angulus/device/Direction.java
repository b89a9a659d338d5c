package org.angulus.device;

/** The three directions of a convolution. */
public enum Direction {
    /** y from x and w. */
    FORWARD(Op.CONV2D_FORWARD),
    /** dx from dy and w. */
    BACKWARD_INPUT(Op.CONV2D_BACKWARD_INPUT),
    /** dw from x and dy. */
    BACKWARD_WEIGHT(Op.CONV2D_BACKWARD_WEIGHT);

    private final Op op;

    Direction(Op op) {
        this.op = op;
    }

    /** The op whose kernels run this direction. */
    public Op op() {
        return op;
    }

    int code() {
        return ordinal();
    }
}
