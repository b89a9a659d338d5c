package org.angulus.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * Warns once when a run does not learn. After the rises of learning rate and margin the means over the first and the last third of so many steps are
 * compared: at first the loss must fall, and as long as hardly anybody is recognised the angle to the right class vector must. The warning names the
 * usual causes, the likeliest first.
 */
public final class LossWatch implements TrainingListener {
    private static final int LEAST_REPORTS = 12;
    private static final long LEAST_STEPS = 200;
    private static final int PARTS = 20;
    private static final double FALL = 0.99;
    private static final double DEGREE = 1;
    private static final double RISE = 1.05;
    private static final double FEW_RIGHT = 0.05;
    private static final double MOST_RIGHT = 0.9;
    private static final double NEAR_BOUND = 1.05;

    private final TrainingConfig config;
    private final TrainingListener told;
    private final List<StepReport> seen = new ArrayList<>();
    private boolean judged;
    private boolean warned;

    /**
     * @param config of the run or stage
     * @param told hears the warning
     */
    public LossWatch(TrainingConfig config, TrainingListener told) {
        this.config = config;
        this.told = told;
    }

    /** Steps over which a loss must fall. */
    long patience() {
        return Math.max(Math.max(LEAST_STEPS, config.steps() / PARTS), (long) LEAST_REPORTS * config.reportEvery());
    }

    @Override
    public void onStep(StepReport report) {
        if (warned || report.step() < Math.max(config.warmUp(), config.marginWarmUp())) {
            return;
        }
        seen.add(report);
        if (seen.size() >= LEAST_REPORTS && report.step() - seen.getFirst().step() >= patience() - config.reportEvery()) {
            judge(seen.subList(0, seen.size() / 3), seen.subList(seen.size() - seen.size() / 3, seen.size()));
            seen.clear();
        }
    }

    private void judge(List<StepReport> first, List<StepReport> last) {
        double loss = mean(last, StepReport::loss);
        double before = mean(first, StepReport::loss);
        double right = mean(last, StepReport::accuracy);
        double angle = mean(last, report -> report.health().targetAngle());
        boolean stands = !judged && loss > FALL * before && right < MOST_RIGHT;
        boolean lost = right <= FEW_RIGHT && angle > mean(first, report -> report.health().targetAngle()) - DEGREE;
        judged = true;
        if (stands || lost) {
            warned = true;
            StepReport now = last.getLast();
            long steps = now.step() - first.getFirst().step();
            String what = stands
                    ? String.format(Locale.ROOT, "The loss does not fall: %.3f on average, and %.3f %d steps before. ", loss, before, steps)
                    : String.format(Locale.ROOT, "Hardly anybody is recognised: %.1f %% are, and the angle to the right person has not become smaller in %d steps"
                            + " (%.0f degrees). ", 100 * right, steps, angle);
            told.onWarning(now.step(), what + "Usual causes: " + causes(now, loss > RISE * before) + ".");
        }
    }

    private static double mean(List<StepReport> reports, ToDoubleFunction<StepReport> figure) {
        return reports.stream().mapToDouble(figure).average().orElse(Double.NaN);
    }

    private String causes(StepReport last, boolean rises) {
        var causes = new ArrayList<String>();
        if (last.loss() <= NEAR_BOUND * last.health().lowestLoss()) {
            causes.add(String.format(Locale.ROOT, "the scale allows no loss below %.3f (raise head.scale)", last.health().lowestLoss()));
        }
        String rate = String.format(Locale.ROOT, "a learning rate that is too high or too low (it is %.2g; try a tenth of it, or warmUp)", last.learningRate());
        if (rises) {
            causes.add(rate);
        }
        if (last.margin() > 0 && last.accuracy() <= FEW_RIGHT) {
            causes.add(String.format(Locale.ROOT, "a margin that comes too early (%.2f with %.0f %% right; set marginWarmUp, or begin with a stage of softmax)",
                    last.margin(), 100 * last.accuracy()));
        }
        causes.add("labels that do not belong to the pictures (look at some folders)");
        causes.add(rate);
        return causes.stream().distinct().collect(Collectors.joining("; "));
    }
}
