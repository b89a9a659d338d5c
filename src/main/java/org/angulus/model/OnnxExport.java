package org.angulus.model;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.angulus.model.ConvLayer.Role;
import org.angulus.model.FoldedWeights.Folded;
import org.angulus.model.InputFormat.ChannelOrder;

/**
 * Writes a network as an ONNX file (opset 13): input {@code images}, RGB in one of the forms of {@link Input}; output {@code embeddings},
 * f32 (batch, D). The batch is free, batch norm is folded. Field numbers are those of onnx.proto3. Needs the optional protobuf-java.
 */
public final class OnnxExport {
    private static final int IR_VERSION = 7;
    private static final int OPSET = 13;
    private static final int FLOAT = 1;
    private static final int UINT8 = 2;
    private static final int ATTRIBUTE_INT = 2;
    private static final int ATTRIBUTE_INTS = 7;

    private final ByteArrayOutputStream graph = new ByteArrayOutputStream();
    private int values;

    private OnnxExport() {}

    /** What the file takes; always RGB, whatever the network's own order is, or grey where the network reads one channel. */
    public enum Input {
        /** f32 (batch, channels, H, W), 0 to 255; the pixel scaling is inside. */
        PIXELS,
        /** f32 (batch, channels, H, W), already scaled to (pixel - mean) * factor. */
        NORMALIZED,
        /** u8 (batch, H, W, channels), as decoders give it; transposition and pixel scaling are inside. */
        BYTES
    }

    /**
     * The outside of the file.
     *
     * @param input what it takes
     * @param unitLength whether embeddings are divided by their Euclidean norm; otherwise they are as {@link EmbeddingNetwork} gives them
     */
    public record Options(Input input, boolean unitLength) {
        /** Pixels in, raw embeddings out. */
        public static final Options DEFAULT = new Options(Input.PIXELS, false);
    }

    /** Writes the file, whole or not at all. */
    public static void write(Path file, NetworkConfig config, InputFormat format, Weights weights, Options options) throws IOException {
        AtomicFile.write(file, new OnnxExport().model(config, format, weights, options));
    }

    private byte[] model(NetworkConfig config, InputFormat format, Weights weights, Options options) {
        Network network = config.build();
        FoldedWeights tensors = new FoldedWeights(network, weights);
        Iterator<Folded> folded = tensors.layers().iterator();
        String x = input(format, options.input());
        String shortcut = x;
        for (Layer layer : network.layers()) {
            if (layer instanceof ConvLayer conv) {
                shortcut = conv.role() == Role.FIRST_OF_BLOCK ? x : shortcut;
                x = convolution(x, folded.next(), tensors, format);
                x = conv.role() == Role.LAST_OF_BLOCK ? node("Add", List.of(x, shortcut)) : x;
            } else if (layer instanceof PoolLayer pool) {
                x = node(
                        "MaxPool",
                        List.of(x),
                        ints("kernel_shape", pool.window(), pool.window()),
                        ints("strides", pool.stride(), pool.stride()),
                        ints("pads", 0, 0, pool.padBottom(), pool.padRight()));
            }
        }
        String last = options.unitLength() ? unitLength(x) : x;
        message(1, out -> { // the name of the output
            out.writeString(1, last);
            out.writeString(2, "embeddings");
            out.writeString(4, "Identity");
        });
        graph.writeBytes(bytes(out -> out.writeString(2, network instanceof ResFace ? "resface" : config.name())));
        if (options.input() == Input.BYTES) {
            valueInfo(11, "images", UINT8, config.height(), config.width(), config.channels());
        } else {
            valueInfo(11, "images", FLOAT, config.channels(), config.height(), config.width());
        }
        valueInfo(12, "embeddings", FLOAT, config.embeddingSize());
        return bytes(out -> {
            out.writeInt64(1, IR_VERSION);
            out.writeString(2, "angulus");
            out.writeBytes(7, ByteString.copyFrom(graph.toByteArray()));
            out.writeBytes(8, ByteString.copyFrom(bytes(opset -> opset.writeInt64(2, OPSET))));
        });
    }

    /** A convolution or linear layer with its bias and PReLU. */
    private String convolution(String x, Folded layer, FoldedWeights folded, InputFormat format) {
        ConvGeometry g = layer.layer().geometry();
        boolean linear = layer.weight().kind() == ParameterKind.FC;
        float[] filter = folded.read(layer.weight());
        if (g.c() == ResFace.INPUT_CHANNELS && format.channelOrder() == ChannelOrder.BGR) {
            filter = reversedChannels(filter, g);
        }
        String w = initializer(layer.weight().name(), filter, layer.weight().shape().stream().mapToInt(Integer::intValue).toArray());
        List<String> inputs = layer.bias() == null ? List.of(w) : List.of(w, initializer(layer.bias().name(), folded.read(layer.bias()), g.k()));
        String y = linear ? linear(x, inputs) : convolution(x, inputs, g);
        if (layer.slope() == null) {
            return y;
        }
        int[] shape = linear ? new int[] {g.k()} : new int[] {g.k(), 1, 1};
        return node("PRelu", List.of(y, initializer(layer.slope().name(), folded.read(layer.slope()), shape)));
    }

