package org.angulus.train;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Writes a run's figures as TensorBoard scalars: learning_rate, total_loss/cross_entropy, train/..., and evaluation figures as lfw/.... A log that cannot be
 * written ends with one warning, never the run.
 */
public final class TensorBoardListener implements TrainingListener {
    private final TensorBoard board;
    private final String evaluation;
    private boolean failed;

    /**
     * @param board where to write; closed by its owner
     * @param evaluation stands before the names of evaluation figures, say "lfw"
     */
    public TensorBoardListener(TensorBoard board, String evaluation) {
        this.board = board;
        this.evaluation = evaluation;
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
        write(report.step(), values);
    }

    @Override
    public void onEvaluation(long step, Map<String, Double> figures) {
        var values = new LinkedHashMap<String, Double>();
        figures.forEach((name, value) -> values.put(evaluation + "/" + name, value));
        write(step, values);
    }

    private void write(long step, Map<String, Double> values) {
        if (failed) {
            return;
        }
        try {
            board.scalars(step, values);
        } catch (IOException e) {
            failed = true;
            System.getLogger(TensorBoardListener.class.getName())
                    .log(System.Logger.Level.WARNING, "TensorBoard events can no longer be written to {0} ({1}); the run goes on without them",
                            board.file(), e.getMessage());
        }
    }
}
