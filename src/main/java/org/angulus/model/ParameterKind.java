package org.angulus.model;

/** What a tensor is for: weight decay and the factor of the learning rate are set by kind. */
public enum ParameterKind {
    CONV,
    FC,
    /** Class vectors. */
    HEAD,
    PRELU,
    BN_GAMMA,
    BN_BETA,
    /** Of a convolution, the FC or the class layer. */
    BIAS,
    /** The learnt s of a head: never decays, the head gives its rate. */
    SCALE,
    /** Running mean or variance of batch norm: no parameter, never updated by an optimizer. */
    STATISTICS
}
