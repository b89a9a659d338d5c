package org.angulus.train;

import java.util.ArrayList;
import java.util.List;
import org.angulus.device.AdamRule;
import org.angulus.device.Op;
import org.angulus.device.Ops;
import org.angulus.device.RmspropRule;
import org.angulus.device.Segment;
import org.angulus.device.SegmentTable;
import org.angulus.device.SgdRule;
import org.angulus.loss.MarginHead;
import org.angulus.model.FlatLayout;
import org.angulus.model.ParameterKind;

/**
 * The end of a step: norm and clipping, the optimizer's update, running statistics, moving averages, counters. All of it is skipped on the device when
 * the gradient is not finite: then no persistent byte changes but the count of skipped steps.
 */
final class CommitPhase {
    private final TrainingConfig config;
    private final FlatLayout parameters;
    private final FlatLayout statistics;
    private final long firstStatistic;
    private final SegmentTable segments;

    /**
     * Device addresses; flat f32 buffers. Parameters, gradients and what goes with them begin at the first that is not frozen.
     *
     * @param parameters changed
     * @param gradients sum over the micro-batches
     * @param optimizer what the optimizer keeps, in the order of {@link Optimizer#states()}
     * @param candidates running statistics after this step
     * @param running running statistics that persist
     * @param averageParameters 0 without averages
     * @param averageRunning 0 without averages
     * @param scalars step scalars
     * @param control step control
     * @param workspace {@link #workspaceBytes}
     */
    record Addresses(
            long parameters,
            long gradients,
            List<Long> optimizer,
            long candidates,
            long running,
            long averageParameters,
            long averageRunning,
            long scalars,
            long control,
            long workspace) {}

    /**
     * @param parameters those that are not frozen
     * @param firstStatistic where running statistics begin that are not frozen
     */
    CommitPhase(TrainingConfig config, FlatLayout parameters, FlatLayout statistics, long firstStatistic) {
        this.config = config;
        this.parameters = parameters;
        this.statistics = statistics;
        this.firstStatistic = firstStatistic;
        segments = new SegmentTable(segments(config, parameters));
    }

    long workspaceBytes(Ops ops) {
        return ops.workspaceBytes(Op.GRADIENT_NORM, parameters.count(), 1);
    }

    void emit(Ops ops, Addresses a) {
        long count = parameters.count();
        ops.gradientNorm(count, 1f / config.microBatches(), (float) config.clip(), a.gradients(), a.control(), a.workspace());
        switch (config.optimizer()) {
            case Optimizer.Sgd sgd -> {
                var rule = new SgdRule((float) sgd.momentum(), sgd.convention(), sgd.nesterov());
                ops.sgdUpdate(rule, count, segments, a.parameters(), a.gradients(), a.optimizer().get(0), a.scalars(), a.control());
            }
            case Optimizer.Adam adam -> {
                var rule = new AdamRule((float) adam.beta1(), (float) adam.beta2(), (float) adam.epsilon(), adam.form(), adam.decoupled());
                ops.adamUpdate(
                        rule, count, segments, a.parameters(), a.gradients(), a.optimizer().get(0), a.optimizer().get(1), a.scalars(),
                        a.control());
            }
            case Optimizer.Adagrad adagrad -> ops.adagradUpdate(
                    (float) adagrad.epsilon(), count, segments, a.parameters(), a.gradients(), a.optimizer().get(0), a.scalars(), a.control());
            case Optimizer.Rmsprop rmsprop -> {
                var rule = new RmspropRule((float) rmsprop.decay(), (float) rmsprop.momentum(), (float) rmsprop.epsilon(), rmsprop.form());
                ops.rmspropUpdate(
                        rule, count, segments, a.parameters(), a.gradients(), a.optimizer().get(0), a.optimizer().get(1), a.scalars(),
                        a.control());
            }
        }
        ops.commitCopy(a.running(), a.candidates(), Float.BYTES * statistics.count(), a.control());
        if (config.averageDecay() > 0) {
            float decay = (float) config.averageDecay();
            ops.emaUpdate(count, decay, a.parameters(), a.averageParameters(), a.control());
            if (firstStatistic < statistics.count()) {
                long skipped = Float.BYTES * firstStatistic;
                ops.emaUpdate(statistics.count() - firstStatistic, decay, a.running() + skipped, a.averageRunning() + skipped, a.control());
            }
        }
        ops.commitEnd(a.control());
    }

    /** Tensors with their rules; neighbours of the same rules are one stretch. */
    private static List<Segment> segments(TrainingConfig config, FlatLayout parameters) {
        var segments = new ArrayList<Segment>();
        for (FlatLayout.Entry entry : parameters.entries()) {
            boolean scale = entry.spec().kind() == ParameterKind.SCALE;
            float decay = scale ? 0 : (float) config.decay().of(entry.spec().kind());
            float rate = (float) (scale ? config.head().scaleRate() : config.rates().of(entry.spec().kind()));
            float bound = scale ? (float) MarginHead.LEAST_SCALE : Float.NEGATIVE_INFINITY;
            long end = entry.offset() + entry.spec().count();
            Segment last = segments.isEmpty() ? null : segments.getLast();
            if (last != null && last.weightDecay() == decay && last.rateFactor() == rate && last.lowerBound() == bound) {
                segments.set(segments.size() - 1, new Segment(last.offset(), end - last.offset(), decay, rate, bound));
            } else {
                segments.add(new Segment(entry.offset(), end - entry.offset(), decay, rate, bound));
            }
        }
        return segments;
    }
}
