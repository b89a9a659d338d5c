package org.angulus.train;

import java.nio.file.Path;
import java.util.Map;
import org.angulus.device.MetricSummary;

/** Told of what happens in a run, on the thread that trains. Every method does nothing unless it is overridden. */
public interface TrainingListener {
    /** This listener for a stage that comes after {@code steps} others: what it is told counts them, too. */
    default TrainingListener after(long steps) {
        return steps == 0 ? this : new LaterStage(this, steps);
    }

    /** A step's loss was read. */
    default void onStep(StepReport report) {}

    /** What the loss on the embeddings said of the step that was just told of, and its margin for the next one (0 for center loss). */
    default void onMetric(long step, MetricSummary summary, double margin) {}

    /** The weights after {@code step} steps were evaluated; the first figure decides which checkpoint is the best. */
    default void onEvaluation(long step, Map<String, Double> figures) {}

    /** A checkpoint stands on disk. */
    default void onCheckpoint(long step, Path folder) {}

    /** Something is odd, but the run goes on. */
    default void onWarning(long step, String sentence) {}
}
