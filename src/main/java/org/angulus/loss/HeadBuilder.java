package org.angulus.loss;

import org.angulus.device.HeadKind;
import org.angulus.device.NormGuard;

/** The numbers of a {@link MarginHead} while they are given one by one; {@link #build} checks them together. */
public final class HeadBuilder {
    private final HeadKind kind;
    private double scale = 1;
    private double scaleRate;
    private double margin;
    private NormGuard guard = NormGuard.CLAMP_LENGTH;
    private double factor = 1;
    private double cosineMargin;
    private MarginGradient gradient = MarginGradient.EXACT;
    private PastPi pastPi = PastPi.NONE;
    private Annealing annealing = Annealing.NONE;
    private double filter = 1;
    private int centres = 1;
    private double rate;
    private double spread;
    private boolean ofCosine;
    private boolean sorted;
    private double shortest;
    private double longest;
    private double longMargin;
    private double weight;
    private double balance;

    /** A head without scale, margin and all the rest. */
    HeadBuilder(HeadKind kind) {
        this.kind = kind;
    }

    HeadBuilder(MarginHead head) {
        kind = head.kind();
        scale = head.scale();
        scaleRate = head.scaleRate();
        margin = head.margin();
        guard = head.guard();
        factor = head.factor();
        cosineMargin = head.cosineMargin();
        gradient = head.gradient();
        pastPi = head.pastPi();
        annealing = head.annealing();
        filter = head.filter();
        centres = head.centres();
        rate = head.rate();
        spread = head.spread();
        ofCosine = head.ofCosine();
        sorted = head.sorted();
        shortest = head.shortest();
        longest = head.longest();
        longMargin = head.longMargin();
        weight = head.weight();
        balance = head.balance();
    }

    public HeadBuilder scale(double value) {
        scale = value;
        return this;
    }

    public HeadBuilder scaleRate(double value) {
        scaleRate = value;
        return this;
    }

    public HeadBuilder margin(double value) {
        margin = value;
        return this;
    }

    public HeadBuilder guard(NormGuard value) {
        guard = value;
        return this;
    }

    public HeadBuilder factor(double value) {
        factor = value;
        return this;
    }

    public HeadBuilder cosineMargin(double value) {
        cosineMargin = value;
        return this;
    }

    public HeadBuilder gradient(MarginGradient value) {
        gradient = value;
        return this;
    }

    public HeadBuilder pastPi(PastPi value) {
        pastPi = value;
        return this;
    }

    public HeadBuilder annealing(Annealing value) {
        annealing = value;
        return this;
    }

    public HeadBuilder filter(double value) {
        filter = value;
        return this;
    }

    public HeadBuilder centres(int value) {
        centres = value;
        return this;
    }

    public HeadBuilder rate(double value) {
        rate = value;
        return this;
    }

    public HeadBuilder spread(double value) {
        spread = value;
        return this;
    }

    public HeadBuilder ofCosine(boolean value) {
        ofCosine = value;
        return this;
    }

    public HeadBuilder sorted(boolean value) {
        sorted = value;
        return this;
    }

    public HeadBuilder shortest(double value) {
        shortest = value;
        return this;
    }

    public HeadBuilder longest(double value) {
        longest = value;
        return this;
    }

    public HeadBuilder longMargin(double value) {
        longMargin = value;
        return this;
    }

    public HeadBuilder weight(double value) {
        weight = value;
        return this;
    }

    public HeadBuilder balance(double value) {
        balance = value;
        return this;
    }

    /** @throws IllegalArgumentException with one sentence, when a number is out of bounds or the head has none like it */
    public MarginHead build() {
        return new MarginHead(kind, scale, scaleRate, margin, guard, factor, cosineMargin, gradient, pastPi, annealing, filter, centres, rate, spread, ofCosine,
                sorted, shortest, longest, longMargin, weight, balance);
    }
}
