package org.angulus.loss;

/**
 * How much of the margin a step sees (L-Softmax, SphereFace): lambda = max(least, base (1 + gamma t)^-power), t counting the steps from 1. A function of the
 * step's number alone, so a resumed run goes on where it was. The margin's share of the target's logit is 1 / (1 + lambda).
 *
 * @param base lambda before the first step
 * @param gamma how soon it falls
 * @param power how fast it falls
 * @param least where it stops
 */
public record Annealing(double base, double gamma, double power, double least) {
    /** The whole margin from the first step on. */
    public static final Annealing NONE = new Annealing(0, 0, 1, 0);
    /** The authors' Caffe release of SphereFace: 892.9 at step 1, 8.26 at 1,000, 5 from 1,659 on. */
    public static final Annealing SPHEREFACE = new Annealing(1000, 0.12, 1, 5);
    /** The PyTorch code that most ports of SphereFace come from: 5 from step 2,990 on. */
    public static final Annealing SPHEREFACE_PYTORCH = new Annealing(1500, 0.1, 1, 5);
    /** The MNIST release of L-Softmax: 421 at step 1,000, 0.41 at 10,000. */
    public static final Annealing L_SOFTMAX = new Annealing(1000, 2.5e-5, 35, 0);

    private static final double MOST = 1e6;

    public Annealing {
        requireWithin("base", base);
        requireWithin("gamma", gamma);
        requireWithin("power", power);
        requireWithin("least", least);
    }

    private static void requireWithin(String what, double value) {
        if (!(value >= 0 && value <= MOST)) {
            throw new IllegalArgumentException("head.annealing: " + what + " is " + value + "; it must be 0 to 1000000.");
        }
    }

    /**
     * lambda of a step.
     *
     * @param step from 0
     */
    public double at(long step) {
        return Math.max(least, base * Math.pow(1 + gamma * (step + 1), -power));
    }
}
