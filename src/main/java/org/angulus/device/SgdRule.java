package org.angulus.device;

/**
 * Gradient descent with momentum; g holds the decay (coupled).
 *
 * @param momentum mu, 0 to below 1
 * @param convention where the learning rate enters
 * @param nesterov TORCH only: {@code w -= lr (g + mu v)}
 */
public record SgdRule(float momentum, Convention convention, boolean nesterov) {
    /** The two readings of momentum, which differ right after each change of the learning rate. */
    public enum Convention {
        /** {@code v = mu v + g, w -= lr v}. */
        TORCH,
        /** {@code v = mu v + lr g, w -= v}. */
        CAFFE
    }
}
