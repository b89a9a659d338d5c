package org.angulus.train;

import java.util.List;
import org.angulus.device.AdamRule;
import org.angulus.device.SgdRule;

/** How gradients change parameters. Weight decay and factors of the rate belong to the kinds of parameters: {@link ParameterRules}. */
public sealed interface Optimizer {
    /** Flat f32 buffers of the parameters' size that the optimizer keeps between steps, by the name that checkpoints give them. */
    List<String> states();

    /**
     * Stochastic gradient descent with momentum.
     *
     * @param momentum mu, [0, 1)
     * @param convention when the learning rate enters the velocity
     * @param nesterov w -= lr (g + mu v); TORCH only
     */
    record Sgd(double momentum, SgdRule.Convention convention, boolean nesterov) implements Optimizer {
        public Sgd {
            if (!(momentum >= 0 && momentum < 1)) {
                throw new IllegalArgumentException("optimizer: the momentum is " + momentum + "; it must be at least 0 and below 1.");
            }
            if (nesterov && convention != SgdRule.Convention.TORCH) {
                throw new IllegalArgumentException("optimizer: Nesterov's momentum is there with the convention TORCH only; choose that one.");
            }
        }

        @Override
        public List<String> states() {
            return List.of("velocity");
        }
    }

    /**
     * Adam (Kingma and Ba 2015).
     *
     * @param beta1 [0, 1)
     * @param beta2 [0, 1)
     * @param epsilon above 0
     * @param form where epsilon stands; EPSILON_HAT is TensorFlow's and the article's
     * @param decoupled false: weight decay enters the gradient; true: w -= lr decay w (AdamW)
     */
    record Adam(double beta1, double beta2, double epsilon, AdamRule.Form form, boolean decoupled) implements Optimizer {
        public Adam {
            if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1)) {
                throw new IllegalArgumentException("optimizer: the betas are " + beta1 + " and " + beta2 + "; each must be at least 0 and below 1.");
            }
            if (!(epsilon > 0 && epsilon <= 1)) {
                throw new IllegalArgumentException("optimizer: epsilon is " + epsilon + "; it must be above 0 and at most 1.");
            }
        }

        @Override
        public List<String> states() {
            return List.of("first_moment", "second_moment");
        }
    }
}
