package org.angulus.device;

/** What a reference gives: for each element the value, and the sum of the magnitudes of its terms, which bounds the rounding errors ({@link Tolerance}). */
final class Expected {
    final double[] value;
    final double[] magnitude;
    /** How far an op may be off beside: where it rounds a factor on its way, which a reference cannot round to the same side. */
    final double[] allowance;
    /** Terms of one element's sum. */
    final long length;

    Expected(int count, long length) {
        this(new double[count], new double[count], length);
    }

    Expected(double[] value, double[] magnitude, long length) {
        this.value = value;
        this.magnitude = magnitude;
        this.allowance = new double[value.length];
        this.length = length;
    }

    /** Values that must come out but for the rounding to storage. */
    static Expected exact(double[] value) {
        return new Expected(value, new double[value.length], 1);
    }

    /** Adds a term to an element. */
    void add(int element, double term) {
        value[element] += term;
        magnitude[element] += Math.abs(term);
    }

    /** The same values after {@code y = y + v} with these in y before. */
    Expected accumulatedOnto(double[] before) {
        Expected sum = new Expected(value.clone(), magnitude.clone(), length + 1);
        System.arraycopy(allowance, 0, sum.allowance, 0, allowance.length);
        for (int i = 0; i < before.length; i++) {
            sum.add(i, before[i]);
        }
        return sum;
    }

    /** Multiplied by a factor. */
    Expected times(double factor) {
        Expected scaled = new Expected(value.length, length);
        for (int i = 0; i < value.length; i++) {
            scaled.value[i] = value[i] * factor;
            scaled.magnitude[i] = magnitude[i] * Math.abs(factor);
            scaled.allowance[i] = allowance[i] * Math.abs(factor);
        }
        return scaled;
    }
}
