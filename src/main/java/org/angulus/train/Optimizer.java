package org.angulus.train;

import java.util.List;
import org.angulus.device.AdamRule;
import org.angulus.device.RmspropRule;
import org.angulus.device.SgdRule;

/** How gradients change parameters. Weight decay and factors of the rate belong to the kinds of parameters: {@link ParameterRules}. */
public sealed interface Optimizer {
    /** Flat f32 buffers of the parameters' size that the optimizer keeps between steps, by the name that checkpoints give them. */
    List<String> states();

    /** What every element of such a buffer is before the first step. */
    default float start(String state) {
        return 0;
    }

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
            requireEpsilon(epsilon, "above 0 and at most 1", epsilon > 0);
        }

        @Override
        public List<String> states() {
            return List.of("first_moment", "second_moment");
        }
    }

    /**
     * AdaGrad (Duchi et al. 2011): {@code s += g^2, w -= lr g / (sqrt(s) + epsilon)}. PyTorch's defaults are 1e-10 and 0; TensorFlow's form has no
     * epsilon and starts at 0.1.
     *
     * @param epsilon 0 to 1; above 0 where {@code start} is 0
     * @param start of the sum of squares, 0 to 1000
     */
    record Adagrad(double epsilon, double start) implements Optimizer {
        public Adagrad {
            requireEpsilon(epsilon, "0 to 1", epsilon >= 0);
            if (!(start >= 0 && start <= 1000)) {
                throw new IllegalArgumentException("optimizer: the sum of squares starts at " + start + "; it must be 0 to 1000.");
            }
            if ((float) epsilon == 0 && (float) start == 0) {
                throw new IllegalArgumentException("optimizer: epsilon and the start of the sum of squares are both 0, so a gradient of 0 would be divided by"
                        + " 0; give an epsilon such as 1e-10 or a start such as 0.1.");
            }
        }

        @Override
        public List<String> states() {
            return List.of("sum_of_squares");
        }

        @Override
        public float start(String state) {
            return (float) start;
        }
    }

    /**
     * RMSProp (Tieleman and Hinton 2012). PyTorch's defaults: decay 0.99, momentum 0, epsilon 1e-8. facenet's: 0.9, 0.9, 1.0 in TensorFlow's form,
     * whose mean of squares starts at 1.
     *
     * @param decay of the mean of squares, [0, 1)
     * @param momentum mu, [0, 1)
     * @param epsilon above 0
     * @param form where epsilon and the learning rate enter
     */
    record Rmsprop(double decay, double momentum, double epsilon, RmspropRule.Form form) implements Optimizer {
        private static final String SQUARES = "mean_of_squares";

        public Rmsprop {
            if (!(decay >= 0 && decay < 1 && momentum >= 0 && momentum < 1)) {
                throw new IllegalArgumentException(
                        "optimizer: decay and momentum are " + decay + " and " + momentum + "; each must be at least 0 and below 1.");
            }
            requireEpsilon(epsilon, "above 0 and at most 1", (float) epsilon > 0);
        }

        @Override
        public List<String> states() {
            return List.of(SQUARES, "velocity");
        }

        @Override
        public float start(String state) {
            return form == RmspropRule.Form.TENSORFLOW && state.equals(SQUARES) ? 1 : 0;
        }
    }

    private static void requireEpsilon(double epsilon, String range, boolean lowEnough) {
        if (!(lowEnough && epsilon <= 1)) {
            throw new IllegalArgumentException("optimizer: epsilon is " + epsilon + "; it must be " + range + ".");
        }
    }
}
