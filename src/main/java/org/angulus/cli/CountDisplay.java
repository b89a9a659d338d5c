package org.angulus.cli;

import java.io.PrintWriter;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows how far a count has come: a bar where a person looks at a terminal, else twenty lines. */
final class CountDisplay implements AutoCloseable {
    private static final int LINES = 20;

    private final String task;
    private final String unit;
    private final long total;
    private final PrintWriter out;
    private final ProgressBar bar;
    private final long started = System.nanoTime();
    private long nextLine = 1;

    CountDisplay(String task, String unit, long total, PrintWriter out) {
        this.task = task;
        this.unit = unit;
        this.total = total;
        this.out = out;
        boolean terminal = System.console() != null && System.console().isTerminal();
        bar = terminal
                ? new ProgressBarBuilder().setTaskName(task).setInitialMax(total).setStyle(ProgressBarStyle.ASCII).setUnit(unit, 1).showSpeed().build()
                : null;
    }

    /** So many are done. */
    void reached(long done) {
        if (bar != null) {
            bar.stepTo(done);
        } else if (done * LINES / total >= nextLine) {
            nextLine = done * LINES / total + 1;
            double seconds = Math.max(1e-9, (System.nanoTime() - started) * 1e-9);
            out.println(String.format(Locale.ROOT, "%s: %d of %d%s, %.0f a second", task, done, total, unit, done / seconds));
            out.flush();
        }
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
