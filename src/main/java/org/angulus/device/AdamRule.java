package org.angulus.device;

/**
 * Adam (Kingma and Ba 2015).
 *
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param epsilon above 0
 * @param form where epsilon enters
 * @param decoupled false: decay enters the gradient; true: {@code w -= lr decay w} (AdamW, Loshchilov and Hutter 2019)
 */
public record AdamRule(float beta1, float beta2, float epsilon, Form form, boolean decoupled) {
    /** Where epsilon enters. */
    public enum Form {
        /** {@code m^ / (sqrt(v^) + eps)}: Algorithm 1 of the paper. */
        TORCH,
        /** {@code lr sqrt(1-b2^t)/(1-b1^t) m / (sqrt v + eps)}: the paper's section 2, TensorFlow. */
        EPSILON_HAT
    }
}
