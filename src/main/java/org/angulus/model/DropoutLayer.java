package org.angulus.model;

/**
 * Inverted dropout, in place: kept elements are divided by {@code keep}. The mask is a function of (start value, purpose, random counter,
 * element), so backward draws it again instead of reading it.
 *
 * @param count elements of one image
 * @param keep share that is kept, (0, 1)
 */
public record DropoutLayer(long count, double keep) implements Layer {
    @Override
    public long outputCount() {
        return count;
    }
}
