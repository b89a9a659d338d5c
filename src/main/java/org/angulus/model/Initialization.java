package org.angulus.model;

/** How stage convolutions, the FC and the class vectors start. */
public enum Initialization {
    /** Uniform of variance 2 / (fan in + fan out); residual convolutions truncated normal 0.01 (at 2 sigma); class vectors normal. */
    TENSORFLOW,
    /** Uniform of variance 1 / fan in, the class vectors as well; residual convolutions normal 0.01. */
    CAFFE
}
