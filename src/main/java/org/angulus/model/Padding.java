package org.angulus.model;

/** How a 3x3 convolution of stride 2 is padded. */
public enum Padding {
    /** SAME: 0 before and 1 after an even size, 1 and 1 around an odd one. */
    TENSORFLOW,
    /** 1 on all four sides. */
    CAFFE;

    int before(int size) {
        return this == CAFFE ? 1 : size % 2;
    }
}
