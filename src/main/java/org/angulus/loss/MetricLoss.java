package org.angulus.loss;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.angulus.device.PairDistance;
import org.angulus.device.PairSelection;
import org.angulus.model.ParameterKind;
import org.angulus.model.Start;
import org.angulus.model.TensorSpec;

/**
 * A loss on the embeddings themselves, without class vectors: on the distances between the rows of a batch, or to a centre for each person. d_ap and d_an are
 * the distances of an anchor to an image of the same and of another person.
 */
public sealed interface MetricLoss {
    /** Name of the tensor that holds the margin, so that it can change in a run and stands in checkpoints. */
    String MARGIN = "metric.margin";
    /** Name of the tensor of centres. */
    String CENTERS = "metric.centers";
    /** Name of the tensor with the boundary that all anchors share. */
    String BETA = "metric.beta";
    /** Name of the tensor with each person's addend to it. */
    String BETA_OF_PEOPLE = "metric.beta_class";
    /** Name of the tensor with each image's addend to it. */
    String BETA_OF_IMAGES = "metric.beta_image";

    /** Name of the tensor that counts pairs by distance, from which a contrastive margin is set anew. */
    String PAIRS = "metric.pairs";
    /** Its size: 1,024 classes of distances for pairs of one person, as many for two. */
    int PAIR_COUNTS = 2 * 1024;

    /** No such loss. */
    record None() implements MetricLoss {}

    /**
     * Contrastive (Sun et al. 2014, "DeepID2", equation 2): d^2 / 2 for a pair of one person, max(0, m - d)^2 / 2 for another. With COSINE 1 - cos and max(0, cos - m).
     *
     * @param margin m; with COSINE a cosine
     * @param distance EUCLIDEAN or COSINE
     * @param normalized rows are brought to length 1 first; DeepID2's are not
     * @param pairs rows 2i and 2i + 1 alone, as pair batches bring them; else all pairs of the batch
     */
    record Contrastive(double margin, PairDistance distance, boolean normalized, boolean pairs) implements MetricLoss {
        public Contrastive {
            requireSpace("contrastive", distance, normalized);
            require(distance != PairDistance.SQUARED, "contrastive: the distance is squared, but the loss squares it itself; give euclidean or cosine");
            require(distance == PairDistance.COSINE ? margin >= -1 && margin <= 1 : margin > 0 && margin <= 1e6,
                    "contrastive: the margin is " + margin + "; it must be " + (distance == PairDistance.COSINE ? "-1 to 1" : "above 0"));
            require(!normalized || distance != PairDistance.EUCLIDEAN || margin <= 2,
                    "contrastive: the margin is " + margin + ", but rows of length 1 are at most 2 apart; give 2 or less");
        }
    }

    /**
     * Triplet (Schroff et al. 2015, "FaceNet", equation 3; Hermans et al. 2017): max(0, d_ap - d_an + margin), or softplus(d_ap - d_an) + pull softplus(d_ap).
     *
     * @param margin alpha; without meaning for a soft one but for the choice of negatives
     * @param distance SQUARED (FaceNet), EUCLIDEAN (Hermans) or COSINE
     * @param normalized rows are brought to length 1 first
     * @param selection which triplets of the batch
     * @param soft softplus in the place of the hinge
     * @param pull weight of softplus(d_ap); soft only
     * @param ofActive the mean is taken over the triplets that are not 0
     * @param farthest SEMI_HARD: where no negative lies beyond the positive the farthest one is taken; else that pair has no triplet
     */
    record Triplet(double margin, PairDistance distance, boolean normalized, PairSelection selection, boolean soft, double pull, boolean ofActive, boolean farthest)
            implements MetricLoss {
        public Triplet {
            requireSpace("triplet", distance, normalized);
            require(margin >= 0 && margin <= 1e6, "triplet: the margin is " + margin + "; it must be 0 or more");
            require(!normalized || margin < 4, "triplet: the margin is " + margin + ", beyond any distance between rows of length 1; give less than 4");
            require(selection != PairSelection.PAIRS, "triplet: the selection is pairs, which has no triplets; choose another");
            require(pull >= 0 && pull <= 1e3 && (soft || pull == 0), "triplet: pull is " + pull + "; give 0 or more, and 0 without soft");
            require(selection != PairSelection.DISTANCE_WEIGHTED || normalized, "triplet: distance-weighted sampling is for rows of length 1; set normalized");
            require(!farthest || selection == PairSelection.SEMI_HARD, "triplet: farthest is for the selection semi-hard only; leave it false");
        }

        /** The same for batches of triplets that were chosen before. */
        public Triplet ofChosen() {
            return new Triplet(margin, distance, normalized, PairSelection.TRIPLETS, soft, pull, ofActive, false);
        }
    }

