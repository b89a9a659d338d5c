package org.angulus.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.angulus.device.Device;
import org.angulus.device.Type;
import org.angulus.eval.EmbeddedPairs;
import org.angulus.eval.FlipFusion;
import org.angulus.eval.LfwProtocol;
import org.angulus.eval.Plots;
import org.angulus.eval.Roc;
import org.angulus.eval.ThresholdRule;
import org.angulus.eval.VerificationReport;
import org.angulus.model.AtomicFile;
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
            "  angulus eval --model runs/r1/model.safetensors --data lfw/aligned \\",
            "      --pairs lfw/pairs.txt",
            "  angulus eval --model m.safetensors --data lfw/aligned \\",
            "      --pairs lfw/pairsDevTest.txt --flip concat --json",
            "  angulus eval --model m.safetensors --bin agedb_30.bin --centre 112x96 \\",
            "      --flip sum",
            "  angulus eval --model m.safetensors --data celebrities --draw 3000 \\",
            "      --exclude runs/r1/identities.txt"
        })
final class EvalCommand implements Callable<Integer> {
    /** Pairs of each kind. */
    private static final int DRAWN = 3000;

    @Option(names = "--model", required = true, paramLabel = "FILE", description = "Model file (.safetensors).")
    private Path model;

    @Mixin
    private PairOptions pairs;

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
        PairOptions.Source source = pairs.open(metadata.network().height(), metadata.network().width(), DRAWN);
        VerificationReport report;
        EmbeddedPairs embedded;
        try (Device opened = Devices.open(device);
                EmbeddingNetwork network = EmbeddingNetwork.load(opened, model, 32, precision.precision())) {
            embedded = source.embed(source.pairs(), network, flip, !json);
            String name = metadata.network().name() + " " + model.getFileName() + (precision.precision() == Type.F32 ? "" : " in " + precision.precision().words());
            report = VerificationReport.of(protocol(), embedded, name, metadata.trainingSet(), flip);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.FAILED, e.getMessage() + ".");
        }
        if (strict && !report.missing().isEmpty()) {
            int count = report.missing().size();
            throw new CommandFailure(ExitCode.FAILED, count + (count == 1 ? " photograph of " : " photographs of ") + source.pairs().name()
                    + (count == 1 ? " is" : " are") + " missing under " + source.place() + ", the first " + report.missing().getFirst() + "; add them, or leave --strict away");
        }
        PrintWriter writer = spec.commandLine().getOut();
        writer.println(json ? report.toJson() : report.toText());
        writer.flush();
        if (out != null) {
            write(report, Roc.of(embedded.cosines(), embedded.same()), source);
        }
        return ExitCode.OK;
    }

    private LfwProtocol protocol() {
        return convention == Convention.FACENET ? LfwProtocol.facenet() : new LfwProtocol(ThresholdRule.SPHEREFACE, !keepMean);
    }

    private void requireOptions() {
        pairs.check();
        if (keepMean && convention == Convention.FACENET) {
            throw new ParameterException(spec.commandLine(), "--keep-mean goes with --threshold SPHEREFACE: FACENET subtracts no mean");
        }
    }

    private void write(VerificationReport report, Roc roc, PairOptions.Source source) throws IOException {
        Files.createDirectories(out);
        AtomicFile.write(out.resolve("report.json"), report.toJson() + "\n");
        Plots plots = new Plots(warning -> spec.commandLine().getErr().println("angulus: " + warning));
        plots.roc(out.resolve("roc.png"), report.dataSet(), Map.of(report.network(), roc));
        plots.scores(out.resolve("scores.png"), report.dataSet(), roc, Double.NaN);
        List<String> written = new ArrayList<>(List.of("report.json", "roc.png", "scores.png"));
        if (source.drawn()) {
            source.pairs().write(out.resolve("pairs.txt"));
            written.add("pairs.txt");
        }
        spec.commandLine().getErr().println("Wrote " + String.join(", ", written) + " to " + out);
    }
}
