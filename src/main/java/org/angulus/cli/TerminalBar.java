package org.angulus.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressState;

/** The last line of a terminal, which shows how far something has come; where nobody looks it is nothing. Other lines go above it, never into it. */
final class TerminalBar implements AutoCloseable {
    private static final int LEAST_CELLS = 10;
    private static final int MOST_CELLS = 40;

    private final String unit;
    private final int unitsInStep;
    /** Null where nobody looks. */
    private final ProgressBar bar;

    private final Turns turns = new Turns();
    /** Held while something is printed: the bar is drawn by a thread of its own. */
    private final Object turn = new Object();

    /**
     * @param wanted false: nothing is drawn, at a terminal neither
     * @param unit what is counted for the speed, such as images
     * @param unitsInStep of these in a step
     * @param start steps that were done before
     */
    TerminalBar(boolean wanted, String task, String unit, int unitsInStep, long start, long steps) {
        this.unit = unit;
        this.unitsInStep = unitsInStep;
        this.bar = wanted && System.console() != null && System.console().isTerminal()
                ? new ProgressBarBuilder().setTaskName(task).setInitialMax(steps).startsFrom(start, Duration.ZERO).setConsumer(turns)
                        .setRenderer(this::render).continuousUpdate().build()
                : null;
    }

    /** Draws when it is its turn. */
    private final class Turns implements ProgressBarConsumer {
        private final ProgressBarConsumer console = new ConsoleProgressBarConsumer(System.out);
        private boolean closed;

        @Override
        public int getMaxRenderedLength() {
            return console.getMaxRenderedLength();
        }

        @Override
        public void accept(String line) {
            synchronized (turn) {
                console.accept(line);
            }
        }

        @Override
        public void close() {
            synchronized (turn) {
                closed = true;
                console.close();
            }
        }
    }

    boolean isShown() {
        return bar != null;
    }

    /**
     * So many steps are done.
     *
     * @param remark stands at the end of the line where there is room
     */
    void reached(long done, String remark) {
        if (bar != null) {
            bar.setExtraMessage(remark);
            bar.stepTo(done);
        }
    }

    /** Prints a line above the bar. */
    void println(PrintWriter to, String line) {
        synchronized (turn) {
            if (bar != null) {
                System.out.print("\r\u001b[K");
                System.out.flush();
            }
            to.println(line);
            to.flush();
        }
    }

    private String render(ProgressState state, int width) {
        long now = state.getCurrent() - state.getStart();
        double seconds = Math.max(1e-9, state.getElapsedAfterStart().toNanos() * 1e-9);
        String pace = now == 0 ? "" : String.format(Locale.ROOT, "%.0f %s/s  %s left", now * (double) unitsInStep / seconds, unit,
                time((state.getMax() - state.getCurrent()) * seconds / now));
        return line(state.getTaskName(), state.getCurrent(), state.getMax(), pace, state.getExtraMessage(), width);
    }

    /** As much as fits into {@code width}: speed and time left before the count, the remark and the bar itself. Padded, to cover what stood there. */
    static String line(String task, long done, long steps, String pace, String remark, int width) {
        String share = 100 * done / Math.max(1, steps) + "%";
        String end = done + "/" + steps + "  " + pace + (remark.isEmpty() ? "" : "  " + remark);
        String whole = task + " " + share + "  " + end;
        int cells = Math.min(MOST_CELLS, width - whole.length() - 2);
        String line;
        if (cells >= LEAST_CELLS) {
            int full = (int) (cells * done / Math.max(1, steps));
            line = task + " " + share + " [" + "=".repeat(full) + " ".repeat(cells - full) + "] " + end;
        } else if (whole.length() <= width) {
            line = whole;
        } else {
            String shorter = task + " " + share + "  " + pace;
            line = shorter.length() <= width ? shorter : share + "  " + pace;
        }
        return String.format("%-" + Math.max(1, width) + "s", line.substring(0, Math.min(line.length(), Math.max(0, width))));
    }

    /** 1:05:09, or 5:09. */
    static String time(double seconds) {
        long whole = Math.round(seconds);
        return whole >= 3600
                ? String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
                : String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60);
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            if (!turns.closed) {
                turns.close(); // the library leaves the line open when it draws for the first time
            }
        }
    }
}
