package org.angulus.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.angulus.loss.HeadHealth;
import org.angulus.device.MetricSummary;

/**
 * Writes a run's figures as TensorBoard scalars: learning_rate, total_loss/cross_entropy, train/..., angle/..., gradient_share/..., length/...,
 * and evaluation figures as lfw/.... A log that cannot be
 * written ends with one warning, never the run.
 */
public final class TensorBoardListener implements TrainingListener, AutoCloseable {
    private final String evaluation;
    private final Consumer<String> warning;
    private TensorBoard board; // null after a failure

    /**
     * Starts an event file, as {@link TensorBoard#open} does.
     *
     * @param evaluation stands before the names of evaluation figures, say "lfw"
     * @param warning takes the one warning
     */
    public TensorBoardListener(Path folder, String evaluation, Consumer<String> warning) {
        this.evaluation = evaluation;
        this.warning = warning;
        try {
            board = TensorBoard.open(folder);
        } catch (IOException e) {
            fail(e);
        }
    }

    @Override
    public void onStep(StepReport report) {
        var values = new LinkedHashMap<String, Double>();
        values.put("learning_rate", report.learningRate());
        values.put("total_loss/cross_entropy", report.loss());
        values.put("train/accuracy", report.accuracy());
        values.put("train/target_cosine", report.targetCosine());
        values.put("train/other_cosine", report.otherCosine());
        values.put("train/gradient_norm", report.gradientNorm());
        values.put("train/margin", report.margin());
        values.put("train/skipped_steps", (double) report.skippedSteps());
        values.put("time/images_per_second", report.imagesPerSecond());
        values.put("time/loader_share", report.loaderShare());
        values.putAll(health(report.health()));
        write(report.step(), values);
    }

    /** Lines of a panel share its first word; what a head has not is no line. */
    private static Map<String, Double> health(HeadHealth health) {
        var values = new LinkedHashMap<String, Double>();
        values.put("total_loss/lowest_possible", health.lowestLoss());
        values.put("angle/target", health.targetAngle());
        values.put("angle/nearest_other", health.nearestAngle());
        for (int i = 0; i <= HeadHealth.BANDS.size(); i++) {
            String from = i == 0 ? "0" : HeadHealth.BANDS.get(i - 1).toString();
            String to = i == HeadHealth.BANDS.size() ? "180" : HeadHealth.BANDS.get(i).toString();
            values.put("gradient_share/" + from + "_to_" + to, health.gradientShares().get(i));
        }
        values.put("length/embedding", health.embeddingNorm());
        values.put("length/class_vector", health.classNorm());
        values.values().removeIf(value -> value.isNaN());
        return values;
    }

    @Override
    public void onMetric(long step, MetricSummary summary, double margin) {
        var values = new LinkedHashMap<String, Double>();
        values.put("metric/loss", (double) summary.loss());
        values.put("metric/active", (double) summary.active());
        values.put("metric/skipped", (double) summary.skipped());
        values.put("metric/positive_distance", (double) summary.positiveDistance());
        values.put("metric/negative_distance", (double) summary.negativeDistance());
        values.put("metric/collapsed", (double) summary.collapsed());
        values.put("metric/margin", margin);
        write(step, values);
    }

    @Override
    public void onEvaluation(long step, Map<String, Double> figures) {
        var values = new LinkedHashMap<String, Double>();
        figures.forEach((name, value) -> values.put(evaluation + "/" + name, value));
        write(step, values);
    }

    private void write(long step, Map<String, Double> values) {
        if (board == null) {
            return;
        }
        try {
            board.scalars(step, values);
        } catch (IOException e) {
            fail(e);
        }
    }

    private void fail(IOException cause) {
        board = null;
        warning.accept("there are no more TensorBoard events of this run, which goes on without them: " + cause.getMessage());
    }

    /** Closes the event file. */
    @Override
    public void close() {
        if (board != null) {
            try {
                board.close();
            } catch (IOException e) {
                fail(e);
            }
        }
    }
}
