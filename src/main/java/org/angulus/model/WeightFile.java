package org.angulus.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;

/** Tensors of an open file, read from it when they are asked for. */
final class WeightFile implements TensorRows {
    private final SafeTensors tensors;
    private final String prefix;

    /**
     * Checks that the file has {@code specs}; others in it are left alone.
     *
     * @param prefix stands before every name in the file
     * @throws IOException with one sentence, when it lacks a tensor or has it in another shape
     */
    WeightFile(SafeTensors tensors, Collection<TensorSpec> specs, String prefix) throws IOException {
        this.tensors = tensors;
        this.prefix = prefix;
        Int8Weights.refuse(tensors);
        for (TensorSpec spec : specs) {
            TensorEntry entry = tensors.entry(prefix + spec.name());
            if (!entry.hasShape(spec.sizes())) {
                throw new IOException(tensors.file() + ": the tensor '" + prefix + spec.name() + "' has the shape " + entry.shapeText()
                        + " where this network needs " + spec.shape() + "; give the weights of this network.");
            }
        }
    }

    @Override
    public void read(TensorSpec spec, int first, int count, float[] elements) {
        String name = prefix + spec.name();
        long before = (long) first * spec.rowElements();
        int length = count * spec.rowElements();
        try {
            tensors.floats(name, before, length, elements);
            for (int i = 0; i < length; i++) {
                if (!Float.isFinite(elements[i])) {
                    throw new IOException(tensors.file() + ": the tensor '" + name + "' holds " + elements[i] + " at element " + (before + i)
                            + "; save the model again from weights that are finite.");
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
