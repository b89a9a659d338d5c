package org.angulus.loss;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.angulus.device.HeadConstants;
import org.angulus.device.HeadKind;
import org.angulus.device.NormGuard;
import org.angulus.model.Initialization;
import org.angulus.model.ParameterKind;
import org.angulus.model.Start;
import org.angulus.model.TensorSpec;

/**
 * A classification head ({@link HeadKind} has the formulas, {@link Losses} the sources and published figures). {@link #of} gives each with the constants that its
 * authors recommend. A head that has no such number holds the one in brackets.
 *
 * @param kind which head
 * @param scale s; 0: by the head's rule from the number of people (COCO, AdaCos); (1)
 * @param scaleRate factor of the learning rate with which s is learnt, from {@code scale} on and never below 0.01; 0: s is fixed; (0)
 * @param margin m; MagFace: of embeddings of length {@code shortest}; ElasticFace: the mean; (0)
 * @param guard against a length of 0
 * @param factor m of L-Softmax, SphereFace (1, 2, 3 or 4) and SphereFace-R, m1 of the combined margin; (1)
 * @param cosineMargin m3 of the combined margin; (0)
 * @param gradient how it passes the margin; (exact)
 * @param pastPi what ArcFace does past pi; (none)
 * @param annealing lambda of L-Softmax and SphereFace; ({@link Annealing#NONE})
 * @param filter other people with a cosine above give a logit of 0: under wrong labels they may be the same person; 1: no filter; (1)
 * @param centres vectors of a class in sub-center ArcFace; (1)
 * @param rate of the moving averages of CurricularFace and AdaFace; (0)
 * @param spread AdaFace: h; ElasticFace: sigma; SphereFace2: the exponent t; (0)
 * @param ofCosine ElasticFace: the margin is taken off the cosine, not added to the angle; (false)
 * @param sorted ElasticFace: of a batch's margins the hardest embedding gets the largest ("plus"); (false)
 * @param shortest MagFace: length from which on the margin grows; (0)
 * @param longest MagFace: length up to which it grows; (0)
 * @param longMargin MagFace: margin of embeddings of length {@code longest}; (0)
 * @param weight MagFace: lambda_g of the penalty; SphereFace2: of the loss; (0)
 * @param balance SphereFace2: weight of the target against the others, lambda of the paper; (0)
 */
