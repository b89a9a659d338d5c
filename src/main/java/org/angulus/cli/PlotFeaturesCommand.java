package org.angulus.cli;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import org.angulus.data.Mnist;
import org.angulus.device.Device;
import org.angulus.eval.FeatureSpread;
import org.angulus.eval.Plots;
import org.angulus.eval.Plots.FeaturePicture;
import org.angulus.model.AtomicFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code angulus plot features}: the pictures of center loss, L-Softmax, SphereFace and NormFace. */
@Command(
        name = "features",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Trains a LeNet++ with 2 or 3 numbers as its feature on MNIST, once for each loss, and draws where the test pictures come to lie.",
            "It leaves features.png, features.json with accuracies and angles, and prints the table."
        },
        footer = {
            "",
            "Examples:",
            "  angulus plot features --data mnist --out pictures",
            "  angulus plot features --data mnist --losses softmax,normface-7 --iterations 2000 \\",
            "      --starts 3 --dimensions 3 --out pictures"
        })
final class PlotFeaturesCommand implements Callable<Integer> {
    private static final int BATCH = 128;

    @Option(names = "--data", required = true, paramLabel = "MNIST", description = "Folder with MNIST's four files, plain or .gz.")
    private Path data;

    @Option(names = "--losses", paramLabel = "NAMES", split = ",", description = "Losses in the order of the picture (default: all of ${COMPLETION-CANDIDATES}).",
            completionCandidates = Names.class)
    private List<String> losses = PlottedLoss.names();

    @Option(names = "--iterations", paramLabel = "N", defaultValue = "10000", description = "Steps of 128 pictures for each loss (default: ${DEFAULT-VALUE}, as in the papers).")
    private int iterations;

    @Option(names = "--starts", paramLabel = "K", defaultValue = "1", description = "Runs from different start values; the picture is of the first (default: ${DEFAULT-VALUE}).")
    private int starts;

    @Option(names = "--dimensions", paramLabel = "D", defaultValue = "2", description = "Numbers of a feature: 2, or 3, which are shown on the sphere (default: ${DEFAULT-VALUE}).")
    private int dimensions;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder for pictures and figures.")
    private Path out;

    @Option(names = "--device", paramLabel = "NAME", description = "cpu, cuda:0, ...; the best one otherwise.")
    private String deviceName;

    @Spec
    private CommandSpec spec;

    /** The names of the losses, for the help. */
    static final class Names extends ArrayList<String> {
        private static final long serialVersionUID = 1L;

        Names() {
            super(PlottedLoss.names());
        }
    }

    /** A loss with all its runs. */
    private record Result(PlottedLoss loss, List<FeatureExperiment.Run> runs) {
        double mean(ToDoubleFunction<FeatureSpread> figure) {
            return runs.stream().mapToDouble(run -> figure.applyAsDouble(run.spread())).average().orElseThrow();
        }

        /** Half the distance between the largest and the smallest of the runs. */
        double spread(ToDoubleFunction<FeatureSpread> figure) {
            var summary = runs.stream().mapToDouble(run -> figure.applyAsDouble(run.spread())).summaryStatistics();
            return (summary.getMax() - summary.getMin()) / 2;
        }

        String title() {
            FeatureSpread first = runs.getFirst().spread();
            return String.format(Locale.ROOT, "%s: %.2f %%, within %.1f\u00b0, between %.1f\u00b0", loss.name(), 100 * first.accuracy(), first.intra(), first.inter());
        }
    }

    @Override
    public Integer call() throws IOException {
        require(iterations >= 20, "--iterations is " + iterations + "; give at least 20");
        require(starts >= 1 && starts <= 100, "--starts is " + starts + "; give 1 to 100");
        require(dimensions == 2 || dimensions == 3, "--dimensions is " + dimensions + "; give 2 or 3, what can be drawn");
        List<PlottedLoss> chosen = losses.stream().map(PlottedLoss::named).toList();
        Mnist training = Mnist.open(data, Mnist.Part.TRAIN);
        Mnist test = Mnist.open(data, Mnist.Part.TEST);
        Path folder = PlotCommand.folder(out);
        PrintWriter writer = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        var results = new ArrayList<Result>();
        Plots plots = new Plots(sentence -> err.println("angulus: " + sentence));
        try (Device device = Devices.open(deviceName)) {
            var experiment = new FeatureExperiment(device, training, test, writer, err);
            for (PlottedLoss loss : chosen) {
                var runs = new ArrayList<FeatureExperiment.Run>();
                for (int start = 1; start <= starts; start++) {
                    runs.add(experiment.run(loss, loss.config(dimensions, iterations, Math.min(BATCH, training.count()), start)));
                }
                results.add(new Result(loss, runs));
                write(folder, plots, results, training.identities().size());
            }
        }
        table(writer, results);
        writer.println("Pictures and figures are in " + folder);
        writer.flush();
        return ExitCode.OK;
    }

    private void require(boolean condition, String problem) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), problem);
        }
    }

    /** Written after each loss: a long run that is ended leaves what it has. */
    private void write(Path folder, Plots plots, List<Result> results, int classes) throws IOException {
        plots.features(folder.resolve("features.png"), results.stream()
                .map(result -> new FeaturePicture(result.title(), result.runs().getFirst().features(), result.runs().getFirst().labels(), classes)).toList());
        var list = new JsonArray();
        for (Result result : results) {
            var entry = new JsonObject();
            entry.addProperty("loss", result.loss().name());
            entry.addProperty("iterations", iterations);
            entry.addProperty("dimensions", dimensions);
            var runs = new JsonArray();
            for (FeatureExperiment.Run run : result.runs()) {
                var figures = new JsonObject();
                figures.addProperty("testAccuracy", run.spread().accuracy());
                figures.addProperty("withinClassDegrees", run.spread().intra());
                figures.addProperty("nearestClassDegrees", run.spread().inter());
                figures.addProperty("leastBetweenDegrees", run.spread().leastInter());
                figures.addProperty("meanLength", run.spread().length());
                runs.add(figures);
            }
            entry.add("runs", runs);
            list.add(entry);
        }
        AtomicFile.write(folder.resolve("features.json"), new GsonBuilder().setPrettyPrinting().create().toJson(list) + "\n");
    }

    private static void table(PrintWriter writer, List<Result> results) {
        writer.println();
        writer.println("Test accuracy by the nearest class vector; mean angle to the class's mean direction; angle to the nearest other class, mean over the classes");
        writer.println("and least; mean length. Mean and half the range over the starts.");
        for (Result result : results) {
            writer.println(String.format(Locale.ROOT, "%-18s %6.2f +- %.2f %%   within %5.2f +- %.2f   between %6.2f +- %.2f   least %6.2f +- %.2f   length %7.2f +- %.2f",
                    result.loss().name(),
                    100 * result.mean(FeatureSpread::accuracy), 100 * result.spread(FeatureSpread::accuracy),
                    result.mean(FeatureSpread::intra), result.spread(FeatureSpread::intra),
                    result.mean(FeatureSpread::inter), result.spread(FeatureSpread::inter),
                    result.mean(FeatureSpread::leastInter), result.spread(FeatureSpread::leastInter),
                    result.mean(FeatureSpread::length), result.spread(FeatureSpread::length)));
        }
    }
}
