package org.angulus.cli;

import java.io.PrintWriter;
import java.util.Locale;

/** Shows how far a count has come: a bar where a person looks at a terminal, else twenty lines. */
final class CountDisplay implements AutoCloseable {
    private static final int LINES = 20;

    private final String task;
    private final String unit;
    private final long total;
    private final PrintWriter out;
    private final TerminalBar bar;
    private final long started = System.nanoTime();
    private long nextLine = 1;

    CountDisplay(String task, String unit, long total, PrintWriter out) {
        this.task = task;
        this.unit = unit;
        this.total = total;
        this.out = out;
        bar = new TerminalBar(true, task, unit, 1, 0, total);
    }

    /** So many are done. */
    void reached(long done) {
        bar.reached(done, "");
        if (!bar.isShown() && done * LINES / total >= nextLine) {
            nextLine = done * LINES / total + 1;
            double seconds = Math.max(1e-9, (System.nanoTime() - started) * 1e-9);
            out.println(String.format(Locale.ROOT, "%s: %d of %d %s, %.0f a second", task, done, total, unit, done / seconds));
            out.flush();
        }
    }

    /** A line of its own. */
    void println(PrintWriter to, String line) {
        bar.println(to, line);
    }

    @Override
    public void close() {
        bar.close();
    }
}
