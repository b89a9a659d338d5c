package org.angulus.cli;

import java.util.List;
import org.angulus.loss.Annealing;
import org.angulus.model.Printable;
import org.angulus.train.TrainingConfig;

/**
 * A loss of the feature pictures. A new one takes part with a line in {@link #ALL}.
 *
 * @param name on the command line
 * @param head as the field "head" of a training configuration; GAMMA stands for that of {@link org.angulus.loss.Annealing#L_SOFTMAX} in a run of 10,000
 *     steps, which falls alike in the first half of any run
 * @param metric the field "metric" of it: a loss on the features beside the head
 * @param featurePrelu whether a PReLU follows the feature, as in the pictures of center loss
 */
record PlottedLoss(String name, String head, String metric, boolean featurePrelu) {
    /** NormFace's 0.1 for 3-D features keeps 2-D features from learning anything. */
    private static final double RATE = 0.02;

    /** Steps of center loss's and L-Softmax's runs. */
    static final int PAPER_STEPS = 10_000;

    /** Share of the steps after which the whole margin acts: lambda has fallen to what ends the papers' runs, a margin has risen to its whole. */
    private static final double MARGIN_SHARE = 0.5;

    private static final String HEAD_ALONE = "{}";

    /** Softmax and center loss with PReLU, as center loss draws them; the rest without, as their papers draw them. */
    static final List<PlottedLoss> ALL = List.of(
            new PlottedLoss("softmax", "{'kind': 'softmax'}", HEAD_ALONE, true),
            // lambda and alpha of Wen et al. 2016
            new PlottedLoss("center", "{'kind': 'softmax'}", "{'loss': {'kind': 'center', 'rate': 0.5}, 'weight': 0.003}", true),
            new PlottedLoss("softmax-linear", "{'kind': 'softmax'}", HEAD_ALONE, false),
            new PlottedLoss("modified-softmax", "{'kind': 'modified-softmax'}", HEAD_ALONE, false),
            annealed("l-softmax", 1),
            annealed("l-softmax", 2),
            annealed("l-softmax", 3),
            annealed("l-softmax", 4),
            annealed("sphereface", 1),
            annealed("sphereface", 2),
            annealed("sphereface", 3),
            annealed("sphereface", 4),
            normFace(1),
            normFace(2),
            normFace(4),
            normFace(7),
            normFace(11),
            // ten classes in the plane lie 36 degrees apart: of the margins for faces, AM-Softmax's 0.35 is more than the 1 - cos 36 = 0.19 that they can have
            new PlottedLoss("am-softmax", "{'kind': 'am-softmax', 'scale': 10, 'margin': 0.15}", HEAD_ALONE, false),
            new PlottedLoss("arcface", "{'kind': 'arcface', 'scale': 10, 'margin': 0.2}", HEAD_ALONE, false));

    /** As in the pictures of L-Softmax and SphereFace, down to lambda 0. */
    private static PlottedLoss annealed(String kind, int factor) {
        return new PlottedLoss(kind + "-" + factor, "{'kind': '" + kind + "', 'factor': " + factor
                + ", 'annealing': {'base': 1000, 'gamma': GAMMA, 'power': 35, 'least': 0}}", HEAD_ALONE, false);
    }

    private static PlottedLoss normFace(int scale) {
        return new PlottedLoss("normface-" + scale, "{'kind': 'normface', 'scale': " + scale + ", 'scaleRate': 0}", HEAD_ALONE, false);
    }

    static List<String> names() {
        return ALL.stream().map(PlottedLoss::name).toList();
    }

    /** The loss of a name; a CommandFailure with all names when there is none. */
    static PlottedLoss named(String name) {
        return ALL.stream().filter(loss -> loss.name().equals(name)).findFirst().orElseThrow(() -> new CommandFailure(
                ExitCode.USAGE, "there is no loss '" + Printable.of(name) + "' to plot; choose among " + String.join(", ", names())));
    }

    /**
     * LeNet++ with momentum 0.9, weight decay 5e-4 and gradients of length 2 at most, without which large margins diverge in short runs. A cosine from
     * twice LeNet++'s rate to 0 goes further in few steps than their drops by a fifth.
     *
     * @param features numbers of a feature
     * @param batch pictures of a step
     */
    TrainingConfig config(int features, int steps, int batch, long startValue) {
        String json = """
                {'network': {'kind': 'le-net', 'embeddingSize': %d, 'featurePrelu': %b}, 'head': %s, 'metric': %s,
                 'optimizer': {'kind': 'sgd', 'momentum': 0.9, 'convention': 'caffe'}, 'schedule': {'kind': 'cosine', 'rate': %s, 'end': 0, 'steps': %d},
                 'warmUp': %d, 'marginWarmUp': %d, 'steps': %d, 'batch': %d, 'startValue': %d, 'flip': false, 'clip': 2, 'reportEvery': %d}""";
        String annealed = head.replace("GAMMA", Double.toString(Annealing.L_SOFTMAX.gamma() * PAPER_STEPS / (steps * MARGIN_SHARE)));
        return TrainingConfig.parse(json.formatted(features, featurePrelu, annealed, metric, RATE, steps, steps / 10, (long) (steps * MARGIN_SHARE), steps, batch,
                startValue, Math.max(1, steps / 20)).replace('\'', '"'));
    }
}
