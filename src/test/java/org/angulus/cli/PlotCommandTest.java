package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.imageio.ImageIO;
import org.angulus.data.MnistFiles;
import org.angulus.loss.MetricLoss;
import org.angulus.train.MetricTraining;
import org.angulus.train.TrainingConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** plot features and plot logits. */
class PlotCommandTest {
    @TempDir
    private Path folder;

    @Test
    void featuresAreTrainedDrawnAndMeasured() throws IOException {
        Path data = MnistFiles.write(folder.resolve("data"), 40, 4, 12);
        Path out = folder.resolve("pictures");
        Outcome done = Outcome.of("plot", "features", "--data", data, "--losses", "softmax,center,normface-7", "--iterations", 20, "--dimensions", 3,
                "--out", out).succeeds();
        assertTrue(done.out().contains("softmax, start value 1: step 20 of 20"), done.out());
        JsonArray losses = JsonParser.parseString(Files.readString(out.resolve("features.json"))).getAsJsonArray();
        assertEquals(3, losses.size());
        for (int i = 0; i < 3; i++) {
            JsonObject loss = losses.get(i).getAsJsonObject();
            assertEquals(List.of("softmax", "center", "normface-7").get(i), loss.get("loss").getAsString());
            assertEquals(1, loss.getAsJsonArray("runs").size());
            JsonObject run = loss.getAsJsonArray("runs").get(0).getAsJsonObject();
            double accuracy = run.get("testAccuracy").getAsDouble();
            assertTrue(accuracy >= 0.25 && accuracy <= 1, () -> "accuracy " + accuracy);
            double within = run.get("withinClassDegrees").getAsDouble();
            assertTrue(within > 0 && within < 90, () -> "within " + within);
        }
        assertEquals(3 * 640, ImageIO.read(out.resolve("features.png").toFile()).getWidth());
        double first = losses.get(0).getAsJsonObject().getAsJsonArray("runs").get(0).getAsJsonObject().get("testAccuracy").getAsDouble();
        String page = Files.readString(out.resolve("features.md"));
        for (String part : List.of("--losses softmax,center,normface-7 --iterations 20 --starts 1 --dimensions 3`", "(features.png)", String.format(Locale.ROOT, "| softmax | %.2f |", 100 * first))) {
            assertTrue(page.contains(part), page);
        }
    }

    /** Every one reads; center loss has the paper's constants, and the network of softmax beside it. */
    @Test
    void plottedLossesHaveThePapersConstants() {
        PlottedLoss.ALL.forEach(loss -> assertEquals(2, loss.config(2, 100, 32, 1).network().embeddingSize(), loss.name()));
        TrainingConfig center = PlottedLoss.named("center").config(2, 100, 32, 1);
        assertEquals(MetricTraining.of(new MetricLoss.Center(0.5, true, false), 0.003, false), center.metric());
        assertEquals(PlottedLoss.named("softmax").config(2, 100, 32, 1), center.withMetric(MetricTraining.NONE));
    }

    @Test
    void logitsAreThoseOfTheFormulas() throws IOException {
        Path out = folder.resolve("logits");
        Outcome.of("plot", "logits", "--out", out, "--device", "cpu").succeeds();
        List<String> lines = Files.readAllLines(out.resolve("logits.csv"));
        List<String> names = List.of(lines.getFirst().split(",(?=\")"));
        assertEquals(14, names.size());
        assertEquals(362, lines.size());
        for (String line : lines.subList(1, lines.size())) {
            double[] row = Arrays.stream(line.split(",")).mapToDouble(Double::parseDouble).toArray();
            double t = Math.toRadians(row[0]);
            Map<String, Double> expected = Map.of(
                    "cos t: softmax, NormFace, COCO, AdaCos", Math.cos(t),
                    "SphereFace, m 2", psi(2, t),
                    "SphereFace, L-Softmax, m 4", psi(4, t),
                    "SphereFace, m 4, lambda 5", (5 * Math.cos(t) + psi(4, t)) / 6,
                    "SphereFace-R, m 1.5", psi(1.5, t),
                    "AM-Softmax, m 0.35", Math.cos(t) - 0.35,
                    "ArcFace, m 0.5", Math.cos(t + 0.5),
                    "ArcFace, easy", row[0] <= 90 ? Math.cos(t + 0.5) : Math.cos(t),
                    "combined, 1, 0.3, 0.2", Math.cos(t + 0.3) - 0.2,
                    "MagFace, |x| 110", row[0] <= 90 ? Math.cos(t + 0.8) : Math.cos(t));
            double tolerance = 5e-6 + 2e-7 / Math.max(Math.sin(t), 3e-4); // what an ulp of c in f32 does to t
            expected.forEach((name, phi) -> assertEquals(phi, row[names.indexOf('"' + name + '"')], tolerance, name + " at " + row[0]));
        }
        assertEquals(960, ImageIO.read(out.resolve("logits.png").toFile()).getWidth());
        assertTrue(Files.readString(out.resolve("logits.svg")).contains("<svg"));
    }

    /** The target function of L-Softmax and SphereFace. */
    private static double psi(double m, double t) {
        double k = Math.floor(m * t / Math.PI + 1e-9);
        return (k % 2 == 0 ? 1 : -1) * Math.cos(m * t) - 2 * k;
    }

    @Test
    void whatCannotBePlottedIsRefused() throws IOException {
        Outcome.of("plot").failsOnly(ExitCode.USAGE, "features or logits");
        Path out = folder.resolve("out");
        Outcome.of("plot", "features", "--data", folder, "--out", out).failsOnly(ExitCode.FAILED, "it holds no train-images-idx3-ubyte", "name a folder with MNIST's four files");
        Outcome.of("plot", "features", "--data", folder, "--out", out, "--losses", "softmax,hinge").failsOnly(ExitCode.USAGE, "'hinge'", "normface-7");
        Outcome.of("plot", "features", "--data", folder, "--out", out, "--dimensions", 4).failsOnly(ExitCode.USAGE, "--dimensions is 4", "2 or 3");
        Outcome.of("plot", "features", "--data", folder, "--out", out, "--iterations", 3).failsOnly(ExitCode.USAGE, "--iterations is 3");
        Path file = Files.createFile(folder.resolve("file"));
        Outcome.of("plot", "logits", "--out", file).failsOnly(ExitCode.FAILED, "it is a file; name a folder");
    }
}
