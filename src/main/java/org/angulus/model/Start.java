package org.angulus.model;

/**
 * How a tensor starts.
 *
 * @param distribution what is drawn
 * @param value the constant, the half width of the uniform, or sigma (of the normal before it is cut at 2 sigma, where it is)
 */
public record Start(Distribution distribution, double value) {
    /** What is drawn. */
    public enum Distribution {
        CONSTANT,
        UNIFORM,
        NORMAL,
        TRUNCATED_NORMAL
    }

    public static Start constant(double value) {
        return new Start(Distribution.CONSTANT, value);
    }

    /** Uniform around 0 with this variance. */
    public static Start uniformOfVariance(double variance) {
        return new Start(Distribution.UNIFORM, Math.sqrt(3 * variance));
    }

    public static Start normal(double sigma) {
        return new Start(Distribution.NORMAL, sigma);
    }

    public static Start truncatedNormal(double sigma) {
        return new Start(Distribution.TRUNCATED_NORMAL, sigma);
    }

    /** Element {@code index} (of the tensor in file order). */
    float draw(CounterRandom random, long index) {
        return (float) switch (distribution) {
            case CONSTANT -> value;
            case UNIFORM -> (2 * random.uniform(index) - 1) * value;
            case NORMAL -> random.normal(index) * value;
            case TRUNCATED_NORMAL -> random.truncatedNormal(index, 2) * value;
        };
    }
}
