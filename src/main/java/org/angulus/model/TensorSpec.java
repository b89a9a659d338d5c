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

    /** The elements at their start, in file order. */
    float[] draw(long startValue) {
        var random = new CounterRandom(startValue, name);
        var values = new float[Math.toIntExact(count())];
        for (int i = 0; i < values.length; i++) {
            values[i] = start.draw(random, i);
        }
        return values;
    }

    /** From file order to memory order, into {@code memory} from {@code offset} on. */
    void toMemory(float[] file, float[] memory, int offset) {
        for (int row = 0; row < rows; row++) {
            int base = row * channels * positions;
            for (int c = 0; c < channels; c++) {
                for (int p = 0; p < positions; p++) {
                    memory[offset + base + p * channels + c] = file[base + c * positions + p];
                }
            }
        }
    }

    /** From memory order, {@code memory} from {@code offset} on, to file order. */
    float[] toFile(float[] memory, int offset) {
        var file = new float[Math.toIntExact(count())];
        for (int row = 0; row < rows; row++) {
            int base = row * channels * positions;
            for (int c = 0; c < channels; c++) {
                for (int p = 0; p < positions; p++) {
                    file[base + c * positions + p] = memory[offset + base + p * channels + c];
                }
            }
        }
        return file;
    }
}
