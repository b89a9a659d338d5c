package org.angulus.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.angulus.Embedding;
import org.angulus.device.Device;
import org.angulus.device.DeviceUnavailableException;
import org.angulus.device.TestDevices;
import org.angulus.device.Type;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class Int8QuantizerTest {
    private static final int COUNT = 7;

    @TempDir
    private Path folder;

    /** Drawn weights whose batch norms and slopes are not neutral. */
    private Path model(ResFaceConfig config) throws IOException {
        List<TensorSpec> specs = new ResFace(config).modelTensors();
        Weights weights = Weights.draw(specs, 9);
        for (TensorSpec spec : specs) {
            var random = new CounterRandom(4, spec.name());
            float[] values = weights.get(spec);
            for (int i = 0; i < values.length; i++) {
                values[i] += switch (spec.kind()) {
                    case CONV, FC, HEAD -> 0;
                    default -> (float) (0.2 * random.uniform(i));
                };
            }
        }
        Path file = folder.resolve("m.safetensors");
        weights.save(file, new ModelMetadata(config, InputFormat.DEFAULT, "AM-Softmax", 10, "none", "none"));
        return file;
    }

    private static ResFaceConfig config(Variant variant) {
        return ResFaceConfig.of("resface20", variant).withWidths(List.of(8, 16, 20, 32)).withCrop(32, 24).withEmbeddingSize(16);
    }

    private static byte[] crops(ResFaceConfig config, String purpose) {
        var crops = new byte[COUNT * 3 * config.height() * config.width()];
        var random = new CounterRandom(3, purpose);
        for (int i = 0; i < crops.length; i++) {
            crops[i] = (byte) random.bits(i);
        }
        return crops;
    }

    private static void observe(Int8Quantizer quantizer, byte[] crops) {
        MemorySegment all = MemorySegment.ofArray(crops);
        for (int i = 0; i < COUNT; i++) {
            quantizer.observe(all.asSlice((long) i * (crops.length / COUNT), crops.length / COUNT));
        }
    }

    private static double cosine(float[] a, float[] b) {
        return Embedding.of(a).cosine(Embedding.of(b));
    }

    /** On pictures that were not observed; from memory and from the file, with any number of threads, the same bits. */
    @ParameterizedTest
    @EnumSource(Variant.class)
    void embedsLikeTheModelItWasMadeFrom(Variant variant) throws IOException {
        Path file = model(config(variant));
        Path saved = folder.resolve("m8.safetensors");
        byte[] crops = crops(config(variant), "others");
        try (Device device = Device.open("cpu"); EmbeddingNetwork exact = EmbeddingNetwork.load(device, file, 8)) {
            float[][] expected = exact.embed(crops, COUNT);
            float[][] actual;
            try (Int8Quantizer quantizer = new Int8Quantizer(device, file)) {
                observe(quantizer, crops(config(variant), "crops"));
                Int8Quantizer.Int8Model made = quantizer.quantize();
                made.save(saved, Map.of("int8_note", "words"));
                try (EmbeddingNetwork network = made.open(8)) {
                    actual = network.embed(crops, COUNT);
                }
            }
            for (int i = 0; i < COUNT; i++) {
                double cosine = cosine(expected[i], actual[i]);
                assertTrue(cosine > 0.998 && cosine < 1 - 1e-9, "picture " + i + ": " + cosine);
            }
            for (int threads : new int[] {1, 3}) {
                device.setThreads(threads);
                try (EmbeddingNetwork network = EmbeddingNetwork.load(device, saved, 8)) {
                    assertArrayEquals(actual, network.embed(crops, COUNT));
                }
            }
            assertTrue(Files.size(saved) < 0.4 * Files.size(file));
            assertEquals(ModelMetadata.load(file), ModelMetadata.load(saved));
        }
    }

    /** Channels in no fours and crops whose parts are not aligned: what the fast kernel refuses. */
    @Test
    void oddShapesRun() throws IOException {
        ResFaceConfig config = ResFaceConfig.of("resface10", Variant.ARTICLE).withWidths(List.of(3, 5, 7, 9)).withCrop(17, 19).withEmbeddingSize(11);
        Path file = model(config);
        byte[] crops = crops(config, "crops");
        try (Device device = Device.open("cpu");
                Int8Quantizer quantizer = new Int8Quantizer(device, file);
                EmbeddingNetwork exact = EmbeddingNetwork.load(device, file, 4)) {
            observe(quantizer, crops);
            try (EmbeddingNetwork network = quantizer.quantize().open(4)) {
                float[][] expected = exact.embed(crops, COUNT);
                float[][] actual = network.embed(crops, COUNT);
                for (int i = 0; i < COUNT; i++) {
                    assertTrue(cosine(expected[i], actual[i]) > 0.998, "picture " + i + ": " + cosine(expected[i], actual[i]));
                }
            }
        }
    }

    /** The shim has every op but those of int8, like a card. */
    @Test
    void aDeviceWithoutInt8Says() throws IOException {
        Path file = model(config(Variant.CAFFE));
        Path saved = folder.resolve("m8.safetensors");
        try (Device device = Device.open("cpu"); Int8Quantizer quantizer = new Int8Quantizer(device, file)) {
            observe(quantizer, crops(config(Variant.CAFFE), "crops"));
            quantizer.quantize().save(saved, Map.of());
        }
        try (Device device = TestDevices.open("simt")) {
            String sentence = "device simt has no int8 kernels; use the device cpu, or a model in f32";
            assertEquals(sentence, assertThrows(DeviceUnavailableException.class, () -> EmbeddingNetwork.load(device, saved, 1)).getMessage());
            assertEquals(sentence, assertThrows(DeviceUnavailableException.class, () -> new Int8Quantizer(device, file)).getMessage());
        }
    }

    @Test
    void aNetworkWithPoolingIsRefused() throws IOException {
        LeNetConfig config = new LeNetConfig(List.of(4, 5, 6), 12, 12, 3, true);
        Path file = folder.resolve("lenet.safetensors");
        Weights.draw(config.build().modelTensors(), 1).save(file, new ModelMetadata(config, InputFormat.DEFAULT, "none", 10, "none", "none"));
        try (Device device = Device.open("cpu")) {
            assertEquals(file + ": the network is " + config.name() + ", and int8 is for ResFace networks only; leave this model in f32.",
                    assertThrows(IOException.class, () -> new Int8Quantizer(device, file)).getMessage());
        }
    }

    @Test
    void misuseIsRefusedInASentence() throws IOException {
        Path file = model(config(Variant.CAFFE));
        Path saved = folder.resolve("m8.safetensors");
        try (Device device = Device.open("cpu"); Int8Quantizer quantizer = new Int8Quantizer(device, file)) {
            assertEquals("no crop was observed; an int8 model needs the ranges of its activations",
                    assertThrows(IllegalStateException.class, quantizer::quantize).getMessage());
            observe(quantizer, crops(config(Variant.CAFFE), "crops"));
            quantizer.quantize().save(saved, Map.of());
            assertEquals(saved + ": an int8 model has its precision already; leave the precision at f32.",
                    assertThrows(IOException.class, () -> EmbeddingNetwork.load(device, saved, 1, Type.BF16)).getMessage());
            assertEquals(saved + ": this is an int8 model, which can only embed; give the model that it was made from.",
                    assertThrows(IOException.class, () -> new Int8Quantizer(device, saved)).getMessage());
        }
        try (SafeTensors tensors = SafeTensors.open(saved)) {
            var writer = new SafeTensorsWriter();
            tensors.metadata().forEach(writer::metadata);
            for (TensorEntry entry : tensors.entries()) {
                MemorySegment data = MemorySegment.ofArray(tensors.data(entry.name()).toArray(ValueLayout.JAVA_BYTE));
                if (entry.name().equals("activations.zero")) {
                    data.set(ValueLayout.JAVA_INT_UNALIGNED, 4, 256);
                }
                writer.add(entry.name(), entry.type(), data, entry.shape().stream().mapToLong(Long::longValue).toArray());
            }
            writer.write(folder.resolve("wrong.safetensors"));
        }
        assertEquals(folder.resolve("wrong.safetensors")
                        + ": the tensor 'activations.zero' holds 256 at element 1, which is not 0 to 255; quantize the model again.",
                assertThrows(IOException.class, () -> EmbeddingNetwork.check(folder.resolve("wrong.safetensors"))).getMessage());
    }
}
