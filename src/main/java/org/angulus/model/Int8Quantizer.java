package org.angulus.model;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Map;
import org.angulus.device.Device;

/**
 * Makes an int8 model of an f32 one. Crops of the kind that it will meet are run through the network, and what each layer leaves at most and at least decides
 * in what steps its output is stored; numbers beyond are cut off later. The same crops in the same order give the same model. Used by one thread at a time.
 */
public final class Int8Quantizer implements AutoCloseable {
    private final Device device;
    private final ModelMetadata metadata;
    private final FoldedWeights folded;
    private final EmbeddingNetwork network;
    private final float[] low;
    private final float[] high;
    private boolean observed;

    /**
     * @param file an f32 model
     * @throws IOException when it is missing, damaged or no such model
     * @throws org.angulus.device.DeviceUnavailableException when the device has no int8 kernels
     */
    public Int8Quantizer(Device device, Path file) throws IOException {
        device.requireInt8();
        this.device = device;
        metadata = ModelMetadata.load(file);
        ResFace layers = Int8Weights.network(file, metadata);
        Weights weights = Weights.load(file, layers.modelTensors(), "");
        folded = new FoldedWeights(layers, weights);
        network = new EmbeddingNetwork(device, metadata.network(), metadata.input(), weights, 1);
        low = new float[folded.layers().size() - 1];
        high = new float[low.length];
    }

    /** What the model says of itself. */
    public ModelMetadata metadata() {
        return metadata;
    }

    /** Runs a crop, u8 RGB (height, width, 3), and widens the ranges by what its layers leave. */
    public void observe(MemorySegment crop) {
        network.observe(crop, (layer, elements) -> {
            if (layer < low.length) {
                for (float value : elements) {
                    low[layer] = Math.min(low[layer], value);
                    high[layer] = Math.max(high[layer], value);
                }
            }
        });
        observed = true;
    }

    /** What was made of the model so far. */
    public Int8Model quantize() {
        if (!observed) {
            throw new IllegalStateException("no crop was observed; an int8 model needs the ranges of its activations");
        }
        for (int i = 0; i < low.length; i++) {
            if (!Float.isFinite(low[i]) || !Float.isFinite(high[i])) {
                throw new IllegalStateException("layer " + (i + 1) + " leaves numbers that are not finite; the model cannot be quantized");
            }
        }
        return new Int8Model(Int8Weights.of(folded, low, high));
    }

    @Override
    public void close() {
        network.close();
    }

    /** An int8 model in memory. */
    public final class Int8Model {
        private final Int8Weights weights;

        private Int8Model(Int8Weights weights) {
            this.weights = weights;
        }

        /** Opens it on the quantizer's device. */
        public EmbeddingNetwork open(int largest) {
            return new EmbeddingNetwork(device, metadata.network(), metadata.input(), weights, largest);
        }

        /**
         * Writes a model file, whole or not at all.
         *
         * @param notes further metadata: what it was made from and what was measured
         */
        public void save(Path file, Map<String, String> notes) throws IOException {
            weights.save(file, metadata, notes);
        }
    }
}
