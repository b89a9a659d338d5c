package org.angulus.loss;

/** How the gradient passes a head's margin: phi'(c). */
public enum MarginGradient {
    /** The derivative of phi. */
    EXACT,
    /** phi' = 1, as the code behind the published ArcFace models has it (InsightFace, partial FC): the margin moves the logit and not the gradient. */
    DETACHED,
    /**
     * SphereFace only: as the authors' Caffe layer (Liu et al., CVPR 2017). The coefficients of w^_y and x in the margin's part of the embedding's gradient are
     * brought to length 1 together, and the class vectors' gradient knows no margin.
     */
    NORMALIZED
}
