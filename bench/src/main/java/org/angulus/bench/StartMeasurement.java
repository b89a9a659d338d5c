package org.angulus.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import javax.imageio.ImageIO;
import org.angulus.model.InputFormat;
import org.angulus.model.ModelMetadata;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** From the start of a Java process to its first embedding: machine, library, weights of ResFace20 (87 MB, in the system's cache), one PNG of a crop. */
@Command(name = "start-time", description = "From the start of a process to its first embedding.", mixinStandardHelpOptions = true)
public final class StartMeasurement implements Callable<Integer> {
    /** Two embeddings of the same crop by other batches. */
    private static final double MOST_APART = 1e-5;

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
            writePicture(problem, crop);
            float[] expected = ours.embed()[0];
            for (int i = 0; i <= rounds; i++) {
                JsonObject line = MeasuringProcess.run(MeasuringProcess.java(FirstEmbedding.class, model.toString(), crop.toString(),
                        "" + System.currentTimeMillis())).getLast();
                requireSame(expected, line.getAsJsonArray("embedding"));
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

    private static void writePicture(EmbeddingProblem problem, Path file) throws IOException {
        int height = problem.config().height();
        int width = problem.config().width();
        byte[] crops = problem.crops();
        var picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < height * width; i++) {
            picture.setRGB(i % width, i / width, (crops[3 * i] & 255) << 16 | (crops[3 * i + 1] & 255) << 8 | crops[3 * i + 2] & 255);
        }
        ImageIO.write(picture, "png", file.toFile());
    }

    private static void requireSame(float[] expected, JsonArray embedding) {
        double dot = 0;
        double own = 0;
        double other = 0;
        for (int i = 0; i < expected.length; i++) {
            double value = embedding.get(i).getAsDouble();
            dot += value * expected[i];
            own += value * value;
            other += (double) expected[i] * expected[i];
        }
        if (!(1 - dot / Math.sqrt(own * other) <= MOST_APART)) {
            throw new IllegalStateException("The first embedding of a process is another than that of the network.");
        }
    }
}
