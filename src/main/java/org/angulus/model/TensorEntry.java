package org.angulus.model;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * One tensor of a safetensors file.
 *
 * @param name  its name, unique in the file
 * @param type  element type
 * @param shape sizes, outermost first; empty for a scalar
 * @param begin offset of its first byte in the data section
 * @param bytes its size in bytes, elements x element size
 */
public record TensorEntry(String name, TensorType type, List<Long> shape, long begin, long bytes) {
    public TensorEntry {
        shape = List.copyOf(shape);
    }

    /** Number of elements; 1 for a scalar. */
    public long elements() {
        return bytes / type.bytes();
    }

    /** The shape as a text such as {@code [64, 3, 3, 3]}. */
    public String shapeText() {
        return shape.stream().map(String::valueOf).collect(Collectors.joining(", ", "[", "]"));
    }

    /** Whether the tensor has exactly this shape. */
    public boolean hasShape(long... sizes) {
        return shape.equals(Arrays.stream(sizes).boxed().toList());
    }

    /** Elements of a shape. ArithmeticException when they do not fit a long. */
    static long elements(List<Long> shape) {
        // A size of 0 makes the product 0, however large the others are.
        if (shape.contains(0L)) {
            return 0;
        }
        long product = 1;
        for (long size : shape) {
            product = Math.multiplyExact(product, size);
        }
        return product;
    }
}
