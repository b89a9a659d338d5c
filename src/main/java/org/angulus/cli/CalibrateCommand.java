package org.angulus.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.angulus.data.FramedImages;
import org.angulus.data.ImageSet;
import org.angulus.data.LabeledPhotos;
import org.angulus.data.Lfw;
import org.angulus.device.Device;
import org.angulus.eval.EmbeddedPairs;
import org.angulus.eval.FlipFusion;
import org.angulus.eval.PairImages;
import org.angulus.eval.RandomPairs;
import org.angulus.eval.ThresholdCalibration;
import org.angulus.eval.VerificationPairs;
import org.angulus.eval.VerificationPairs.Pair;
import org.angulus.image.RgbImage;
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
            "  angulus calibrate --model m.safetensors --data people --far 1e-3 --out m.threshold.json",
            "  angulus calibrate --model m.safetensors --data lfw/aligned --pairs lfw/pairs.txt --far 0.01 --flip sum --out m.threshold.json",
            "  angulus compare a.jpg b.jpg --model m.safetensors --threshold m.threshold.json"
        })
final class CalibrateCommand implements Callable<Integer> {
    private static final int BATCH = 32;
    /** Drawn pairs for each one that is needed at least: the intervals become narrower. */
    private static final int PLENTY = 4;

    @Option(names = "--model", required = true, paramLabel = "FILE", description = "Model file (.safetensors).")
    private Path model;

    @Option(names = "--data", required = true, paramLabel = "SET", description = "Aligned faces: one folder for each person, a packed set, or a .rec file.")
    private Path data;

    @Option(names = "--pairs", paramLabel = "FILE", description = "LFW's list of pairs, pairs.txt or a list of View 1; without it pairs are drawn.")
    private Path pairs;

    @Option(names = "--draw", paramLabel = "N", description = "Without a list: draw N pairs of each kind, a multiple of ten (default: four times as many as the FAR needs).")
    private Integer draw;

    @Option(names = "--start", paramLabel = "N", description = "Start value of the drawn pairs (default: ${DEFAULT-VALUE}).", defaultValue = "1")
    private long start;

    @Option(names = "--far", paramLabel = "F", description = "Highest share of pairs of different people to accept (default: ${DEFAULT-VALUE}).", defaultValue = "1e-3")
    private double far;

    @Option(names = "--confidence", paramLabel = "C", description = "Of the intervals (default: ${DEFAULT-VALUE}).", defaultValue = "0.95")
    private double confidence;

    @Option(names = "--out", paramLabel = "FILE", description = "Write the calibration there, as JSON, for angulus compare.")
    private Path out;

    @Option(names = "--flip", paramLabel = "HOW", description = "Fusion with the mirror image: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).", defaultValue = "NONE")
    private FlipFusion flip;

    @Mixin
    private FramingOptions framing;

    @Option(names = "--device", paramLabel = "NAME", description = "cpu, cuda:0, ...; the best one otherwise.")
    private String device;

    @Option(names = "--json", description = "Print the calibration as JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (!(far > 0 && far < 1) || !(confidence > 0 && confidence < 1)) {
            throw new ParameterException(spec.commandLine(), "--far and --confidence lie above 0 and below 1");
        }
        String checksum = ModelChecksum.of(model);
        ThresholdCalibration calibration;
        try (Device opened = Devices.open(device);
                EmbeddingNetwork network = EmbeddingNetwork.load(opened, model, BATCH)) {
            EmbeddedPairs embedded = images(network.config().height(), network.config().width()).embed(network, flip);
            calibration = ThresholdCalibration.of(checksum, flip, embedded, far, confidence);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.FAILED, e.getMessage());
        }
        if (out != null) {
            ByteBuffer text = StandardCharsets.UTF_8.encode(calibration.toJson() + "\n");
            AtomicFile.write(out, channel -> {
                while (text.hasRemaining()) {
                    channel.write(text);
                }
            });
        }
        PrintWriter writer = spec.commandLine().getOut();
        writer.println(json ? calibration.toJson() : calibration.toText().stripTrailing());
        writer.flush();
        return ExitCode.OK;
    }

    private PairImages images(int height, int width) throws IOException {
        int bytes = RgbImage.CHANNELS * height * width;
        if (pairs != null) {
            return new PairImages(VerificationPairs.read(pairs), Lfw.open(data).crops(height, width, framing.framing()), bytes);
        }
        ImageSet set = ImageSet.open(data);
        LabeledPhotos photos = new LabeledPhotos(new FramedImages(set, height, width, framing.framing()), set.identities());
        // Drawn pairs come in tens.
        long wanted = draw != null ? draw : Math.ceilDiv(PLENTY * ThresholdCalibration.impostorPairsNeeded(far, confidence), 10) * 10L;
        VerificationPairs drawn = RandomPairs.draw(
                "pairs drawn from " + data.getFileName() + ", start value " + start, photos, Math.clamp(wanted, 10, 10_000_000), start);
        return new PairImages(distinct(drawn), photos, bytes);
    }

    /** Each pair once: one that counts twice would make the intervals narrower than they are. */
    private static VerificationPairs distinct(VerificationPairs drawn) {
        Set<Set<Object>> seen = new HashSet<>();
        List<Pair> once = drawn.pairs().stream().filter(pair -> seen.add(Set.of(pair.left(), pair.right()))).toList();
        // One fold: a calibration has no use for a cross-validation.
        return new VerificationPairs(drawn.name(), once.stream().map(pair -> new Pair(pair.left(), pair.right(), pair.same(), 0)).toList(), 1, false);
    }
}
