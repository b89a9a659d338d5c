package org.angulus.data;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Account of the images of a run that could not be used: each is named once, all are counted, and too many end the run. Used by several threads at
 * once.
 */
public final class FailedImages {
    /** Share of what was consumed that may fail. */
    private static final double SHARE = 0.001;
    /** So many may fail in any case: one bad picture must not end a run at its beginning. */
    private static final int ALWAYS_ALLOWED = 16;

    private static final int NAMED = 1000;

    private final boolean strict;
    private final AtomicLong consumed = new AtomicLong();
    private long failed;
    private final Set<String> named = new LinkedHashSet<>();
    private final List<String> untold = new ArrayList<>();
    /** Says why the run ends; null while it does not. */
    private String end;

    /** @param strict whether the first one ends the run */
    public FailedImages(boolean strict) {
        this.strict = strict;
    }

    /** An image was used. */
    public void used() {
        consumed.incrementAndGet();
    }

    /**
     * An image could not be used.
     *
     * @param failure says in one sentence which and why
     * @throws IOException when that is one too many: the failure itself in a strict run. From then on every failure says the same, whichever
     *     thread's is told first
     */
    public synchronized void failed(IOException failure) throws IOException {
        if (strict) {
            throw failure;
        }
        if (end != null) {
            throw new IOException(end, failure);
        }
        failed++;
        long all = consumed.incrementAndGet();
        if (named.size() < NAMED && named.add(failure.getMessage())) {
            untold.add(failure.getMessage());
        }
        if (failed > Math.max(ALWAYS_ALLOWED, SHARE * all)) {
            end = failed + " of " + all + String.format(Locale.ROOT, " pictures could not be used, more than %.1f %%; ", 100 * SHARE)
                    + "mend or remove them, the first are these: " + String.join(" ", named.stream().limit(3).toList());
            throw new IOException(end, failure);
        }
    }

    /** How many could not be used, an image that failed twice counted twice. */
    public synchronized long count() {
        return failed;
    }

    /** The sentences of images that failed for the first time since the last call. */
    public synchronized List<String> takeUntold() {
        List<String> sentences = List.copyOf(untold);
        untold.clear();
        return sentences;
    }
}
