package org.angulus.model;

/** Which family a ResFace belongs to. Weights of the two cannot be exchanged. */
public enum Variant {
    /** Convolution, batch norm, PReLU; no biases; batch norm after the FC. */
    ARTICLE,
    /** Convolution (with a bias in the stage convolutions and the FC), PReLU; no batch norm. */
    CAFFE
}
