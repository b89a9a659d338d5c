package org.angulus.train;

import java.nio.file.Path;
import java.util.Map;

/** Told of what happens in a run, on the thread that trains. Every method does nothing unless it is overridden. */
public interface TrainingListener {
    /** This listener for a stage that comes after {@code steps} others: what it is told counts them, too. */
    default TrainingListener after(long steps) {
        return steps == 0 ? this : new LaterStage(this, steps);
    }

    /** A step's loss was read. */
    default void onStep(StepReport report) {}

    /** A step's loss on distances was read. */
    default void onMetric(long step, MetricSummary summary) {}

    /** The weights after {@code step} steps were evaluated; the first figure decides which checkpoint is the best. */
    default void onEvaluation(long step, Map<String, Double> figures) {}

    /** A checkpoint stands on disk. */
    default void onCheckpoint(long step, Path folder) {}

    /** Something is odd, but the run goes on. */
    default void onWarning(long step, String sentence) {}
}
