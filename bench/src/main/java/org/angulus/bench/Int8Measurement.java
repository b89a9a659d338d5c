package org.angulus.bench;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.angulus.device.Device;
import org.angulus.model.EmbeddingNetwork;
import org.angulus.model.InputFormat;
import org.angulus.model.Int8Quantizer;
import org.angulus.model.ModelMetadata;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Times ResFace20 with drawn weights in f32 and in int8, and prints a line of JSON for each batch with the keys of
 * {@code tools/peers/onnxruntime_int8.py}.
 */
@Command(name = "Int8Measurement", description = "Times embedding in f32 and int8 and prints lines of JSON.", mixinStandardHelpOptions = true)
public final class Int8Measurement implements Callable<Integer> {
    private static final int OBSERVED = 16;

    @Option(names = "--batches", split = ",", defaultValue = "1,8,32", converter = Positive.Count.class)
    private List<Integer> batches;

    @Option(names = "--threads", defaultValue = "0")
    private int threads;

    @Option(names = "--seconds", defaultValue = "2", description = "of each figure, and of warming up", converter = Positive.Seconds.class)
    private double seconds;

    public static void main(String[] arguments) {
        Commands.run(new Int8Measurement(), arguments);
    }

    @Override
    public Integer call() throws IOException {
        Path exact = Files.createTempFile("resface20", ".safetensors");
        Path small = Files.createTempFile("resface20-int8", ".safetensors");
        try (Device device = Devices.open("cpu", Devices.threads(threads))) {
            quantize(device, exact, small);
            for (int batch : batches) {
                time(device, "f32", exact, batch);
                time(device, "int8", small, batch);
            }
        } finally {
            Files.delete(exact);
            Files.delete(small);
        }
        return 0;
    }

    private static void quantize(Device device, Path exact, Path small) throws IOException {
        var problem = new EmbeddingProblem(OBSERVED);
        problem.weights().save(exact, new ModelMetadata(problem.config(), InputFormat.DEFAULT, "none", 1, "drawn weights", "none"));
        MemorySegment crops = MemorySegment.ofArray(problem.crops());
        long bytes = crops.byteSize() / OBSERVED;
        try (var quantizer = new Int8Quantizer(device, exact)) {
            for (int i = 0; i < OBSERVED; i++) {
                quantizer.observe(crops.asSlice(i * bytes, bytes));
            }
            quantizer.quantize().save(small, Map.of());
        }
    }

    private void time(Device device, String type, Path model, int batch) throws IOException {
        var problem = new EmbeddingProblem(batch);
        try (EmbeddingNetwork network = EmbeddingNetwork.load(device, model, batch)) {
            Timing.of(seconds, () -> network.embed(problem.crops(), batch));
            Timing timing = Timing.of(seconds, () -> network.embed(problem.crops(), batch));
            var line = new JsonObject();
            line.addProperty("rival", "angulus");
            line.addProperty("name", "resface20");
            line.addProperty("dtype", type);
            line.addProperty("batch", batch);
            line.addProperty("threads", device.info().threads());
            line.add("milliseconds", ResultFile.milliseconds(timing));
            line.addProperty("images_per_second", ResultFile.rounded(batch / timing.median()));
            System.out.println(line);
        }
    }
}
