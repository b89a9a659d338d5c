package org.angulus.cli;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.angulus.data.Mnist;
import org.angulus.device.Device;
import org.angulus.eval.Plots;
import org.angulus.model.AtomicFile;
import org.angulus.train.DivergedException;
import org.angulus.train.TrainingConfig;
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
            "It leaves features.md, a page with features.png and a table of accuracies and angles, and features.json with all figures."
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

    @Option(names = "--iterations", paramLabel = "N", defaultValue = "10000", description = "Steps of 128 pictures for each loss (default: ${DEFAULT-VALUE}, as center loss and L-Softmax took).")
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
        int batch = Math.min(BATCH, training.count());
        var results = new ArrayList<FeaturePage.Result>();
        var page = new FeaturePage(dimensions, iterations, batch, starts, results);
        Plots plots = new Plots(sentence -> err.println("angulus: " + sentence));
        try (Device device = Devices.open(deviceName)) {
            var experiment = new FeatureExperiment(device, training, test, writer, err);
            for (PlottedLoss loss : chosen) {
                var runs = new ArrayList<FeatureExperiment.Run>();
                for (int start = 1; start <= starts; start++) {
                    runs.add(run(experiment, loss, loss.config(dimensions, iterations, batch, start), folder));
                }
                results.add(new FeaturePage.Result(loss, runs));
                write(folder, plots, page, training.identities().size());
            }
        }
        writer.println();
        writer.println(Table.of(page.head(), page.rows()));
        writer.println();
        writer.println(page.legend());
        writer.println("Page, picture and figures are in " + folder);
        writer.flush();
        return ExitCode.OK;
    }

    private static FeatureExperiment.Run run(FeatureExperiment experiment, PlottedLoss loss, TrainingConfig config, Path folder) throws IOException {
        try {
            return experiment.run(loss, config);
        } catch (DivergedException e) {
            throw new CommandFailure(ExitCode.DIVERGED, "the loss " + loss.name() + " with start value " + config.startValue() + " came to gradients that are no numbers;"
                    + " give more --iterations, whose warm-up is longer, or leave it out of --losses; the losses before it are in " + folder);
        }
    }

    private void require(boolean condition, String problem) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), problem);
        }
    }

    /** Written after each loss: a long run that is ended leaves what it has. */
    private void write(Path folder, Plots plots, FeaturePage page, int classes) throws IOException {
        plots.features(folder.resolve("features.png"), page.results().stream().map(result -> result.picture(classes)).toList());
        AtomicFile.write(folder.resolve("features.md"), page.markdown());
        var list = new JsonArray();
        for (FeaturePage.Result result : page.results()) {
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
}
