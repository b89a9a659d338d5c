package org.angulus.bench;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
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
        Path cache = folder.resolve("first-embedding.aot");
        var plain = new double[rounds];
        var ahead = new double[rounds];
        try (EmbeddingEngine ours = new AngulusEngine(problem, "cpu", Devices.threads(0)); Roof roof = new Roof("cpu", Devices.threads(0))) {
            problem.weights().save(model, new ModelMetadata(problem.config(), InputFormat.DEFAULT, "none", 1, "drawn weights", "none"));
            ImageIO.write(FaceFiles.picture(problem.crops(), problem.config().height(), problem.config().width()), "png", crop.toFile());
            float[][] expected = {Embedding.of(ours.embed()[0]).toArray()};
            seconds(List.of("-XX:AOTCacheOutput=" + cache), model, crop, expected); // fills the system's cache of files as well
            for (int i = 0; i < rounds; i++) {
                plain[i] = seconds(List.of(), model, crop, expected);
                ahead[i] = seconds(List.of("-XX:AOTCache=" + cache, "-XX:AOTMode=on"), model, crop, expected);
            }
            var results = new JsonObject();
            results.add("plain", summary("from the start of the process to the first embedding", plain));
            results.add("withAotCache", summary("the same with classes linked ahead of time", ahead));
            file.write("Seconds from the start of a Java process to its first embedding: ResFace20 from a file of 87 MB in the system's cache, one PNG of 112x96; median of "
                    + rounds + " processes, in turn with as many that have an AOT cache of such a process (-XX:AOTCache)", roof.description(), results);
        } finally {
            for (Path made : List.of(model, crop, cache, folder)) {
                Files.deleteIfExists(made);
            }
        }
        return 0;
    }

    /** Of a new process. */
    private static double seconds(List<String> options, Path model, Path crop, float[][] expected) throws IOException, InterruptedException {
        JsonObject line = MeasuringProcess.run(MeasuringProcess.java(options, FirstEmbedding.class, model.toString(), crop.toString(), "" + System.currentTimeMillis())).getLast();
        Agreement.require("The first embedding of a process", new float[][] {new Gson().fromJson(line.get("embedding"), float[].class)}, expected);
        return line.get("seconds").getAsDouble();
    }

    private static JsonObject summary(String what, double[] times) {
        double[] sorted = times.clone();
        Arrays.sort(sorted);
        var summary = new JsonObject();
        summary.addProperty("secondsMedian", ResultFile.rounded(Timing.medianOf(sorted)));
        summary.addProperty("secondsLeast", ResultFile.rounded(sorted[0]));
        summary.addProperty("secondsMost", ResultFile.rounded(sorted[sorted.length - 1]));
        System.out.printf(Locale.ROOT, "%s: %.3f s (%.3f to %.3f)%n", what, Timing.medianOf(sorted), sorted[0], sorted[sorted.length - 1]);
        return summary;
    }
}