public record MarginHead(HeadKind kind, double scale, double scaleRate, double margin, NormGuard guard, double factor, double cosineMargin,
                         MarginGradient gradient, PastPi pastPi, Annealing annealing, double filter, int centres, double rate, double spread,
                         boolean ofCosine, boolean sorted, double shortest, double longest, double longMargin, double weight, double balance) {
    /** Below this a learnt scale does not fall (NormFace, Wang et al. 2017). */
    public static final double LEAST_SCALE = 0.01;

    /** Names of tensors. */
    static final String BIAS_NAME = "head.bias";
    static final String SCALE_NAME = "head.scale";

    public MarginHead {
        HeadConstant.SCALE.check(kind, scale);
        HeadConstant.SCALE_RATE.check(kind, scaleRate);
        HeadConstant.MARGIN.check(kind, margin);
        HeadConstant.FACTOR.check(kind, factor);
        HeadConstant.COSINE_MARGIN.check(kind, cosineMargin);
        HeadConstant.FILTER.check(kind, filter);
        HeadConstant.CENTRES.check(kind, centres);
        HeadConstant.RATE.check(kind, rate);
        HeadConstant.SPREAD.check(kind, spread);
        HeadConstant.SHORTEST.check(kind, shortest);
        HeadConstant.LONGEST.check(kind, longest);
        HeadConstant.LONG_MARGIN.check(kind, longMargin);
        HeadConstant.WEIGHT.check(kind, weight);
        HeadConstant.BALANCE.check(kind, balance);
        String name = text(kind);
        boolean annealed = kind == HeadKind.L_SOFTMAX || kind == HeadKind.SPHEREFACE;
        boolean arc = kind == HeadKind.ARCFACE || kind == HeadKind.SUBCENTER_ARCFACE || kind == HeadKind.ELASTICFACE && !ofCosine;
        require(scale > 0 || kind == HeadKind.COCO || kind == HeadKind.ADACOS, "the scale of " + name + " is 0; it must be above 0");
        require(scaleRate == 0 || scale >= LEAST_SCALE, "the scale is learnt from " + scale + " on; it must be at least " + LEAST_SCALE);
        require(!annealed || factor == Math.rint(factor) && factor >= 1 && factor <= 4, "the factor of " + name + " is " + factor + "; it must be 1, 2, 3 or 4");
        require(annealed || annealing.equals(Annealing.NONE), name + " has no annealing; leave it out");
        require(gradient != MarginGradient.NORMALIZED || kind == HeadKind.SPHEREFACE, "only sphereface has a normalized gradient; give exact or detached");
        require(gradient != MarginGradient.DETACHED || !annealed, "the gradient of " + name + " cannot be detached; give exact");
        require(pastPi == PastPi.NONE || arc, "only arcface decides what is past pi, not " + name + "; leave it none");
        require(!ofCosine && !sorted || kind == HeadKind.ELASTICFACE, "only elasticface has margins of the cosine or sorted ones; leave both false");
        require(kind != HeadKind.MAGFACE || longest > shortest * 1.001,
                "longest is " + longest + "; it must be above shortest, which is " + shortest);
    }

    private static void require(boolean condition, String problem) {
        if (!condition) {
            throw new IllegalArgumentException("head: " + problem + ".");
        }
    }

    public static MarginHead softmax() {
        return of(HeadKind.SOFTMAX);
    }

    public static MarginHead modifiedSoftmax() {
        return of(HeadKind.MODIFIED_SOFTMAX);
    }

    public static MarginHead normFace(double scale) {
        return new HeadBuilder(HeadKind.NORMFACE).scale(scale).build();
    }

    public static MarginHead amSoftmax(double scale, double margin) {
        return new HeadBuilder(HeadKind.AM_SOFTMAX).scale(scale).margin(margin).build();
    }

    /** The head with the constants that its authors recommend. */
    public static MarginHead of(HeadKind kind) {
        var head = new HeadBuilder(kind);
        return switch (kind) {
            case SOFTMAX, MODIFIED_SOFTMAX -> head.build();
            case NORMFACE -> head.scale(10).scaleRate(1).build();
            case AM_SOFTMAX -> amSoftmax(30, 0.35);
            case L_SOFTMAX -> head.factor(4).annealing(Annealing.L_SOFTMAX).build();
            case SPHEREFACE -> head.factor(4).annealing(Annealing.SPHEREFACE).build();
            case SPHEREFACE_R -> head.scale(30).factor(1.5).gradient(MarginGradient.DETACHED).build();
            case ARCFACE -> head.scale(64).margin(0.5).gradient(MarginGradient.DETACHED).build();
            case COMBINED -> head.scale(64).margin(0.3).cosineMargin(0.2).build();
            case COCO, ADACOS -> head.scale(0).build();
            case MAGFACE -> head.scale(64).margin(0.45).shortest(10).longest(110).longMargin(0.8).weight(35).build();
            case ADAFACE -> head.scale(64).margin(0.4).spread(0.333).rate(0.01).build();
            case ELASTICFACE -> head.scale(64).margin(0.5).spread(0.05).build();
            case CURRICULARFACE -> head.scale(64).margin(0.5).rate(0.01).build();
            case SUBCENTER_ARCFACE -> head.scale(64).margin(0.5).gradient(MarginGradient.DETACHED).centres(3).build();
            case CIRCLE -> head.scale(256).margin(0.25).build();
            case SPHEREFACE2 -> head.scale(40).margin(0.4).gradient(MarginGradient.DETACHED).spread(3).weight(50).balance(0.7).build();
            case C_CONTRASTIVE -> head.margin(1).build();
            case C_TRIPLET -> head.margin(0.8).build();
        };
    }

    /** This head with other numbers. */
    public HeadBuilder change() {
        return new HeadBuilder(this);
    }

    /** Whether s is a parameter. */
    public boolean learnsScale() {
        return scaleRate > 0;
    }

    /** s for so many people: the given one, or by the head's rule (COCO: ln(C - 1) / 2 + 3; AdaCos: sqrt 2 ln(C - 1)). */
    public double scale(int classes) {
        if (scale > 0) {
            return scale;
        }
        return kind == HeadKind.COCO ? 0.5 * Math.log(classes - 1.0) + 3 : Math.sqrt(2) * Math.log(classes - 1.0);
    }

    /**
     * What the ops take.
     *
     * @param seed of ElasticFace's margins
     */
    public HeadConstants constants(long seed) {
        int flags = (gradient == MarginGradient.DETACHED ? HeadConstants.DETACHED : 0)
                + (gradient == MarginGradient.NORMALIZED ? HeadConstants.NORMALIZED : 0)
                + (pastPi == PastPi.MONOTONE ? HeadConstants.MONOTONE : 0)
                + (pastPi == PastPi.EASY ? HeadConstants.EASY : 0)
                + (ofCosine ? HeadConstants.COSINE : 0)
                + (sorted ? HeadConstants.SORTED : 0);
        double m3 = kind == HeadKind.MAGFACE ? longMargin : cosineMargin;
        return new HeadConstants(flags, centres, seed, (float) factor, (float) m3, (float) filter, (float) rate, (float) spread, (float) shortest,
                (float) longest, (float) weight, (float) balance);
    }

    /** Whether the logit of every other person is S times the cosine. */
    boolean keepsOthers() {
        return kind.normalizes() && kind.isSoftmax() && kind != HeadKind.CURRICULARFACE && kind != HeadKind.CIRCLE && filter == 1;
    }

    /**
     * phi(1), the target's logit over S of an embedding that lies on its class vector; NaN where it is not the same for all embeddings, or is no bound's.
     *
     * @param now the margin of a step
     */
    double bestTarget(double now) {
        return switch (kind) {
            case MODIFIED_SOFTMAX, NORMFACE, COCO, ADACOS, SPHEREFACE, SPHEREFACE_R -> filter == 1 ? 1 : Double.NaN;
            case AM_SOFTMAX -> filter == 1 ? 1 - now : Double.NaN;
            case ARCFACE, SUBCENTER_ARCFACE -> filter == 1 ? Math.cos(now) : Double.NaN;
            case CURRICULARFACE -> Math.cos(now);
            case COMBINED -> filter == 1 ? Math.cos(now) - cosineMargin : Double.NaN;
            default -> Double.NaN;
        };
    }

    /** Class vectors (classes K, D); the bias of softmax, one for each class, and of SphereFace2; a learnt s. */
    public List<TensorSpec> parameters(int classes, int d, Initialization initialization) {
        var specs = new ArrayList<TensorSpec>();
        Start start = initialization == Initialization.CAFFE
                ? Start.uniformOfVariance(1.0 / d)
                : Start.normal(Math.sqrt(2.0 / ((double) d + classes)));
        specs.add(TensorSpec.classes("head.weight", Math.multiplyExact(classes, centres), d, start));
        if (kind == HeadKind.SOFTMAX) {
            specs.add(TensorSpec.vector(BIAS_NAME, ParameterKind.BIAS, classes, Start.constant(0)));
        }
        if (kind == HeadKind.SPHEREFACE2) {
            specs.add(TensorSpec.vector(BIAS_NAME, ParameterKind.BIAS, 1, Start.constant(balancedBias(classes))));
        }
        if (learnsScale()) {
            specs.add(TensorSpec.vector(SCALE_NAME, ParameterKind.SCALE, 1, Start.constant(scale(classes))));
        }
        return specs;
    }

    /** What the head keeps from step to step; the tensors after the first lie right behind it. */
    public List<TensorSpec> state() {
        return switch (kind) {
            case CURRICULARFACE -> List.of(number("head.tau", 0));
            case ADAFACE -> List.of(number("head.mean", 20), number("head.deviation", 100));
            default -> List.of();
        };
    }

    private static TensorSpec number(String name, double start) {
        return TensorSpec.vector(name, ParameterKind.STATISTICS, 1, Start.constant(start));
    }

    /** SphereFace2's bias at which the losses of target and others pull alike while all cosines are 0 (Wen et al. 2022, appendix). */
    private double balancedBias(int classes) {
        double z = balance / ((1 - balance) * (classes - 1.0));
        double level = 2 * Math.pow(0.5, spread) - 1;
        double target = scale * (level - margin);
        double others = scale * (level + margin);
        double root = Math.sqrt((1 - z) * (1 - z) + 4 * z * Math.exp(target - others));
        return Math.log(2 * z) - others - Math.log(1 - z + root);
    }

    /** In words, for a model file: "am-softmax, scale 30.0, margin 0.35". */
    public String description() {
        var words = new StringBuilder(text(kind));
        for (HeadConstant constant : HeadConstant.values()) {
            words.append(constant.words(this));
        }
        if (gradient != MarginGradient.EXACT) {
            words.append(", ").append(gradient.name().toLowerCase(Locale.ROOT)).append(" gradient");
        }
        if (pastPi != PastPi.NONE) {
            words.append(", ").append(pastPi.name().toLowerCase(Locale.ROOT)).append(" past pi");
        }
        if (!annealing.equals(Annealing.NONE)) {
            words.append(", lambda from ").append(annealing.base()).append(" to ").append(annealing.least());
        }
        return words + (ofCosine ? ", of the cosine" : "") + (sorted ? ", sorted" : "");
    }

    /** The name in JSON and in words. */
    static String text(HeadKind kind) {
        return kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
