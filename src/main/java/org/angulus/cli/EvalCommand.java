package org.angulus.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.angulus.data.FramedImages;
import org.angulus.data.ImageSet;
import org.angulus.data.LabeledPhotos;
import org.angulus.data.Lfw;
import org.angulus.data.VerificationBin;
import org.angulus.device.Device;
import org.angulus.eval.EmbeddedPairs;
import org.angulus.eval.FlipFusion;
import org.angulus.eval.LfwProtocol;
import org.angulus.eval.PairImages;
import org.angulus.eval.Plots;
import org.angulus.eval.RandomPairs;
import org.angulus.eval.Roc;
import org.angulus.eval.ThresholdRule;
import org.angulus.eval.VerificationPairs;
import org.angulus.eval.VerificationReport;
import org.angulus.image.RgbImage;
import org.angulus.model.EmbeddingNetwork;
import org.angulus.model.ModelMetadata;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code angulus eval}: 1:1 verification of a model by the LFW protocol, or on pairs drawn from a folder for each person. */
@Command(
        name = "eval",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measures a model on pairs of faces: the LFW protocol, View 1 or 2, or pairs drawn from any labelled folder.",
        footer = {
            "",
            "Examples:",
            "  angulus eval --model runs/r1/model.safetensors --data lfw/aligned --pairs lfw/pairs.txt",
            "  angulus eval --model m.safetensors --data lfw/aligned --pairs lfw/pairsDevTest.txt --flip concat --json",
            "  angulus eval --model m.safetensors --bin agedb_30.bin --centre 112x96 --flip sum",
            "  angulus eval --model m.safetensors --data celebrities --draw 3000 --exclude runs/r1/identities.txt"
        })
final class EvalCommand implements Callable<Integer> {
    @Option(names = "--model", required = true, paramLabel = "FILE", description = "Model file (.safetensors).")
    private Path model;

    @Option(names = "--data", paramLabel = "SET", description = "Aligned faces: one folder for each person, a packed set, or a .rec file.")
    private Path data;

    @Option(names = "--bin", paramLabel = "FILE", description = "InsightFace's verification set instead: lfw.bin, cfp_fp.bin, agedb_30.bin, calfw.bin, cplfw.bin.")
    private Path bin;

    @Option(names = "--pairs", paramLabel = "FILE", description = "LFW's list: pairs.txt (ten folds) or a list of View 1; the first line tells.")
    private Path pairs;

    @Option(names = "--draw", paramLabel = "N", description = "Without a list: draw N pairs of each kind, a multiple of ten (default: ${DEFAULT-VALUE}).", defaultValue = "3000")
    private int draw;

    @Option(names = "--start", paramLabel = "N", description = "Start value of the drawn pairs (default: ${DEFAULT-VALUE}).", defaultValue = "1")
    private long start;

    @Option(names = "--exclude", paramLabel = "FILE", description = "Leave out the people named in this file, a name on each line; with drawn pairs only.")
    private Path exclude;

    @Mixin
    private FramingOptions framing;

    @Option(names = "--flip", paramLabel = "HOW", description = "Fusion with the mirror image: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).", defaultValue = "NONE")
    private FlipFusion flip;

    @Option(names = "--threshold", paramLabel = "RULE", description = "Convention of the thresholds: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).", defaultValue = "FACENET")
    private Convention convention;

    @Option(names = "--keep-mean", description = "With SPHEREFACE: do not subtract the mean embedding of the training folds.")
    private boolean keepMean;

    @Option(names = "--device", paramLabel = "NAME", description = "cpu, cuda:0, ...; the best one otherwise.")
    private String device;

    @Mixin
    private PrecisionOption precision;

    @Option(names = "--strict", description = "Fail when a photograph of the list is missing.")
    private boolean strict;

    @Option(names = "--json", description = "Print the report as JSON.")
    private boolean json;

    @Option(names = "--out", paramLabel = "DIR", description = "Write report.json, roc.png and scores.png there, and the list of drawn pairs, pairs.txt, where a number counts the person's files by name.")
    private Path out;

    @Spec
    private CommandSpec spec;

    /** The published threshold conventions. */
    enum Convention {
        FACENET,
        SPHEREFACE
    }

