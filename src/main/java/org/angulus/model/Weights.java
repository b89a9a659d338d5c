package org.angulus.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Named f32 tensors on the host, in PyTorch's order: what is drawn, loaded, saved, sent to a device and read back from it. */
public final class Weights implements TensorRows {
    private final Map<String, TensorSpec> specs = new LinkedHashMap<>();
    private final Map<String, float[]> values = new LinkedHashMap<>();

    private Weights() {}

    /** Every tensor at its start: a function of the start value and the tensor's name alone. */
    public static Weights draw(Collection<TensorSpec> specs, long startValue) {
        var weights = new Weights();
        for (TensorSpec spec : specs) {
            weights.put(spec, spec.draw(startValue));
        }
        return weights;
    }

    /**
     * The tensors {@code specs} of a file; others in it are left alone.
     *
     * @param prefix stands before every name in the file
     * @throws IOException with one sentence, when the file is no safetensors file, or lacks a tensor, has it in another shape or
     *     with an element that is not finite
     */
    public static Weights load(Path file, Collection<TensorSpec> specs, String prefix) throws IOException {
        try (SafeTensors tensors = SafeTensors.open(file)) {
            return of(tensors, specs, prefix);
        }
    }

    /** As {@link #load}, of an open file. */
    static Weights of(SafeTensors tensors, Collection<TensorSpec> specs, String prefix) throws IOException {
        var file = new WeightFile(tensors, specs, prefix);
        var weights = new Weights();
        try {
            specs.forEach(spec -> weights.put(spec, file.read(spec)));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        return weights;
    }

    /** The elements of a tensor in file order: the array itself, no copy. */
    public float[] get(String name) {
        float[] found = values.get(name);
        if (found == null) {
            throw new IllegalArgumentException("There is no tensor '" + name + "' among these " + values.size() + " weights.");
        }
        return found;
    }

    boolean has(TensorSpec spec) {
        return specs.containsKey(spec.name());
    }

    public float[] get(TensorSpec spec) {
        return get(spec.name());
    }

    @Override
    public void read(TensorSpec spec, int first, int count, float[] elements) {
        System.arraycopy(get(spec), first * spec.rowElements(), elements, 0, count * spec.rowElements());
    }

    public List<TensorSpec> specs() {
        return new ArrayList<>(specs.values());
    }

    /** Replaces the elements of a tensor that has this name and count, or adds it. */
    public void put(TensorSpec spec, float[] elements) {
        if (elements.length != spec.count()) {
            throw new IllegalArgumentException(
                    "The tensor '" + spec.name() + "' has " + spec.count() + " elements, but " + elements.length + " were given.");
        }
        specs.put(spec.name(), spec);
        values.put(spec.name(), elements);
    }

    /** Adds every tensor to a file that is being put together. */
    public void addTo(SafeTensorsWriter writer, String prefix) {
        for (TensorSpec spec : specs.values()) {
            writer.floats(prefix + spec.name(), get(spec), spec.sizes());
        }
    }

    /** Writes one model file, whole or not at all. */
    public void save(Path file, ModelMetadata metadata) throws IOException {
        var writer = new SafeTensorsWriter();
        metadata.toMap().forEach(writer::metadata);
        addTo(writer, "");
        writer.write(file);
    }
}
