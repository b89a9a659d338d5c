package org.angulus.model;

import java.util.List;

/**
 * A tensor with a name. In files it has PyTorch's order, in device memory the order of the kernels; both are {@code rows} rows, in files of
 * (channels, positions) and in memory of (positions, channels): a filter OIHW is K rows of (C, R S), the FC over flattened C, H, W is D rows of
 * (C, P Q), and a vector or a plain matrix has one position.
 *
 * @param name as in files
 * @param kind what it is for
 * @param shape in PyTorch's order
 * @param rows see above
 * @param channels see above
 * @param positions see above
 * @param start how it starts
 */
public record TensorSpec(String name, ParameterKind kind, List<Integer> shape, int rows, int channels, int positions, Start start) {
    public TensorSpec {
        shape = List.copyOf(shape);
    }

    /** Filter (K, C, R, S) in files, (K, R, S, C) in memory. */
    static TensorSpec filter(String name, int k, int c, int r, int s, Start start) {
        return new TensorSpec(name, ParameterKind.CONV, List.of(k, c, r, s), k, c, r * s, start);
    }

    /** Linear layer (D, C P Q) in files, (D, P, Q, C) in memory. */
    static TensorSpec linear(String name, int d, int c, int positions, Start start) {
        return new TensorSpec(name, ParameterKind.FC, List.of(d, c * positions), d, c, positions, start);
    }

    /** Class vectors (classes, D). */
    public static TensorSpec classes(String name, int classes, int d, Start start) {
        return new TensorSpec(name, ParameterKind.HEAD, List.of(classes, d), classes, d, 1, start);
    }

    /** One number for each channel. */
    public static TensorSpec vector(String name, ParameterKind kind, int count, Start start) {
        return new TensorSpec(name, kind, List.of(count), 1, count, 1, start);
    }

    public long count() {
        return (long) rows * channels * positions;
    }

    /** The shape as files have it. */
    long[] sizes() {
        return shape.stream().mapToLong(Integer::longValue).toArray();
    }

    int rowElements() {
        return channels * positions;
    }

    /** The elements at their start, in file order. */
    float[] draw(long startValue) {
        var values = new float[Math.toIntExact(count())];
        draw(startValue, 0, rows, values);
        return values;
    }

    /** Puts {@code count} rows from row {@code first} on at their start, in file order, into {@code values}. */
    void draw(long startValue, int first, int count, float[] values) {
        var random = new CounterRandom(startValue, name);
        long before = (long) first * rowElements();
        for (int i = 0; i < count * rowElements(); i++) {
            values[i] = start.draw(random, before + i);
        }
    }

    /**
     * From file order to memory order.
     *
     * @param firstInFile row of {@code file} to begin with
     * @param offset of its first element in {@code memory}
     * @param count rows
     */
    void toMemory(float[] file, int firstInFile, float[] memory, int offset, int count) {
        for (int i = 0; i < count * positions; i++) {
            int source = (firstInFile + i / positions) * rowElements() + i % positions;
            int target = offset + i * channels;
            for (int c = 0; c < channels; c++) { // the inner loop is over channels, which are many
                memory[target + c] = file[source + c * positions];
            }
        }
    }

    /** From memory order to file order: what {@link #toMemory} did, back. */
    void toFile(float[] memory, int offset, float[] file, int firstInFile, int count) {
        for (int i = 0; i < count * positions; i++) {
            int source = offset + i * channels;
            int target = (firstInFile + i / positions) * rowElements() + i % positions;
            for (int c = 0; c < channels; c++) {
                file[target + c * positions] = memory[source + c];
            }
        }
    }
}
