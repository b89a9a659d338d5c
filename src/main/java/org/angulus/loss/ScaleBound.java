package org.angulus.loss;

/**
 * What scale a head of unit features and unit class vectors needs (NormFace, Wang et al. 2017, proposition 2; CosFace, Wang et al. 2018). The
 * bounds assume balanced classes and are attained only up to (embedding size + 1) classes.
 */
public final class ScaleBound {
    private ScaleBound() {}

    /**
     * The lowest mean loss that is possible: ln(1 + (C - 1) exp(-s (1 - m + 1 / (C - 1)))).
     *
     * @param classes C, at least 2
     * @param scale s
     * @param margin m, taken off the target's cosine; 0 without a margin
     */
    public static double lowestLoss(int classes, double scale, double margin) {
        requireClasses(classes);
        return Math.log1p((classes - 1.0) * Math.exp(-scale * (1 - margin + 1.0 / (classes - 1.0))));
    }

    /**
     * The smallest scale at which the target can reach this probability without a margin: (C - 1) / C ln((C - 1) P / (1 - P)).
     *
     * @param classes C, at least 2
     * @param probability P, between 0 and 1
     */
    public static double scaleFor(int classes, double probability) {
        requireClasses(classes);
        if (!(probability > 0 && probability < 1)) {
            throw new IllegalArgumentException("The probability is " + probability + "; it must lie between 0 and 1.");
        }
        return (classes - 1.0) / classes * Math.log((classes - 1.0) * probability / (1 - probability));
    }

    private static void requireClasses(int classes) {
        if (classes < 2) {
            throw new IllegalArgumentException("There are " + classes + " classes; the bound needs at least 2.");
        }
    }
}
