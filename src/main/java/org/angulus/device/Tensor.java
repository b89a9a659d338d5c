package org.angulus.device;

import java.util.Arrays;

/**
 * A dense array of numbers in device memory.
 *
 * @param buffer where it lies
 * @param offset bytes from the buffer's start, a multiple of 16
 * @param shape extents, outermost first; copied in and out
 * @param type how its numbers are stored
 */
public record Tensor(DeviceBuffer buffer, long offset, int[] shape, Type type) {
    /** Refuses a shape that is empty, has an extent below 1 or does not fit the buffer, and an offset that is not a multiple of 16. */
    public Tensor {
        shape = shape.clone();
        if (shape.length == 0 || Arrays.stream(shape).anyMatch(extent -> extent < 1)) {
            throw new IllegalArgumentException("a tensor's extents are at least 1, not " + Arrays.toString(shape));
        }
        if (offset < 0 || offset % 16 != 0) {
            throw new IllegalArgumentException("a tensor's offset is a multiple of 16 bytes, not " + offset);
        }
        long bytes = Math.multiplyExact(elements(shape), type.bytes());
        if (offset > buffer.bytes() || bytes > buffer.bytes() - offset) {
            throw new IllegalArgumentException("a tensor " + Arrays.toString(shape) + " of " + type + " takes " + bytes + " bytes from offset " + offset
                    + ", but its buffer has " + buffer.bytes());
        }
    }

    private static long elements(int[] shape) {
        long product = 1;
        for (int extent : shape) {
            product = Math.multiplyExact(product, extent);
        }
        return product;
    }

    /** A copy of the extents. */
    @Override
    public int[] shape() {
        return shape.clone();
    }

    /** Number of extents. */
    public int rank() {
        return shape.length;
    }

    /** One extent. */
    public int extent(int axis) {
        return shape[axis];
    }

    /** Elements. */
    public long elements() {
        return elements(shape);
    }

    /** Bytes. */
    public long bytes() {
        return elements() * type.bytes();
    }

    /** Device address of the first element. */
    public long address() {
        return buffer.address(offset);
    }

    /** As rows of the last extent. */
    public Matrix matrix() {
        int columns = shape[shape.length - 1];
        return new Matrix(Math.toIntExact(elements() / columns), columns, type);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Tensor t && buffer == t.buffer && offset == t.offset && type == t.type && Arrays.equals(shape, t.shape);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * System.identityHashCode(buffer) + Long.hashCode(offset)) + Arrays.hashCode(shape);
    }

    @Override
    public String toString() {
        return type + Arrays.toString(shape) + " at " + offset;
    }
}
