package org.angulus.train;

import org.angulus.model.ParameterKind;

/**
 * One number for each kind of parameter: a weight decay, or a factor of the learning rate.
 *
 * @param conv filters
 * @param fc the linear layer
 * @param head class vectors
 * @param prelu slopes
 * @param bnGamma factors of batch norm
 * @param bnBeta shifts of batch norm
 * @param bias biases
 */
public record ParameterRules(double conv, double fc, double head, double prelu, double bnGamma, double bnBeta, double bias) {
    /** 5e-4 on filters, the linear layer and the class vectors, 0 on the rest. */
    public static final ParameterRules DECAY = new ParameterRules(5e-4, 5e-4, 5e-4, 0, 0, 0, 0);
    /** No decay. */
    public static final ParameterRules NONE = new ParameterRules(0, 0, 0, 0, 0, 0, 0);
    /** The same rate for all. */
    public static final ParameterRules ONE = new ParameterRules(1, 1, 1, 1, 1, 1, 1);
    /** Caffe's originals: biases learn at twice the rate. */
    public static final ParameterRules CAFFE_RATES = new ParameterRules(1, 1, 1, 1, 1, 1, 2);
    /** Caffe's originals: slopes decay like weights, biases do not. */
    public static final ParameterRules CAFFE_DECAY = new ParameterRules(5e-4, 5e-4, 5e-4, 5e-4, 0, 0, 0);

    public ParameterRules {
        for (double value : new double[] {conv, fc, head, prelu, bnGamma, bnBeta, bias}) {
            if (!(value >= 0 && value <= 1000)) {
                throw new IllegalArgumentException("a rule by kind of parameter is " + value + "; it must be 0 to 1000.");
            }
        }
    }

    /** The number for a kind. */
    public double of(ParameterKind kind) {
        return switch (kind) {
            case CONV -> conv;
            case FC -> fc;
            case HEAD -> head;
            case PRELU -> prelu;
            case BN_GAMMA -> bnGamma;
            case BN_BETA -> bnBeta;
            case BIAS -> bias;
            case SCALE -> throw new IllegalArgumentException("The head gives the rules of its scale, not its kind.");
            case STATISTICS -> throw new IllegalArgumentException("Running statistics are no parameters: no rule applies to them.");
        };
    }
}
