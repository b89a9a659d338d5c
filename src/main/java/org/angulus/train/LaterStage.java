package org.angulus.train;

import java.nio.file.Path;
import java.util.Map;
import org.angulus.device.MetricSummary;

/**
 * Tells a listener of a stage as part of the whole run.
 *
 * @param listener of the run
 * @param before steps of the stages before
 */
record LaterStage(TrainingListener listener, long before) implements TrainingListener {
    @Override
    public void onStep(StepReport report) {
        listener.onStep(report.later(before));
    }

    @Override
    public void onMetric(long step, MetricSummary summary, double margin) {
        listener.onMetric(before + step, summary, margin);
    }

    @Override
    public void onEvaluation(long step, Map<String, Double> figures) {
        listener.onEvaluation(before + step, figures);
    }

    @Override
    public void onCheckpoint(long step, Path folder) {
        listener.onCheckpoint(before + step, folder);
    }

    @Override
    public void onWarning(long step, String sentence) {
        listener.onWarning(before + step, sentence);
    }
}
