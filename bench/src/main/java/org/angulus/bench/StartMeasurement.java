package org.angulus.bench;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import javax.imageio.ImageIO;
import org.angulus.Embedding;
import org.angulus.model.InputFormat;
import org.angulus.model.ModelMetadata;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** From the start of a Java process to its first embedding: machine, library, weights of ResFace20 (87 MB, in the system's cache), one PNG of a crop. */
@Command(name = "start-time", description = "From the start of a process to its first embedding.", mixinStandardHelpOptions = true)
public final class StartMeasurement implements Callable<Integer> {
    @Option(names = "--rounds", defaultValue = "7", converter = Positive.Count.class)
    private int rounds;

    @Mixin
    private ResultFile file;

    public static void main(String[] arguments) {
        Commands.run(new StartMeasurement(), arguments);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        var problem = new EmbeddingProblem(1);
        Path folder = Files.createTempDirectory("angulus-start");
        Path model = folder.resolve("resface20.safetensors");
        Path crop = folder.resolve("crop.png");
        var times = new ArrayList<Double>();
        try (EmbeddingEngine ours = new AngulusEngine(problem, "cpu", Devices.threads(0)); Roof roof = new Roof("cpu", Devices.threads(0))) {
            problem.weights().save(model, new ModelMetadata(problem.config(), InputFormat.DEFAULT, "none", 1, "drawn weights", "none"));
            ImageIO.write(FaceFiles.picture(problem.crops(), problem.config().height(), problem.config().width()), "png", crop.toFile());
            float[][] expected = {Embedding.of(ours.embed()[0]).toArray()};
            for (int i = 0; i <= rounds; i++) {
                JsonObject line = MeasuringProcess.run(MeasuringProcess.java(FirstEmbedding.class, model.toString(), crop.toString(),
                        "" + System.currentTimeMillis())).getLast();
                Agreement.require("The first embedding of a process", new float[][] {new Gson().fromJson(line.get("embedding"), float[].class)}, expected);
                if (i > 0) {  // the first one fills the system's cache
                    times.add(line.get("seconds").getAsDouble());
                }
            }
            double[] sorted = times.stream().mapToDouble(Double::doubleValue).sorted().toArray();
            var results = new JsonObject();
            results.addProperty("secondsMedian", ResultFile.rounded(Timing.medianOf(sorted)));
            results.addProperty("secondsLeast", ResultFile.rounded(sorted[0]));
            results.addProperty("secondsMost", ResultFile.rounded(sorted[sorted.length - 1]));
            System.out.printf(Locale.ROOT, "from the start of the process to the first embedding: %.3f s (%.3f to %.3f)%n", Timing.medianOf(sorted), sorted[0],
                    sorted[sorted.length - 1]);
            file.write("Seconds from the start of a Java process to its first embedding: ResFace20 from a file of 87 MB in the system's cache, one PNG of 112x96; median of "
                    + rounds + " processes", roof.description(), results);
        } finally {
            for (Path made : List.of(model, crop, folder)) {
                Files.deleteIfExists(made);
            }
        }
        return 0;
    }
}
