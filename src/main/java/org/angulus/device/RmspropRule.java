package org.angulus.device;

/**
 * RMSProp (Tieleman and Hinton 2012): {@code s = decay s + (1 - decay) g^2}; g holds the weight decay (coupled).
 *
 * @param decay of the mean of squares, 0 to 1
 * @param momentum mu, 0 to 1
 * @param epsilon 0 or more
 * @param form where epsilon and the learning rate enter
 */
public record RmspropRule(float decay, float momentum, float epsilon, Form form) {
    /** Where epsilon and the learning rate enter. */
    public enum Form {
        /** {@code v = mu v + g / (sqrt(s) + eps), w -= lr v}. */
        TORCH,
        /** {@code v = mu v + lr g / sqrt(s + eps), w -= v}. */
        TENSORFLOW
    }
}
