package org.angulus.device;

/**
 * A stretch of the flat parameter buffer with its own rules.
 *
 * @param offset first element
 * @param count elements
 * @param weightDecay of this stretch
 * @param rateFactor times the learning rate
 * @param lowerBound values are clamped from below; {@code Float.NEGATIVE_INFINITY}: not
 */
public record Segment(long offset, long count, float weightDecay, float rateFactor, float lowerBound) {
    /** Without a lower bound. */
    public Segment(long offset, long count, float weightDecay, float rateFactor) {
        this(offset, count, weightDecay, rateFactor, Float.NEGATIVE_INFINITY);
    }
}
