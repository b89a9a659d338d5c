package org.angulus.device;

/**
 * The addresses of a convolution. A layer keeps one and sets what its plan needs; the rest stays 0. Every setter returns this.
 */
public final class Conv2dOperands {
    long x;
    long w;
    long y;
    long prepared;
    long workspace;
    long bias;
    long slope;
    long residual;
    long statistics;

    /** (N,H,W,C); dx, the output, in backward by input. */
    public Conv2dOperands x(long address) {
        x = address;
        return this;
    }

    /** (K,R,S,C); dw, the output, in backward by weight; not read when the plan has a prepared form. */
    public Conv2dOperands w(long address) {
        w = address;
        return this;
    }

    /** (N,P,Q,K); the output in forward, dy otherwise. */
    public Conv2dOperands y(long address) {
        y = address;
        return this;
    }

    /** {@link Conv2dPlan#preparedBytes} bytes, written by {@link Conv2dPlan#prepare}. */
    public Conv2dOperands prepared(long address) {
        prepared = address;
        return this;
    }

    /** {@link Conv2dPlan#workspaceBytes} bytes. */
    public Conv2dOperands workspace(long address) {
        workspace = address;
        return this;
    }

    /** (K), f32. */
    public Conv2dOperands bias(long address) {
        bias = address;
        return this;
    }

    /** (K), f32. */
    public Conv2dOperands slope(long address) {
        slope = address;
        return this;
    }

    /** Like the output; may be the output itself. */
    public Conv2dOperands residual(long address) {
        residual = address;
        return this;
    }

    /** (2,K), f32: mean, biased variance: output. */
    public Conv2dOperands statistics(long address) {
        statistics = address;
        return this;
    }
}
