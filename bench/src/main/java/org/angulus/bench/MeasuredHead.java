package org.angulus.bench;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.angulus.device.HeadKind;
import org.angulus.loss.Annealing;
import org.angulus.loss.MarginHead;

/** Heads that are timed, as {@code tools/peers/torch_ops.py} has them. */
enum MeasuredHead {
    AM_SOFTMAX(MarginHead.amSoftmax(30, 0.35), 30, -0.35),
    ARCFACE(MarginHead.of(HeadKind.ARCFACE), 64, -Math.sin(0.5)),
    /** m 4, lambda 5; the scale is the embedding's length, here that of 512 numbers drawn from [-1, 1). */
    SPHEREFACE(MarginHead.of(HeadKind.SPHEREFACE).change().annealing(new Annealing(5, 0, 1, 5)).build(), Math.sqrt(HeadProblem.D / 3.0), -0.5);

    private final MarginHead head;
    private final double scale;
    private final double atRightAngle;

    /** @param atRightAngle the target's logit over the scale where the cosine is 0 */
    MeasuredHead(MarginHead head, double scale, double atRightAngle) {
        this.head = head;
        this.scale = scale;
        this.atRightAngle = atRightAngle;
    }

    static MeasuredHead named(String name) {
        return Arrays.stream(values()).filter(head -> head.words().equals(name)).findFirst().orElseThrow(() -> new IllegalArgumentException(
                "There is no head '" + name + "' to time; choose one of " + Stream.of(values()).map(MeasuredHead::words).collect(Collectors.joining(", ")) + "."));
    }

    String words() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    MarginHead head() {
        return head;
    }

    /** The loss while nothing is learnt: cosines lie near 0 with variance 1 / D, so it is about ln(1 + (classes - 1) e^(-s phi(0) + s s / 2 D)). */
    double untrainedLoss(int classes) {
        return Math.log1p((classes - 1) * Math.exp(-scale * atRightAngle + scale * scale / (2 * HeadProblem.D)));
    }
}
