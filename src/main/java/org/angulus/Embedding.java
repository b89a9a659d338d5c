package org.angulus;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A face as a vector of unit length: the nearer two are, the more alike the faces. Immutable. Between two of them cosine c, Euclidean distance D and
 * angle t say the same: c = cos t = 1 - D²/2.
 */
public final class Embedding {
    /** Largest number of elements. */
    public static final int LARGEST_SIZE = 1 << 17;

    /** How far the length of a vector may be from 1 for no other reason than that its elements are rounded to floats. */
    private static final double ROUNDING = 0x1p-23;

    private final float[] values;

    private Embedding(float[] values) {
        this.values = values;
    }

    /**
     * The direction of a vector. One that already has unit length, to the rounding of floats, is kept to the bit.
     *
     * @param vector at least one element, all finite, not all 0; copied
     * @throws IllegalArgumentException when it has no direction
     */
    public static Embedding of(float[] vector) {
        return normalized(vector.clone());
    }

    /** As {@link #of}, of an array that nobody else keeps. */
    static Embedding normalized(float[] vector) {
        if (vector.length < 1 || vector.length > LARGEST_SIZE) {
            throw new IllegalArgumentException("an embedding has 1 to " + LARGEST_SIZE + " numbers, but " + vector.length + " were given");
        }
        double squares = 0;
        for (float value : vector) {
            squares += (double) value * value;
        }
        double norm = Math.sqrt(squares);
        if (!(norm > 0 && norm < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("the vector of " + vector.length + " numbers has the length " + norm
                    + ", so it has no direction; an embedding needs finite numbers that are not all 0");
        }
        if (Math.abs(norm - 1) > ROUNDING) {
            for (int i = 0; i < vector.length; i++) {
                vector[i] = (float) (vector[i] / norm);
            }
        }
        return new Embedding(vector);
    }

    /** Reads what {@link #toBytes} wrote: the elements as little-endian f32. */
    public static Embedding fromBytes(byte[] bytes) {
        if (bytes.length % Float.BYTES != 0) {
            throw new IllegalArgumentException(bytes.length + " bytes are no whole number of f32 values; give what toBytes wrote");
        }
        float[] vector = new float[bytes.length / Float.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
        return normalized(vector);
    }

    /** Number of elements. */
    public int size() {
        return values.length;
    }

    /** One element. */
    public float get(int index) {
        return values[index];
    }

    /** The elements themselves, not a copy. */
    float[] elements() {
        return values;
    }

    /** A copy of the elements. */
    public float[] toArray() {
        return values.clone();
    }

    /** The elements as little-endian f32, 4 bytes each: what a database column or a NumPy array of {@code <f4} holds. */
    public byte[] toBytes() {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return bytes.array();
    }

    /**
     * Cosine of the angle between two embeddings, in [-1, 1]: 1 for equal ones.
     *
     * @throws IllegalArgumentException when they differ in size, so that different models or settings made them
     */
    public double cosine(Embedding other) {
        requireSize(other);
        double product = 0;
        double squares = 0; // the lengths are 1 to the rounding of floats only
        double otherSquares = 0;
        for (int i = 0; i < values.length; i++) {
            product += (double) values[i] * other.values[i];
            squares += (double) values[i] * values[i];
            otherSquares += (double) other.values[i] * other.values[i];
        }
        return Math.clamp(product / Math.sqrt(squares * otherSquares), -1, 1);
    }

    /** Euclidean distance of two embeddings, in [0, 2]: 0 for equal ones. */
    public double distance(Embedding other) {
        requireSize(other);
        double sum = 0; // of squares, not 2 - 2 cos, so that small distances keep their digits
        for (int i = 0; i < values.length; i++) {
            double difference = (double) values[i] - other.values[i];
            sum += difference * difference;
        }
        return Math.min(2, Math.sqrt(sum));
    }

    /** Angle between two embeddings in radians, in [0, pi]; small ones keep their digits. */
    public double angle(Embedding other) {
        return 2 * Math.asin(distance(other) / 2);
    }

    /** The cosine that belongs to a Euclidean distance of unit vectors: 1 - D²/2. */
    public static double cosineOfDistance(double distance) {
        if (!(distance >= 0 && distance <= 2)) {
            throw new IllegalArgumentException("the distance of two vectors of unit length lies between 0 and 2, got " + distance);
        }
        return 1 - distance * distance / 2;
    }

    /** The Euclidean distance of unit vectors that belongs to a cosine: sqrt(2 - 2 c). */
    public static double distanceOfCosine(double cosine) {
        if (!(cosine >= -1 && cosine <= 1)) {
            throw new IllegalArgumentException("a cosine lies between -1 and 1, got " + cosine);
        }
        return Math.sqrt(2 - 2 * cosine);
    }

    private void requireSize(Embedding other) {
        if (other.values.length != values.length) {
            throw new IllegalArgumentException("embeddings of " + values.length + " and " + other.values.length
                    + " numbers cannot be compared; make both with the same model and the same fusion");
        }
    }

    /** Whether all elements have the same bits. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Embedding embedding && Arrays.equals(values, embedding.values);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(values);
    }

    /** The size and the first elements. */
    @Override
    public String toString() {
        String first = Arrays.toString(Arrays.copyOf(values, Math.min(4, values.length)));
        return "Embedding(" + values.length + ")" + (values.length > 4 ? first.replace("]", ", ...]") : first);
    }
}
