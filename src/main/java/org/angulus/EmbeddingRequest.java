package org.angulus;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.IntFunction;
import org.angulus.device.AngulusException;
import org.angulus.eval.FlipFusion;

/** Crops that one caller waits for. The device thread takes them in parts and lays the raw embeddings down; the caller's thread makes them of it. */
final class EmbeddingRequest {
    private final int count;
    private final IntFunction<MemorySegment> crops;
    private final int dimension;
    private final float[] plain; // (count, D)
    private final float[] mirrored; // (count, D); null where the fusion wants none
    private final CompletableFuture<Void> outcome = new CompletableFuture<>();
    private int taken; // by the batcher's lock
    private int finished; // by the device thread

    /**
     * @param count crops, at least 1
     * @param crops gives the samples of each to the device thread
     * @param dimension numbers of a raw embedding
     */
    EmbeddingRequest(int count, IntFunction<MemorySegment> crops, int dimension, FlipFusion flip) {
        this.count = count;
        this.crops = crops;
        this.dimension = dimension;
        this.plain = new float[Math.multiplyExact(count, dimension)];
        this.mirrored = flip == FlipFusion.NONE ? null : new float[count * dimension];
    }

    int count() {
        return count;
    }

    int left() {
        return count - taken;
    }

    /** Index of the next crop to run. */
    int take() {
        return taken++;
    }

    MemorySegment crop(int index) {
        return crops.apply(index);
    }

    boolean isDone() {
        return outcome.isDone();
    }

    /** Keeps a raw embedding. */
    void put(int index, MemorySegment raw, boolean mirror) {
        MemorySegment.copy(raw, ValueLayout.JAVA_FLOAT, 0, mirror ? mirrored : plain, index * dimension, dimension);
    }

    /** One more crop has all that belongs to it; the last one wakes the caller. */
    void finishOne() {
        if (++finished == count) {
            outcome.complete(null);
        }
    }

    void fail(Throwable cause) {
        outcome.completeExceptionally(cause);
    }

    /**
     * Waits until all crops are embedded.
     *
     * @throws IllegalStateException when the embedder was closed first
     * @throws AngulusException when the device failed, or the thread was interrupted: its flag then stays set
     */
    void await() {
        try {
            outcome.get();
        } catch (InterruptedException e) {
            var interrupted = new AngulusException("the thread was interrupted while it waited for an embedding", e);
            fail(interrupted); // nobody waits: crops not yet taken need not run
            Thread.currentThread().interrupt();
            throw interrupted;
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            throw cause instanceof IllegalStateException
                    ? new IllegalStateException(cause.getMessage(), cause)
                    : new AngulusException("the crops could not be embedded: " + cause.getMessage(), cause);
        }
    }

    /** The embedding of one crop, after {@link #await}. */
    Embedding embedding(int index, FlipFusion flip) {
        try {
            return Embedding.normalized(flip.fuse(row(plain, index), mirrored == null ? null : row(mirrored, index)));
        } catch (IllegalArgumentException e) {
            throw new AngulusException("the network gave crop " + index + " no direction (" + e.getMessage() + "); its weights are damaged or overflowed", e);
        }
    }

    private float[] row(float[] rows, int index) {
        float[] row = new float[dimension];
        System.arraycopy(rows, index * dimension, row, 0, dimension);
        return row;
    }
}
