package org.angulus.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.angulus.eval.Plots;
import org.angulus.eval.Plots.TrainingCurve;
import org.angulus.train.StepReport;
import org.angulus.train.TrainingListener;

/** Collects the losses of a run for its picture. */
final class LossCurve implements TrainingListener {
    private final List<StepReport> reports = new ArrayList<>();

    @Override
    public void onStep(StepReport report) {
        reports.add(report);
    }

    /** Draws what was collected; nothing when no step was reported. */
    void draw(Plots plots, Path png, String title) {
        if (!reports.isEmpty()) {
            plots.training(
                    png,
                    title,
                    new TrainingCurve(
                            reports.stream().mapToDouble(StepReport::step).toArray(),
                            reports.stream().mapToDouble(StepReport::loss).toArray(),
                            reports.stream().mapToDouble(StepReport::learningRate).toArray()));
        }
    }
}
