package org.angulus.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import org.angulus.train.StepReport;
import org.angulus.train.Stages;
import org.angulus.train.TrainingListener;

/** Shows how training goes: a bar where a person looks at a terminal, and twenty lines of a run in either case. */
final class ProgressDisplay implements TrainingListener, AutoCloseable {
    private static final int LINES = 20;

    private final long steps;
    private final int batch;
    private final PrintWriter out;
    private final PrintWriter err;
    private TerminalBar bar;
    private long nextLine;

    ProgressDisplay(Stages stages, PrintWriter out, PrintWriter err) {
        steps = stages.steps();
        batch = stages.first().batch();
        this.out = out;
        this.err = err;
    }

    /** Begins at a step. */
    void start(long step) {
        nextLine = step;
        close();
        bar = new TerminalBar(true, "Training", "images", batch, step, steps);
    }

    @Override
    public void onStep(StepReport report) {
        long done = report.step() + 1;
        bar.reached(done, String.format(Locale.ROOT, "loss %.3f", report.loss()));
        if (done >= nextLine || done == steps) {
            nextLine = done + Math.max(1, steps / LINES);
            double left = (steps - done) * (double) batch / report.imagesPerSecond();
            double angle = report.health().targetAngle(); // NaN without a head
            String angles = Double.isNaN(angle) ? "" : String.format(Locale.ROOT, "angle %.0f (wrong %.0f)  ", angle, report.health().nearestAngle());
            note(String.format(Locale.ROOT, "step %d of %d  loss %.4f  right %.0f %%  %srate %.2g  %.0f images/s  %s left",
                    done, steps, report.loss(), 100 * report.accuracy(), angles, report.learningRate(), report.imagesPerSecond(), TerminalBar.time(left)));
        }
    }

    @Override
    public void onEvaluation(long step, Map<String, Double> figures) {
        StringBuilder text = new StringBuilder("step " + step + "  held-out people:");
        figures.forEach((name, value) -> text.append(String.format(Locale.ROOT, "  %s %.4f", name, value)));
        note(text.toString());
    }

    @Override
    public void onWarning(long step, String sentence) {
        warn("step " + step + ": " + sentence);
    }

    /** A line of its own. */
    void note(String line) {
        println(out, line);
    }

    /** A line of its own on standard error. */
    void warn(String sentence) {
        println(err, "angulus: " + sentence);
    }

    private void println(PrintWriter to, String line) {
        if (bar == null) {
            to.println(line);
            to.flush();
        } else {
            bar.println(to, line);
        }
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
