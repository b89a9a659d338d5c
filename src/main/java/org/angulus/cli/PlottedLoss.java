package org.angulus.cli;

import java.util.List;
import java.util.stream.Collectors;
import org.angulus.loss.Annealing;
import org.angulus.model.Printable;
import org.angulus.train.TrainingConfig;

/**
 * A loss of the feature pictures. A new head takes part with a line in {@link #ALL}.
 *
 * @param name on the command line
 * @param head as the field "head" of a training configuration; GAMMA stands for that of {@link org.angulus.loss.Annealing#L_SOFTMAX} in a run of 10,000
 *     steps, so that lambda falls alike in shorter runs
 * @param featurePrelu whether a PReLU follows the feature, as in the pictures of center loss
 * @param rate the first learning rate
 */
record PlottedLoss(String name, String head, boolean featurePrelu, double rate) {
    /** LeNet++'s own; the ten times higher one of NormFace's 3-D pictures keeps 2-D features from learning anything. */
    private static final double RATE = 0.01;

    private static final double PAPER_STEPS = 10_000;

    /** Softmax with PReLU as center loss draws it; the rest without, as their papers draw them. */
    static final List<PlottedLoss> ALL = List.of(
            new PlottedLoss("softmax", "{'kind': 'softmax'}", true, RATE),
            new PlottedLoss("softmax-linear", "{'kind': 'softmax'}", false, RATE),
            new PlottedLoss("modified-softmax", "{'kind': 'modified-softmax'}", false, RATE),
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
            new PlottedLoss("am-softmax", "{'kind': 'am-softmax', 'scale': 30, 'margin': 0.35}", false, RATE),
            new PlottedLoss("arcface", "{'kind': 'arcface', 'scale': 30, 'margin': 0.5}", false, RATE));

    /** As in the pictures of L-Softmax and SphereFace, down to lambda 0. */
    private static PlottedLoss annealed(String kind, int factor) {
        return new PlottedLoss(kind + "-" + factor, "{'kind': '" + kind + "', 'factor': " + factor
                + ", 'annealing': {'base': 1000, 'gamma': GAMMA, 'power': 35, 'least': 0}}", false, RATE);
    }

    private static PlottedLoss normFace(int scale) {
        return new PlottedLoss("normface-" + scale, "{'kind': 'normface', 'scale': " + scale + ", 'scaleRate': 0}", false, RATE);
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
     * LeNet++ with momentum 0.9 and weight decay 5e-4; the rate falls to a tenth after a half and three quarters of the steps.
     *
     * @param features numbers of a feature
     * @param batch pictures of a step
     */
    TrainingConfig config(int features, int steps, int batch, long startValue) {
        String rates = List.of(new double[] {0, rate}, new double[] {steps / 2, rate / 10}, new double[] {3 * steps / 4, rate / 100}).stream()
                .map(at -> "{'step': " + (long) at[0] + ", 'rate': " + at[1] + "}").collect(Collectors.joining(", "));
        String json = """
                {'network': {'kind': 'le-net', 'embeddingSize': %d, 'featurePrelu': %b}, 'head': %s,
                 'optimizer': {'kind': 'sgd', 'momentum': 0.9, 'convention': 'caffe'}, 'schedule': {'kind': 'steps', 'rates': [%s]},
                 'warmUp': %d, 'steps': %d, 'batch': %d, 'startValue': %d, 'flip': false, 'reportEvery': %d}""";
        String annealed = head.replace("GAMMA", Double.toString(Annealing.L_SOFTMAX.gamma() * PAPER_STEPS / steps));
        return TrainingConfig.parse(json.formatted(features, featurePrelu, annealed, rates, steps / 20, steps, batch, startValue, Math.max(1, steps / 20)).replace('\'', '"'));
    }
}
