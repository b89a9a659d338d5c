package org.angulus.train;

import java.util.Arrays;
import org.angulus.loss.MetricLoss;

/**
 * The contrastive margin of DeepID2 (Sun et al. 2014, section 3): not learned, which would take it to 0, but set from time to time to the threshold that makes the
 * fewest verification errors on the pairs since the last time. Distances are counted in 1,024 classes whose borders grow by 1.6 %, from 1e-3 on, so that the state is
 * small and a resumed run keeps its bits.
 */
final class MarginAdaptation {
    private static final int COUNTS = MetricLoss.PAIR_COUNTS; // of the pairs of one person, then those of two
    private static final int BINS = COUNTS / 2;
    private static final double LEAST = 1e-3;
    private static final double STEPS = 64;

    private final float[] counts = new float[COUNTS];
    private final int every;
    private long pairs;

    /** @param every pairs between two changes */
    MarginAdaptation(int every) {
        this.every = every;
    }

    /** What a checkpoint keeps. */
    float[] counts() {
        return counts.clone();
    }

    /** Takes up a checkpoint's counts. */
    void restore(float[] saved) {
        System.arraycopy(saved, 0, counts, 0, COUNTS);
        pairs = 0;
        for (float count : counts) {
            pairs += (long) count;
        }
    }

    /** Counts the pairs of rows 2i and 2i + 1, from the distances (N,N) of a batch. */
    void add(float[] distances, int[] labels) {
        int n = labels.length;
        for (int i = 0; i + 1 < n; i += 2) {
            double distance = distances[i * n + i + 1];
            if (Double.isFinite(distance)) {
                int bin = Math.clamp((long) Math.floor(StrictMath.log(Math.max(distance, LEAST) / LEAST) * STEPS), 0, BINS - 1);
                counts[(labels[i] == labels[i + 1] ? 0 : BINS) + bin]++;
                pairs++;
            }
        }
    }

    /** Whether it is time for a new margin: enough pairs, and some of both kinds. */
    boolean isDue() {
        float same = 0;
        for (int bin = 0; bin < BINS; bin++) {
            same += counts[bin];
        }
        return pairs >= every && same > 0 && same < pairs;
    }

    /** The threshold with the fewest errors, of several the middle one; starts anew. */
    double take() {
        double errors = 0;
        for (int bin = 0; bin < BINS; bin++) {
            errors += counts[bin]; // below every distance all pairs of one person are rejected
        }
        double fewest = errors;
        int first = 0;
        int last = 0;
        for (int bin = 0; bin < BINS; bin++) {
            errors += counts[BINS + bin] - counts[bin];
            if (errors < fewest) {
                fewest = errors;
                first = bin + 1;
                last = bin + 1;
            } else if (errors == fewest && last == bin) {
                last = bin + 1;
            }
        }
        Arrays.fill(counts, 0);
        pairs = 0;
        return LEAST * StrictMath.exp((first + last) / 2.0 / STEPS);
    }
}
