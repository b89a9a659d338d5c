package org.angulus.bench;

import org.angulus.device.Conv2dShape;

/**
 * A convolution to be timed.
 *
 * @param name what it is called
 * @param count how often the network has it
 * @param shape for one image
 */
record Problem(String name, int count, Conv2dShape shape) {
    /** Multiply-adds times two of one image, in any direction. */
    double flopPerImage() {
        return 2.0 * shape.outputs() * shape.r() * shape.s() * shape.c();
    }
}
