package org.angulus.train;

import java.nio.file.Path;

/** A run that cannot go on: the gradients are no longer finite. The message is one sentence with the step, the last good checkpoint and advice. */
public final class DivergedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long step;

    DivergedException(long step, long skipped, double loss, Path checkpoint) {
        super("Training diverged by step " + step + ": " + skipped + " steps had no finite gradient and the last loss read is " + loss
                + "; lower the learning rate, raise warmUp or set clip, and "
                + (checkpoint == null ? "start again, since there is no checkpoint yet." : "continue from " + checkpoint + "."));
        this.step = step;
    }

    /** The step at which it was noticed. */
    public long step() {
        return step;
    }
}
