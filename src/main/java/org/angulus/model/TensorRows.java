package org.angulus.model;

/** Tensors that are read some rows at a time, so that nobody needs a second copy of a large one. */
@FunctionalInterface
interface TensorRows {
    /**
     * Puts {@code count} rows of a tensor, from row {@code first} on, in file order, to the beginning of {@code elements}. Any number of threads may read.
     *
     * @throws IllegalArgumentException when there is no such tensor
     * @throws java.io.UncheckedIOException with one sentence, when what is read has an element that is not finite
     */
    void read(TensorSpec spec, int first, int count, float[] elements);

    /** All elements of a tensor in file order, the caller's own. */
    default float[] read(TensorSpec spec) {
        var elements = new float[Math.toIntExact(spec.count())];
        read(spec, 0, spec.rows(), elements);
        return elements;
    }
}
