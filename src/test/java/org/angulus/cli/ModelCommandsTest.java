package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.angulus.device.Device;
import org.angulus.model.CounterRandom;
import org.angulus.model.EmbeddingNetwork;
import org.angulus.model.InputFormat;
import org.angulus.model.ModelMetadata;
import org.angulus.model.OnnxExport;
import org.angulus.model.SafeTensors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** inspect and export. */
class ModelCommandsTest {
    private static final int BATCH = 5;
    private static final int PIXELS = TinyRun.SIDE * TinyRun.SIDE;

    @TempDir
    private static Path shared;

    /** Runs by variant, one of them reading BGR. */
    private static final Map<String, Path> RUNS = new HashMap<>();

    @TempDir
    private Path folder;

    @BeforeAll
    static void train() throws IOException {
        Path faces = TinyRun.faces(shared.resolve("faces"), 4, 5, TinyRun.SIDE);
        RUNS.put("article", shared.resolve("article"));
        RUNS.put("caffe", shared.resolve("caffe"));
        Outcome.of(TinyRun.train(faces, RUNS.get("article"), "--set", "network.name=resface10")).succeeds();
        Outcome.of(TinyRun.train(faces, RUNS.get("caffe"), "--set", "network.name=resface10", "--set", "network.variant=caffe", "--set", "input.channelOrder=bgr"))
                .succeeds();
    }

    private static Path model(String variant) {
        return RUNS.get(variant).resolve("model.safetensors");
    }

    @ParameterizedTest
    @CsvSource({"article, RGB", "caffe, BGR"})
    void aModelIsDescribed(String variant, String order) throws IOException {
        JsonObject json = JsonParser.parseString(Outcome.of("inspect", model(variant), "--tensors", "--json").succeeds().out()).getAsJsonObject();
        assertEquals("resface10", json.get("network").getAsString());
        assertEquals(variant, json.get("variant").getAsString());
        assertEquals(order, json.get("channelOrder").getAsString());
        assertEquals("16x16", json.get("crop").getAsString());
        assertEquals(4, json.get("people").getAsInt());
        assertEquals("angulus-model-1", json.get("format").getAsString());
        assertTrue(json.get("trainingSet").getAsString().startsWith("faces (4 people, 20 pictures)"));
        long elements = 0;
        try (SafeTensors tensors = SafeTensors.open(model(variant))) {
            assertEquals(tensors.metadata().get(SafeTensors.CRC_KEY) + ", verified (CRC-32C)", json.get("checksum").getAsString());
            for (JsonElement item : json.getAsJsonArray("tensors")) {
                JsonObject tensor = item.getAsJsonObject();
                double squares = 0;
                for (float value : tensors.floats(tensor.get("name").getAsString())) {
                    squares += (double) value * value;
                    elements++;
                }
                assertEquals(Math.sqrt(squares), tensor.get("norm").getAsDouble());
            }
        }
        assertEquals(elements, json.get("elements").getAsLong());
        long parameters = json.get("parameters").getAsLong();
        long statistics = variant.equals("caffe") ? 0 : 2 * (4 + 3 * 8 + 5 * 8 + 12 + 8);
        long classVectors = 4 * 8;
        assertEquals(elements, parameters + classVectors + statistics);
        String text = Outcome.of("inspect", model(variant), "--tensors").succeeds().out();
        for (String word : new String[] {"resface10", "channel order      " + order, "pixel mean         127.5", "am-softmax, scale 8.0", "fc.weight", "F32", "norm "}) {
            assertTrue(text.contains(word), word + " is missing in: " + text);
        }
    }

    @Test
    void foldersOfRunsAndCheckpointsGiveTheirModel() throws IOException {
        Path run = RUNS.get("article");
        Outcome outcome = Outcome.of("inspect", run);
        assertEquals(ExitCode.OK, outcome.code());
        assertEquals("angulus: " + run + " is a folder; its model is " + run.resolve("model.safetensors") + "\n", outcome.err());
        Path checkpoint = run.resolve("checkpoints/checkpoint-00000012");
        assertTrue(Outcome.of("inspect", checkpoint).err().contains("its model is " + checkpoint.resolve("model.safetensors")));
        Path unfinished = folder.resolve("unfinished");
        Files.createDirectories(unfinished.resolve("checkpoints"));
        Outcome.of("inspect", unfinished).failsOnly(ExitCode.FAILED, "holds no model.safetensors and no checkpoint");
        Path copy = Files.createDirectories(unfinished.resolve("checkpoints/checkpoint-00000012"));
        for (String name : new String[] {"model.safetensors", "state.json"}) {
            Files.copy(checkpoint.resolve(name), copy.resolve(name));
        }
        assertTrue(Outcome.of("inspect", unfinished).err().contains("its model is " + copy.resolve("model.safetensors")));
    }