    /** From {@code images} to what the first convolution reads. */
    private String input(InputFormat format, Input input) {
        if (input == Input.NORMALIZED) {
            return "images";
        }
        String pixels = input == Input.PIXELS
                ? "images"
                : node("Transpose", List.of(node("Cast", List.of("images"), integer("to", FLOAT))), ints("perm", 0, 3, 1, 2));
        initializer("mean", new float[] {format.mean()}, 1);
        initializer("factor", new float[] {format.factor()}, 1);
        return node("Mul", List.of(node("Sub", List.of(pixels, "mean")), "factor"));
    }

    private String unitLength(String x) {
        return node("Div", List.of(x, node("ReduceL2", List.of(x), ints("axes", 1), integer("keepdims", 1))));
    }

    private String convolution(String x, List<String> parameters, ConvGeometry g) {
        return node(
                "Conv",
                concat(x, parameters),
                ints("kernel_shape", g.r(), g.s()),
                ints("strides", g.stride(), g.stride()),
                ints("pads", g.padTop(), g.padLeft(), g.padBottom(), g.padRight()));
    }

    private String linear(String x, List<String> parameters) {
        return node("Gemm", concat(node("Flatten", List.of(x)), parameters), integer("transB", 1));
    }

    private static List<String> concat(String first, List<String> rest) {
        String[] all = new String[rest.size() + 1];
        all[0] = first;
        for (int i = 0; i < rest.size(); i++) {
            all[i + 1] = rest.get(i);
        }
        return Arrays.asList(all);
    }

    /** The first filter for RGB, from one for BGR: (K, C, R, S). */
    private static float[] reversedChannels(float[] filter, ConvGeometry g) {
        float[] reversed = new float[filter.length];
        int plane = g.r() * g.s();
        for (int k = 0; k < g.k(); k++) {
            for (int c = 0; c < g.c(); c++) {
                System.arraycopy(filter, (k * g.c() + c) * plane, reversed, (k * g.c() + g.c() - 1 - c) * plane, plane);
            }
        }
        return reversed;
    }

    /** Adds a node with one output and gives the output's name. */
    private String node(String type, List<String> inputs, byte[]... attributes) {
        String output = "v" + values++;
        message(1, out -> {
            for (String input : inputs) {
                out.writeString(1, input);
            }
            out.writeString(2, output);
            out.writeString(4, type);
            for (byte[] attribute : attributes) {
                out.writeByteArray(5, attribute);
            }
        });
        return output;
    }

    private static byte[] integer(String name, int value) {
        return bytes(out -> {
            out.writeString(1, name);
            out.writeInt64(3, value);
            out.writeEnum(20, ATTRIBUTE_INT);
        });
    }

    private static byte[] ints(String name, int... list) {
        return bytes(out -> {
            out.writeString(1, name);
            for (int value : list) {
                out.writeInt64(8, value);
            }
            out.writeEnum(20, ATTRIBUTE_INTS);
        });
    }

    private String initializer(String name, float[] elements, int... shape) {
        ByteBuffer raw = ByteBuffer.allocate(Float.BYTES * elements.length).order(ByteOrder.LITTLE_ENDIAN);
        raw.asFloatBuffer().put(elements);
        message(5, out -> {
            for (int size : shape) {
                out.writeInt64(1, size);
            }
            out.writeInt32(2, FLOAT);
            out.writeString(8, name);
            out.writeByteArray(9, raw.array());
        });
        return name;
    }

    /** A tensor whose first dimension is free. */
    private void valueInfo(int field, String name, int elements, int... sizes) {
        byte[] shape = bytes(out -> {
            out.writeByteArray(1, bytes(dimension -> dimension.writeString(2, "batch")));
            for (int size : sizes) {
                out.writeByteArray(1, bytes(dimension -> dimension.writeInt64(1, size)));
            }
        });
        byte[] tensor = bytes(out -> {
            out.writeInt32(1, elements);
            out.writeByteArray(2, shape);
        });
        message(field, out -> {
            out.writeString(1, name);
            out.writeByteArray(2, bytes(type -> type.writeByteArray(1, tensor)));
        });
    }

    private void message(int field, Content content) {
        byte[] inner = bytes(content);
        graph.writeBytes(bytes(out -> out.writeByteArray(field, inner)));
    }

    private static byte[] bytes(Content content) {
        var buffer = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(buffer);
        try {
            content.writeTo(out);
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory only
        }
        return buffer.toByteArray();
    }

    /** Fields of a message. */
    @FunctionalInterface
    private interface Content {
        void writeTo(CodedOutputStream out) throws IOException;
    }
}
