package org.angulus;

import java.time.Duration;
import org.angulus.device.Type;
import org.angulus.eval.FlipFusion;

/**
 * How an {@link Embedder} works; begin with {@link #DEFAULT} and change what matters.
 *
 * @param device "cpu", "cuda:0", ... ({@link org.angulus.device.Device#open}); null: the best one
 * @param largestBatch images that run at one time at most, 1 to 4096; rounded up to a power of two. More is faster in bulk and takes more memory
 * @param latency how long a crop may wait, at most, for others to share its batch while several threads call; a lone caller never waits
 * @param flip whether the mirror image is embedded too, and how the two become one; {@link FlipFusion#CONCAT} doubles the size
 * @param threads workers of the device, 1 to 256; 0: as many as the process may use
 * @param fixedBatch whether every batch is filled up to the largest. An embedding's bits then depend on the crop alone; otherwise the size of the
 *     batch that it shares with other callers may change them, by less than 1e-10 of the cosine. Slower where few crops come at a time
 * @param precision of activations and of the factors of all products: {@link Type#BF16} takes half the memory and leaves 1 - cosine to the embedding
 *     in f32 near 1e-5; it is for cards and for processors with AMX or AVX512_BF16, others are faster in f32. For an int8 model {@link Type#F32}
 */
public record EmbedderOptions(
        String device, int largestBatch, Duration latency, FlipFusion flip, int threads, boolean fixedBatch, Type precision) {
    private static final Duration LONGEST = Duration.ofMinutes(1);

    /** The best device, 32 images, 1 ms, no mirror image, all processors, batches as they come, f32. */
    public static final EmbedderOptions DEFAULT = new EmbedderOptions(null, 32, Duration.ofMillis(1), FlipFusion.NONE, 0, false, Type.F32);

    public EmbedderOptions {
        if (largestBatch < 1 || largestBatch > 4096) {
            throw new IllegalArgumentException("the largest batch is " + largestBatch + " images; give 1 to 4096");
        }
        if (latency.isNegative() || latency.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("the latency bound is " + latency + "; give one from 0 to " + LONGEST);
        }
        if (threads < 0 || threads > 256) {
            throw new IllegalArgumentException("the number of threads is " + threads + "; give 1 to 256, or 0 for as many as the process may use");
        }
    }

    public EmbedderOptions withDevice(String newDevice) {
        return new EmbedderOptions(newDevice, largestBatch, latency, flip, threads, fixedBatch, precision);
    }

    public EmbedderOptions withLargestBatch(int images) {
        return new EmbedderOptions(device, images, latency, flip, threads, fixedBatch, precision);
    }

    public EmbedderOptions withLatency(Duration bound) {
        return new EmbedderOptions(device, largestBatch, bound, flip, threads, fixedBatch, precision);
    }

    public EmbedderOptions withFlip(FlipFusion fusion) {
        return new EmbedderOptions(device, largestBatch, latency, fusion, threads, fixedBatch, precision);
    }

    public EmbedderOptions withThreads(int workers) {
        return new EmbedderOptions(device, largestBatch, latency, flip, workers, fixedBatch, precision);
    }

    public EmbedderOptions withFixedBatch(boolean fixed) {
        return new EmbedderOptions(device, largestBatch, latency, flip, threads, fixed, precision);
    }

    public EmbedderOptions withPrecision(Type type) {
        return new EmbedderOptions(device, largestBatch, latency, flip, threads, fixedBatch, type);
    }
}