    @Test
    void filesOfOtherMakersAreDescribedAsFarAsTheyGo() throws IOException {
        byte[] header = "{\"__metadata__\":{\"maker\":\"a\\u001b[1mb\"},\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}".getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + header.length + 8).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(header.length).put(header).putFloat(3).putFloat(4);
        Path file = Files.write(folder.resolve("foreign.safetensors"), bytes.array());
        String text = Outcome.of("inspect", file, "--tensors").succeeds().out();
        for (String word : new String[] {"no model of this program", "maker", "a?[1mb", "absent, so damage would not be noticed", "norm 5.00000"}) {
            assertTrue(text.contains(word), word + " is missing in: " + text);
        }
        Outcome.of("export", file, "--out", folder.resolve("m.onnx")).failsOnly(ExitCode.FAILED, "not a model of this program");
        Outcome.of("inspect", folder.resolve("absent")).failsOnly(ExitCode.FAILED, "absent: there is no such file");
        Outcome.of("inspect", Files.writeString(folder.resolve("letter"), "This is a letter.")).failsOnly(ExitCode.FAILED, "not safetensors");
        byte[] damaged = Files.readAllBytes(model("article"));
        damaged[damaged.length - 1] ^= 1;
        Outcome.of("inspect", Files.write(folder.resolve("damaged"), damaged)).failsOnly(ExitCode.FAILED, "checksum");
        String later = new String(Files.readAllBytes(model("article")), StandardCharsets.ISO_8859_1).replace("angulus-model-1", "angulus-model-9");
        Outcome.of("inspect", Files.write(folder.resolve("later"), later.getBytes(StandardCharsets.ISO_8859_1))).failsOnly(ExitCode.FAILED, "angulus-model-9");
    }

    /** ONNX Runtime computes the embeddings that we compute, for every form of input and output and for batches of other sizes. */
    @ParameterizedTest
    @CsvSource({
        "article, PIXELS, false", "article, NORMALIZED, false", "article, BYTES, false", "article, BYTES, true",
        "caffe, pixels, true", "caffe, NORMALIZED, false", "caffe, BYTES, false"
    })
    void onnxRuntimeComputesTheSame(String variant, String input, boolean unitLength) throws IOException, OrtException {
        Path file = folder.resolve("m.onnx");
        Object[] all = {"export", model(variant), "--out", file, "--input", input, "--unit-length"};
        String said = Outcome.of(unitLength ? all : Arrays.copyOf(all, 6)).succeeds().out();
        assertTrue(said.startsWith("Wrote " + file) && said.contains(input.equals("BYTES") ? "u8 (batch, 16, 16, 3)" : "f32 (batch, 3, 16, 16)"), said);
        var random = new CounterRandom(8, "pictures");
        var images = new byte[BATCH * 3 * PIXELS];
        for (int i = 0; i < images.length; i++) {
            images[i] = (byte) random.bits(i);
        }
        float[][] expected;
        try (Device device = Device.open("cpu"); EmbeddingNetwork network = EmbeddingNetwork.load(device, model(variant), 8)) {
            expected = network.embed(images, BATCH);
        }
        var form = OnnxExport.Input.valueOf(input.toUpperCase(Locale.ROOT));
        try (OrtSession session = OrtEnvironment.getEnvironment().createSession(file.toString())) {
            for (int n : new int[] {1, 3, BATCH}) {
                float[][] actual = run(session, images, n, form, ModelMetadata.load(model(variant)).input());
                assertEquals(n, actual.length);
                for (int i = 0; i < n; i++) {
                    double norm = norm(expected[i]);
                    double scale = unitLength ? 1 / norm : 1;
                    assertTrue(norm > 1e-3, "an embedding of nothing proves nothing");
                    for (int j = 0; j < expected[i].length; j++) {
                        double error = Math.abs(expected[i][j] * scale - actual[i][j]) / (norm * scale);
                        assertTrue(error <= 1e-5, "picture " + i + ", number " + j + " is " + error + " off");
                    }
                }
            }
        }
    }

    private static float[][] run(OrtSession session, byte[] images, int n, OnnxExport.Input form, InputFormat format) throws OrtException {
        try (OnnxTensor tensor = tensor(images, n, form, format); OrtSession.Result result = session.run(Map.of("images", tensor))) {
            return (float[][]) result.get("embeddings").orElseThrow().getValue();
        }
    }

    private static OnnxTensor tensor(byte[] images, int n, OnnxExport.Input form, InputFormat format) throws OrtException {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        if (form == OnnxExport.Input.BYTES) {
            ByteBuffer bytes = ByteBuffer.allocateDirect(n * 3 * PIXELS).put(images, 0, n * 3 * PIXELS).rewind();
            return OnnxTensor.createTensor(environment, bytes, new long[] {n, TinyRun.SIDE, TinyRun.SIDE, 3}, OnnxJavaType.UINT8);
        }
        var planes = new float[n * 3 * PIXELS];
        for (int i = 0; i < planes.length; i++) {
            int pixel = Byte.toUnsignedInt(images[i]);
            int plane = i / (3 * PIXELS) * 3 + i % 3;
            planes[plane * PIXELS + i / 3 % PIXELS] = form == OnnxExport.Input.PIXELS ? pixel : (pixel - format.mean()) * format.factor();
        }
        return OnnxTensor.createTensor(environment, FloatBuffer.wrap(planes), new long[] {n, 3, TinyRun.SIDE, TinyRun.SIDE});
    }

    private static double norm(float[] values) {
        double squares = 0;
        for (float value : values) {
            squares += (double) value * value;
        }
        return Math.sqrt(squares);
    }

    @Test
    void exportNeedsAPlaceAndAModel() throws IOException {
        Outcome.of("export", model("article"), "--out", folder.resolve("absent/m.onnx")).failsOnly(ExitCode.FAILED, "there is no folder", "absent");
        Outcome.of("export", model("article"), "--out", folder).failsOnly(ExitCode.FAILED, "it is a folder");
        Outcome.of("export", model("article")).failsOnly(ExitCode.USAGE, "--out");
        Outcome.of("export", model("article"), "--out", "m.onnx", "--input", "bgr").failsOnly(ExitCode.USAGE, "bgr");
        Path old = Files.writeString(folder.resolve("m.onnx"), "old");
        Outcome.of("export", folder.resolve("absent"), "--out", old).failsOnly(ExitCode.FAILED, "absent: there is no such file");
        assertEquals("old", Files.readString(old));
        Outcome.of("export", model("article"), "--out", old).succeeds();
        byte[] first = Files.readAllBytes(old);
        Outcome.of("export", model("article"), "--out", old).succeeds();
        assertArrayEquals(first, Files.readAllBytes(old));
    }
}
