package org.angulus.train;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Where batches come from. What stands at a position is a function of the source alone, and of the round that has begun where it has {@link #rounds},
 * whichever thread asks and however often, so a resumed run reads what an uninterrupted one would have read.
 */
public interface BatchSource {
    /** Labels lie in [0, classes). */
    int classes();

    /** Images of the set that batches are drawn from; 0 where they do not tell which image is which. */
    default int images() {
        return 0;
    }

    /** Rows of every crop. */
    int height();

    /** Columns of every crop. */
    int width();

    /**
     * Fills one batch with the examples from {@code position} on. Called by several threads at once, with different batches.
     *
     * @param position number of the first example since the start of the run
     * @param batch what to fill, completely
     */
    void fill(long position, Batch batch) throws IOException;

    /** Sentences about examples that had to be replaced, each once, since the last call. May be called while batches are filled. */
    default List<String> takeProblems() {
        return List.of();
    }

    /** What decides between the steps which images come; null where the source alone decides. */
    default TripletRounds rounds() {
        return null;
    }

    /**
     * Reads an image of a source with {@link #rounds} as it is.
     *
     * @param rgb u8 RGB (height, width, 3)
     * @return whether it can be used; one that cannot is among the problems
     */
    default boolean read(int image, MemorySegment rgb) throws IOException {
        throw new UnsupportedOperationException("a source without rounds is read by position");
    }

    /**
     * Room for the examples of one batch, in memory that the device reads.
     *
     * @param size N
     * @param images u8 RGB (N, height, width, 3)
     * @param labels int32 (N)
     * @param flips u8 (N): 1 mirrors the image left to right
     * @param numbers int32 (N): which image of the set each is; null where nobody asks
     */
    record Batch(int size, MemorySegment images, MemorySegment labels, MemorySegment flips, MemorySegment numbers) {
        public Batch(int size, MemorySegment images, MemorySegment labels, MemorySegment flips) {
            this(size, images, labels, flips, null);
        }
    }
}
