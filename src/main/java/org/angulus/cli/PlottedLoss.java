package org.angulus.cli;

import java.util.List;
import java.util.stream.Collectors;
import org.angulus.model.Printable;
import org.angulus.train.TrainingConfig;

/**
 * A loss of the feature pictures. A new head takes part with a line in {@link #ALL}.
 *
 * @param name on the command line
 * @param head as the field "head" of a training configuration
 * @param featurePrelu whether a PReLU follows the feature, as in the pictures of center loss
 * @param rate the first learning rate
 */
record PlottedLoss(String name, String head, boolean featurePrelu, double rate) {
    /** LeNet++'s own; the ten times higher one of NormFace's 3-D pictures keeps 2-D features from learning anything. */
    private static final double RATE = 0.01;

    /** Softmax with PReLU as center loss draws it; the rest without, as their papers draw them. */
    static final List<PlottedLoss> ALL = List.of(
            new PlottedLoss("softmax", "{'kind': 'softmax'}", true, RATE),
            new PlottedLoss("softmax-linear", "{'kind': 'softmax'}", false, RATE),
            new PlottedLoss("modified-softmax", "{'kind': 'modified-softmax'}", false, RATE),
            normFace(1),
            normFace(2),
            normFace(4),
            normFace(7),
            normFace(11),
            new PlottedLoss("am-softmax", "{'kind': 'am-softmax', 'scale': 30, 'margin': 0.35}", false, RATE));

    private static PlottedLoss normFace(int scale) {
        return new PlottedLoss("normface-" + scale, "{'kind': 'normface', 'scale': " + scale + "}", false, RATE);
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
        return TrainingConfig.parse(json.formatted(features, featurePrelu, head, rates, steps / 20, steps, batch, startValue, Math.max(1, steps / 20)).replace('\'', '"'));
    }
}