    /**
     * Margin-based loss (Wu et al. 2017, equations 5 and 6): max(0, alpha + y (d - b)) on rows of length 1, b = beta + beta of the anchor's person
     * + beta of the anchor's image.
     *
     * @param alpha half width of the margin
     * @param beta boundary at the start
     * @param learned b is learned
     * @param perPerson an addend for each person, learned too
     * @param perImage an addend for each image of the training set, learned too
     * @param nu weight of the mean of b
     * @param distance EUCLIDEAN (the paper) or COSINE
     * @param selection ALL, PAIRS or DISTANCE_WEIGHTED
     */
    record MarginBased(double alpha, double beta, boolean learned, boolean perPerson, boolean perImage, double nu, PairDistance distance, PairSelection selection)
            implements MetricLoss {
        public MarginBased {
            require(alpha >= 0 && alpha <= 2, "margin-based: alpha is " + alpha + "; it must be 0 to 2");
            require(beta >= 0 && beta <= 2, "margin-based: beta is " + beta + "; it must be 0 to 2, the distances of rows of length 1");
            require(nu >= 0 && nu <= 1e3, "margin-based: nu is " + nu + "; it must be 0 or more");
            require(learned || !perPerson && !perImage, "margin-based: a beta for each person or image is learned or not there; set learned");
            require(distance != PairDistance.SQUARED, "margin-based: the distance is squared; give euclidean or cosine");
            require(selection == PairSelection.ALL || selection == PairSelection.PAIRS || selection == PairSelection.DISTANCE_WEIGHTED,
                    "margin-based: the selection must be all, pairs or distance-weighted");
        }
    }

    /**
     * Center loss (Wen et al. 2016): the squared distance to the centre of the person, which moves with the batches.
     *
     * @param rate how far centres move: alpha of the paper, 1 - alfa of the public FaceNet program
     * @param counted a centre's step is divided by 1 + its images in the batch (the paper)
     * @param meanOfNumbers the loss is the mean over images and numbers (FaceNet's program); else sum / (2 N)
     */
    record Center(double rate, boolean counted, boolean meanOfNumbers) implements MetricLoss {
        public Center {
            require(rate >= 0 && rate <= 1, "center: the rate is " + rate + "; it must be 0 to 1");
        }
    }

    /** In words, for a model file: "triplet, margin 0.2, squared distance of unit rows, semi-hard". */
    default String description() {
        return switch (this) {
            case None _ -> "none";
            case Contrastive loss -> "contrastive, margin " + loss.margin + ", " + space(loss.distance, loss.normalized) + (loss.pairs ? ", pairs" : "");
            case Triplet loss -> "triplet, " + (loss.soft ? "soft margin" : "margin " + loss.margin) + ", " + space(loss.distance, loss.normalized) + ", "
                    + words(loss.selection);
            case MarginBased loss -> "margin-based, alpha " + loss.alpha + ", beta " + loss.beta + (loss.learned ? " learned" : "")
                    + (loss.perPerson ? " per person" : "") + (loss.perImage ? " per image" : "") + ", "
                    + space(loss.distance, true) + ", " + words(loss.selection);
            case Center loss -> "center, rate " + loss.rate;
        };
    }

    private static String space(PairDistance distance, boolean normalized) {
        return words(distance) + " distance of " + (normalized ? "unit" : "raw") + " rows";
    }

    private static String words(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * What an optimizer learns of it.
     *
     * @param images of the training set; without meaning where it does not {@link #asksForImages}
     */
    default List<TensorSpec> parameters(int classes, int images) {
        if (!(this instanceof MarginBased loss) || !loss.learned) {
            return List.of();
        }
        TensorSpec shared = TensorSpec.vector(BETA, ParameterKind.BIAS, 1, Start.constant(loss.beta));
        var all = new ArrayList<>(List.of(shared));
        if (loss.perPerson) {
            all.add(TensorSpec.vector(BETA_OF_PEOPLE, ParameterKind.BIAS, classes, Start.constant(0)));
        }
        if (loss.perImage) {
            all.add(TensorSpec.vector(BETA_OF_IMAGES, ParameterKind.BIAS, images, Start.constant(0)));
        }
        return all;
    }

    /** Whether it has to know which image of the training set each row is. */
    default boolean asksForImages() {
        return this instanceof MarginBased loss && loss.perImage;
    }

    /** What persists beside, and is committed with a step. */
    default List<TensorSpec> state(int classes, int d) {
        return switch (this) {
            case None _ -> List.of();
            case Contrastive loss when loss.pairs -> List.of(margin(loss.margin),
                    TensorSpec.vector(PAIRS, ParameterKind.STATISTICS, PAIR_COUNTS, Start.constant(0)));
            case Contrastive loss -> List.of(margin(loss.margin));
            case Triplet loss -> List.of(margin(loss.margin));
            case MarginBased loss when loss.learned -> List.of(margin(loss.alpha));
            case MarginBased loss -> List.of(margin(loss.alpha), TensorSpec.vector(BETA, ParameterKind.STATISTICS, 1, Start.constant(loss.beta)));
            case Center _ -> List.of(new TensorSpec(CENTERS, ParameterKind.STATISTICS, List.of(classes, d), classes, d, 1, Start.constant(0)));
        };
    }

    private static TensorSpec margin(double value) {
        return TensorSpec.vector(MARGIN, ParameterKind.STATISTICS, 1, Start.constant(value));
    }

    private static void requireSpace(String name, PairDistance distance, boolean normalized) {
        require(distance != PairDistance.COSINE || normalized, name + ": cosines are those of rows of length 1; set normalized");
    }

    private static void require(boolean condition, String problem) {
        if (!condition) {
            throw new IllegalArgumentException(problem + ".");
        }
    }
}
