package org.angulus.model;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.angulus.model.FoldedWeights.Folded;

/**
 * The weights of a network that computes in int8. The first layer, of three channels, stays f32. Every other filter is s8, -127 to 127, in a step of each output
 * channel; the output of every layer but the last is u8, in one step and with one zero for the tensor (asymmetric, since a PReLU leaves more above 0 than
 * below). Batch norm is folded.
 */
final class Int8Weights {
    private static final String FORMAT = "angulus-int8-model-1";
    private static final String STEPS = "activations.step";
    private static final String ZEROS = "activations.zero";
    private static final int MOST = 127;

    private final List<Int8Layer> layers = new ArrayList<>();
    private final List<Activation> outputs;
    private final FlatLayout layout = new FlatLayout();
    private final Weights parameters = Weights.draw(List.of(), 0);

    /**
     * A u8 number q stands for (q - zero) * step.
     *
     * @param zero 0 to 255
     */
    record Activation(float step, int zero) {
        /** The finest that reaches from {@code low} to {@code high} and has 0 among its numbers. */
        static Activation covering(float low, float high) {
            float bottom = Math.min(low, 0);
            float step = Math.max((Math.max(high, 0) - bottom) / 255, Float.MIN_NORMAL);
            return new Activation(step, Math.clamp(Math.round(-bottom / step), 0, 255));
        }
    }

    /**
     * A convolution.
     *
     * @param floats (K,C,R,S), the first layer's; null for the others
     * @param filter (K,R,S,C), s8; null for the first
     * @param steps (K), of the filter; null for the first
     * @param bias (K)
     * @param slope (K), or null
     */
    record Int8Layer(ConvLayer conv, float[] floats, byte[] filter, float[] steps, float[] bias, float[] slope) {}

    /** Where a layer's numbers lie in the parameters; -1: it has none. */
    record Offsets(long filter, long scale, long bias, long slope) {}

    private final List<Offsets> offsets = new ArrayList<>();

    private Int8Weights(List<Int8Layer> layers, List<Activation> outputs) {
        this.layers.addAll(layers);
        this.outputs = List.copyOf(outputs);
        for (int i = 0; i < layers.size(); i++) {
            Int8Layer layer = layers.get(i);
            // An output that is rounded is counted in its own steps.
            float unit = i == 0 || i == outputs.size() ? 1 : outputs.get(i).step();
            int layerIndex = i;
            offsets.add(new Offsets(
                    layer.floats() == null ? -1 : add(layer.conv().weight(), layer.floats()),
                    layer.steps() == null ? -1 : add(layer, ".scale", each(layer.steps(), step -> outputs.get(layerIndex - 1).step() * step / unit)),
                    add(layer, ".bias", each(layer.bias(), bias -> bias / unit)),
                    layer.slope() == null ? -1 : add(layer, ".slope", layer.slope())));
        }
    }

    private interface Each {
        float of(float value);
    }

