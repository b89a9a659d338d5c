package org.angulus.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.angulus.train.StepReport;
import org.angulus.train.TrainingConfig;
import org.angulus.train.TrainingListener;

/** Shows how training goes: a bar where a person looks at a terminal, and twenty lines of a run in either case. */
final class ProgressDisplay implements TrainingListener, AutoCloseable {
    private static final int LINES = 20;

    private final TrainingConfig config;
    private final PrintWriter out;
    private final PrintWriter err;
    private ProgressBar bar;
    private long nextLine;

    ProgressDisplay(TrainingConfig config, PrintWriter out, PrintWriter err) {
        this.config = config;
        this.out = out;
        this.err = err;
    }

    /** Begins at a step. */
    void start(long step) {
        nextLine = step;
        if (System.console() != null && System.console().isTerminal()) {
            bar = new ProgressBarBuilder()
                    .setTaskName("Training")
                    .setInitialMax(config.steps())
                    .setConsumer(new ConsoleProgressBarConsumer(System.out))
                    .setStyle(ProgressBarStyle.ASCII)
                    .setUnit(" steps", 1)
                    .startsFrom(step, Duration.ZERO)
                    .continuousUpdate()
                    .build();
        }
    }

    @Override
    public void onStep(StepReport report) {
        long done = report.step() + 1;
        if (bar != null) {
            bar.setExtraMessage(String.format(Locale.ROOT, " loss %.3f, %.0f images/s", report.loss(), report.imagesPerSecond()));
            bar.stepTo(done);
        }
        if (done >= nextLine || done == config.steps()) {
            nextLine = done + Math.max(1, config.steps() / LINES);
            double left = (config.steps() - done) * (double) config.batch() / report.imagesPerSecond();
            note(String.format(Locale.ROOT, "step %d of %d  loss %.4f  right %.0f %%  rate %.2g  %.0f images/s  %s left", done, config.steps(),
                    report.loss(), 100 * report.accuracy(), report.learningRate(), report.imagesPerSecond(), time(left)));
        }
    }

    @Override
    public void onEvaluation(long step, Map<String, Double> figures) {
        StringBuilder text = new StringBuilder("step " + step + "  held-out people:");
        figures.forEach((name, value) -> text.append(String.format(Locale.ROOT, "  %s %.4f", name, value)));
        note(text.toString());
    }

    @Override
    public void onCheckpoint(long step, Path folder) {
        if (bar == null) {
            return;
        }
        bar.setExtraMessage(" saved " + folder.getFileName());
    }

    @Override
    public void onWarning(long step, String sentence) {
        err.println("angulus: step " + step + ": " + sentence);
        err.flush();
    }

    /** A line of its own. */
    void note(String line) {
        if (bar != null) {
            out.print("\r\u001b[K");
        }
        out.println(line);
        out.flush();
    }

    private static String time(double seconds) {
        long whole = Math.round(seconds);
        return whole >= 3600
                ? String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
                : String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60);
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