    @Override
    public Integer call() throws IOException {
        requireOptions();
        ModelMetadata metadata = ModelMetadata.load(model);
        int height = metadata.network().height();
        int width = metadata.network().width();
        PairImages images = read(height, width);
        VerificationReport report;
        EmbeddedPairs embedded;
        try (Device opened = Devices.open(device);
                EmbeddingNetwork network = EmbeddingNetwork.load(opened, model, 32, precision.precision())) {
            embedded = images.embed(network, flip);
            report = VerificationReport.of(protocol(), embedded, metadata.network().name() + " " + model.getFileName(), metadata.trainingSet(), flip);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.FAILED, e.getMessage() + ".");
        }
        if (strict && !report.missing().isEmpty()) {
            int count = report.missing().size();
            throw new CommandFailure(ExitCode.FAILED, count + (count == 1 ? " photograph of " : " photographs of ") + images.list().name()
                    + (count == 1 ? " is" : " are") + " missing under " + data + ", the first " + report.missing().getFirst() + "; add them, or leave --strict away");
        }
        PrintWriter writer = spec.commandLine().getOut();
        writer.println(json ? report.toJson() : report.toText());
        writer.flush();
        if (out != null) {
            write(report, Roc.of(embedded.cosines(), embedded.same()), images.list());
        }
        return ExitCode.OK;
    }

    private LfwProtocol protocol() {
        return convention == Convention.FACENET ? LfwProtocol.facenet() : new LfwProtocol(ThresholdRule.SPHEREFACE, !keepMean);
    }

    private void requireOptions() {
        if ((data == null) == (bin == null) || bin != null && pairs != null) {
            throw new ParameterException(spec.commandLine(), "give either --data, or --bin without --pairs");
        }
        if (keepMean && convention == Convention.FACENET) {
            throw new ParameterException(spec.commandLine(), "--keep-mean goes with --threshold SPHEREFACE: FACENET subtracts no mean");
        }
        if (draw < 1 || draw % VerificationPairs.VIEW1_FOLDS != 0) {
            throw new ParameterException(spec.commandLine(), "--draw is " + draw + "; ten equal folds need a multiple of ten");
        }
        // What concerns drawn pairs means nothing to a list.
        for (String name : List.of("--draw", "--start", "--exclude")) {
            if ((pairs != null || bin != null) && spec.commandLine().getParseResult().hasMatchedOption(name)) {
                throw new ParameterException(
                        spec.commandLine(), name + " is for drawn pairs, but " + (bin == null ? "--pairs" : "--bin") + " gives a list; leave one of them away");
            }
        }
    }

    private PairImages read(int height, int width) throws IOException {
        int bytes = RgbImage.CHANNELS * height * width;
        if (bin != null) {
            VerificationBin set = VerificationBin.read(bin);
            return PairImages.read(VerificationPairs.of(set), set.photos(height, width, framing.framing()), bytes);
        }
        if (pairs != null) {
            return PairImages.read(VerificationPairs.read(pairs), Lfw.open(data).crops(height, width, framing.framing()), bytes);
        }
        Set<String> unwanted = exclude == null ? Set.of() : NameList.read(exclude);
        ImageSet folder = ImageSet.open(data);
        Set<String> removed = new TreeSet<>(folder.identities());
        removed.retainAll(unwanted);
        if (!removed.isEmpty()) {
            spec.commandLine().getErr().println("Left out because " + exclude + " names them: " + String.join(", ", removed));
            folder = folder.select(name -> !unwanted.contains(name), 1);
        }
        LabeledPhotos photos = new LabeledPhotos(new FramedImages(folder, height, width, framing.framing()), folder.identities());
        try {
            VerificationPairs drawn = RandomPairs.draw("pairs drawn from " + data.getFileName() + ", start value " + start, photos, draw, start);
            return PairImages.read(drawn, photos, bytes);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.FAILED, e.getMessage() + ".");
        }
    }

    private void write(VerificationReport report, Roc roc, VerificationPairs list) throws IOException {
        Files.createDirectories(out);
        Files.writeString(out.resolve("report.json"), report.toJson() + System.lineSeparator());
        Plots plots = new Plots(warning -> spec.commandLine().getErr().println("angulus: " + warning));
        plots.roc(out.resolve("roc.png"), report.dataSet(), Map.of(report.network(), roc));
        plots.scores(out.resolve("scores.png"), report.dataSet(), roc, Double.NaN);
        List<String> written = new ArrayList<>(List.of("report.json", "roc.png", "scores.png"));
        if (pairs == null && bin == null) {
            list.write(out.resolve("pairs.txt"));
            written.add("pairs.txt");
        }
        spec.commandLine().getErr().println("Wrote " + String.join(", ", written) + " to " + out);
    }
}