    private static float[] each(float[] values, Each function) {
        float[] result = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            result[i] = function.of(values[i]);
        }
        return result;
    }

    private long add(Int8Layer layer, String suffix, float[] values) {
        return add(TensorSpec.vector(layer.conv().weight().name() + suffix, ParameterKind.BIAS, values.length, Start.constant(0)), values);
    }

    private long add(TensorSpec spec, float[] values) {
        parameters.put(spec, values);
        layout.add(spec);
        return layout.offset(spec);
    }

    /**
     * Quantizes a network.
     *
     * @param low the least number that each layer but the last was seen to leave
     * @param high the largest
     */
    static Int8Weights of(FoldedWeights folded, float[] low, float[] high) {
        List<Int8Layer> layers = new ArrayList<>();
        for (Folded one : folded.layers()) {
            float[] filter = folded.read(one.weight());
            int k = one.weight().rows();
            float[] bias = one.bias() == null ? new float[k] : folded.read(one.bias());
            float[] slope = one.slope() == null ? null : folded.read(one.slope());
            if (layers.isEmpty()) {
                layers.add(new Int8Layer(one.layer(), filter, null, null, bias, slope));
            } else {
                float[] memory = new float[filter.length];
                one.weight().toMemory(filter, 0, memory, 0, k);
                float[] steps = new float[k];
                layers.add(new Int8Layer(one.layer(), null, quantized(memory, steps), steps, bias, slope));
            }
        }
        List<Activation> outputs = new ArrayList<>();
        for (int i = 0; i < low.length; i++) {
            outputs.add(Activation.covering(low[i], high[i]));
        }
        return new Int8Weights(layers, outputs);
    }

    /** Rows of weights in steps of their own, so that the largest of each is 127 of them; the steps are written to {@code steps}. */
    private static byte[] quantized(float[] weights, float[] steps) {
        byte[] result = new byte[weights.length];
        int row = weights.length / steps.length;
        for (int k = 0; k < steps.length; k++) {
            float largest = 0;
            for (int i = k * row; i < (k + 1) * row; i++) {
                largest = Math.max(largest, Math.abs(weights[i]));
            }
            steps[k] = Math.max(largest / MOST, Float.MIN_NORMAL);
            for (int i = k * row; i < (k + 1) * row; i++) {
                result[i] = (byte) Math.clamp(Math.rint((double) weights[i] / steps[k]), -MOST, MOST);
            }
        }
        return result;
    }

    List<Int8Layer> layers() {
        return layers;
    }

    /** What the outputs of all layers but the last are stored as. */
    List<Activation> outputs() {
        return outputs;
    }

    /** Where the numbers of layer {@code i} lie in {@link #layout}. */
    Offsets offsets(int i) {
        return offsets.get(i);
    }

    /** The f32 numbers that the device needs: the first filter, and every layer's scale, bias (in steps of an output that is rounded) and slope. */
    Weights parameters() {
        return parameters;
    }

    /** Of {@link #parameters}. */
    FlatLayout layout() {
        return layout;
    }

    /** The network of a model that is int8 or is to be; an IOException says in one sentence that there is no int8 for it. */
    static ResFace network(Path file, ModelMetadata metadata) throws IOException {
        if (metadata.network().build() instanceof ResFace network) {
            return network;
        }
        throw new IOException(file + ": the network is " + metadata.network().name() + ", and int8 is for ResFace networks only; leave this model in f32.");
    }

    /** For what needs weights in floating point: an IOException with one sentence where a model is one of these. */
    static void refuse(SafeTensors tensors) throws IOException {
        if (isIn(tensors.metadata())) {
            throw new IOException(tensors.file() + ": this is an int8 model, which can only embed; give the model that it was made from.");
        }
    }

    static boolean isIn(Map<String, String> metadata) {
        return FORMAT.equals(metadata.get(ModelMetadata.FORMAT_KEY));
    }

    /**
     * Writes a model file, whole or not at all.
     *
     * @param notes further metadata
     */
    void save(Path file, ModelMetadata metadata, Map<String, String> notes) throws IOException {
        var writer = new SafeTensorsWriter();
        metadata.toMap().forEach(writer::metadata);
        writer.metadata(ModelMetadata.FORMAT_KEY, FORMAT);
        notes.forEach(writer::metadata);
        float[] steps = new float[outputs.size()];
        int[] zeros = new int[outputs.size()];
        for (int i = 0; i < steps.length; i++) {
            steps[i] = outputs.get(i).step();
            zeros[i] = outputs.get(i).zero();
        }
        writer.floats(STEPS, steps, steps.length).ints(ZEROS, zeros, zeros.length);
        for (Int8Layer layer : layers) {
            String name = layer.conv().weight().name();
            int k = layer.bias().length;
            if (layer.floats() != null) {
                writer.floats(name, layer.floats(), layer.conv().weight().shape().stream().mapToLong(Integer::longValue).toArray());
            } else {
                writer.floats(name + ".step", layer.steps(), k);
            }
            writer.floats(name + ".bias", layer.bias(), k);
            if (layer.slope() != null) {
                writer.floats(name + ".slope", layer.slope(), k);
            }
        }
        for (Int8Layer layer : layers) {
            if (layer.filter() != null) {
                writer.add(layer.conv().weight().name(), TensorType.I8, MemorySegment.ofArray(layer.filter()), filterShape(layer.conv()));
            }
        }
        writer.write(file);
    }

    private static long[] filterShape(ConvLayer conv) {
        ConvGeometry g = conv.geometry();
        return new long[] {g.k(), g.r(), g.s(), g.c()};
    }

    /**
     * Reads an open model file.
     *
     * @throws IOException with one sentence, when it is none, or lacks a tensor, has it in another shape or with numbers that cannot be
     */
    static Int8Weights of(SafeTensors tensors, ResFace network) throws IOException {
        List<ConvLayer> convolutions = network.layers().stream().filter(ConvLayer.class::isInstance).map(ConvLayer.class::cast).toList();
        List<Int8Layer> layers = new ArrayList<>();
        for (ConvLayer conv : convolutions) {
            String name = conv.weight().name();
            int k = conv.geometry().k();
            float[] bias = floats(tensors, name + ".bias", -Float.MAX_VALUE, k);
            float[] slope = conv.slope() == null ? null : floats(tensors, name + ".slope", -Float.MAX_VALUE, k);
            if (layers.isEmpty()) {
                long[] shape = conv.weight().shape().stream().mapToLong(Integer::longValue).toArray();
                layers.add(new Int8Layer(conv, floats(tensors, name, -Float.MAX_VALUE, shape), null, null, bias, slope));
            } else {
                require(tensors, name, TensorType.I8, filterShape(conv));
                byte[] filter = tensors.data(name).toArray(ValueLayout.JAVA_BYTE);
                layers.add(new Int8Layer(conv, null, filter, floats(tensors, name + ".step", Float.MIN_VALUE, k), bias, slope));
            }
        }
        int count = layers.size() - 1;
        float[] steps = floats(tensors, STEPS, Float.MIN_VALUE, count);
        require(tensors, ZEROS, TensorType.I32, count);
        long[] zeros = tensors.longs(ZEROS);
        List<Activation> outputs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            if (zeros[i] < 0 || zeros[i] > 255) {
                throw new IOException(tensors.file() + ": the tensor '" + ZEROS + "' holds " + zeros[i] + " at element " + i + ", which is not 0 to 255; quantize the model again.");
            }
            outputs.add(new Activation(steps[i], (int) zeros[i]));
        }
        return new Int8Weights(layers, outputs);
    }

    private static void require(SafeTensors tensors, String name, TensorType type, long... shape) throws IOException {
        TensorEntry entry = tensors.entry(name);
        if (entry.type() != type || !entry.hasShape(shape)) {
            throw new IOException(tensors.file() + ": the tensor '" + name + "' is " + entry.type() + " of shape " + entry.shapeText() + " where this network needs " + type
                    + " of " + Arrays.toString(shape) + "; quantize the model again.");
        }
    }

    private static float[] floats(SafeTensors tensors, String name, float least, long... shape) throws IOException {
        require(tensors, name, TensorType.F32, shape);
        float[] values = tensors.floats(name);
        for (int i = 0; i < values.length; i++) {
            if (!(values[i] >= least && values[i] <= Float.MAX_VALUE)) {
                throw new IOException(tensors.file() + ": the tensor '" + name + "' holds " + values[i] + " at element " + i + ", which cannot be; quantize the model again.");
            }
        }
        return values;
    }
}
