package org.angulus.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.angulus.device.Device;
import org.angulus.eval.FlipFusion;
import org.angulus.eval.ThresholdCalibration;
import org.angulus.eval.VerificationPairs;
import org.angulus.eval.VerificationPairs.Pair;
import org.angulus.model.AtomicFile;
import org.angulus.model.EmbeddingNetwork;
import org.angulus.model.ModelChecksum;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code angulus calibrate}: the threshold of a model for a wanted false accept rate, on the user's own pairs. */
@Command(
        name = "calibrate",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Finds the cosine from which on two faces are taken for one person's, so that no more than a wanted share of pairs of different people is accepted"
                    + " (the FAR), and says how sure that is.",
            "The pairs should be of people the model was not trained on, and of pictures like those it will meet."
        },
        footer = {
            "",
            "Examples:",
            "  angulus calibrate --model m.safetensors --data people --far 1e-3 \\",
            "      --exclude runs/r1/identities.txt --out m.threshold.json",
            "  angulus calibrate --model m.safetensors --data lfw/aligned \\",
            "      --pairs lfw/pairs.txt --far 0.01 --flip sum --out m.threshold.json",
            "  angulus calibrate --model m.safetensors --bin agedb_30.bin --centre 112x96 \\",
            "      --far 0.01",
            "  angulus compare a.jpg b.jpg --model m.safetensors --threshold m.threshold.json"
        })
final class CalibrateCommand implements Callable<Integer> {
    private static final int BATCH = 32;
    /** Drawn pairs for each one that is needed at least: the intervals become narrower. */
    private static final int PLENTY = 4;

    @Option(names = "--model", required = true, paramLabel = "FILE", description = "Model file (.safetensors).")
    private Path model;

    @Mixin
    private PairOptions pairs;

    @Option(names = "--far", paramLabel = "F", description = "Highest share of pairs of different people to accept (default: ${DEFAULT-VALUE}).", defaultValue = "1e-3")
    private double far;

    @Option(names = "--confidence", paramLabel = "C", description = "Of the intervals (default: ${DEFAULT-VALUE}).", defaultValue = "0.95")
    private double confidence;

    @Option(names = "--out", paramLabel = "FILE", description = "Write the calibration there, as JSON, for angulus compare.")
    private Path out;

    @Option(names = "--flip", paramLabel = "HOW", description = "Fusion with the mirror image: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).", defaultValue = "NONE")
    private FlipFusion flip;

    @Option(names = "--device", paramLabel = "NAME", description = "cpu, cuda:0, ...; the best one otherwise.")
    private String device;

    @Option(names = "--json", description = "Print the calibration as JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (!(far > 0 && far < 1) || !(confidence > 0 && confidence < 1)) {
            throw new ParameterException(spec.commandLine(), "--far is " + far + " and --confidence " + confidence + "; both lie above 0 and below 1");
        }
        pairs.check();
        String checksum = ModelChecksum.of(model);
        ThresholdCalibration calibration;
        try (Device opened = Devices.open(device);
                EmbeddingNetwork network = EmbeddingNetwork.load(opened, model, BATCH)) {
            PairOptions.Source source = pairs.open(network.config().height(), network.config().width(), usual());
            calibration = ThresholdCalibration.of(checksum, flip, source.embed(distinct(source.pairs()), network, flip, !json), far, confidence);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.FAILED, e.getMessage());
        }
        if (out != null) {
            AtomicFile.write(out, calibration.toJson() + "\n");
        }
        PrintWriter writer = spec.commandLine().getOut();
        writer.println(json ? calibration.toJson() : calibration.toText().stripTrailing());
        writer.flush();
        return ExitCode.OK;
    }

    /** Drawn where nothing else is said. Drawn pairs come in tens. */
    private int usual() {
        return (int) Math.min(Math.ceilDiv(PLENTY * ThresholdCalibration.impostorPairsNeeded(far, confidence), 10) * 10L, 10_000_000);
    }

    /** Each pair once: one that counts twice would make the intervals narrower than they are. */
    private static VerificationPairs distinct(VerificationPairs list) {
        Set<Set<Object>> seen = new HashSet<>();
        List<Pair> once = list.pairs().stream().filter(pair -> seen.add(Set.of(pair.left(), pair.right()))).toList();
        // One fold: a calibration has no use for a cross-validation.
        return new VerificationPairs(list.name(), once.stream().map(pair -> new Pair(pair.left(), pair.right(), pair.same(), 0)).toList(), 1, false);
    }
}
