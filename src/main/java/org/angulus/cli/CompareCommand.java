package org.angulus.cli;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.angulus.Embedder;
import org.angulus.EmbedderOptions;
import org.angulus.Embedding;
import org.angulus.eval.FlipFusion;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code angulus compare}: whether two pictures show the same person. */
@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Compares two aligned crops: cosine, Euclidean distance and angle of their embeddings, and a verdict.",
        exitCodeList = {"0:the same person", "4:different people"},
        footer = {
            "",
            "Examples:",
            "  angulus compare a.jpg b.jpg --model m.safetensors",
            "  angulus compare a.jpg b.jpg --model m.safetensors --threshold 0.35 --json",
            "  angulus calibrate --model m.safetensors --data people --far 1e-3 \\",
            "      --out m.threshold.json",
            "  angulus compare a.jpg b.jpg --model m.safetensors --threshold m.threshold.json"
        })
final class CompareCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "A", description = "Aligned crop of a face.")
    private Path a;

    @Parameters(index = "1", paramLabel = "B", description = "Another one.")
    private Path b;

    @Option(names = "--model", required = true, paramLabel = "FILE", description = "Model file (.safetensors).")
    private Path model;

    @Option(
            names = "--threshold",
            paramLabel = "T|FILE",
            description = "Lowest cosine of the same person, or a file that angulus calibrate made for this model (default: " + DecisionThreshold.DEFAULT + ", "
                    + DecisionThreshold.ORIGIN + ").")
    private String threshold;

    @Option(names = "--flip", paramLabel = "HOW", description = "Fusion with the mirror image: ${COMPLETION-CANDIDATES} (default: as calibrated, else none).")
    private FlipFusion flip;

    @Mixin
    private FramingOptions framing;

    @Option(names = "--device", paramLabel = "NAME", description = "cpu, cuda:0, ...; the best one otherwise.")
    private String device;

    @Mixin
    private PrecisionOption precision;

    @Option(names = "--json", description = "Print the result as JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        DecisionThreshold decision = DecisionThreshold.of(threshold, model, flip, spec.commandLine());
        EmbedderOptions options = EmbedderOptions.DEFAULT.withDevice(device).withLargestBatch(1).withFlip(decision.flip())
                .withPrecision(precision.precision());
        Embedding left;
        Embedding right;
        try (Embedder embedder = Embedder.open(model, options)) {
            left = embedder.embedCrop(framing.framing().decode(a, embedder.cropHeight(), embedder.cropWidth()));
            right = embedder.embedCrop(framing.framing().decode(b, embedder.cropHeight(), embedder.cropWidth()));
        }
        boolean same = left.cosine(right) >= decision.cosine();
        PrintWriter out = spec.commandLine().getOut();
        out.println(json ? toJson(left, right, decision, same) : toText(left, right, decision, same));
        out.flush();
        return same ? ExitCode.OK : ExitCode.DIFFERENT;
    }

    private static String toText(Embedding left, Embedding right, DecisionThreshold decision, boolean same) {
        return String.format(Locale.ROOT,
                """
                cosine     %.4f
                distance   %.4f (Euclidean, of unit vectors)
                angle      %.1f degrees
                threshold  cosine %.4f: %s
                verdict    %s""",
                left.cosine(right), left.distance(right), Math.toDegrees(left.angle(right)), decision.cosine(), decision.origin(),
                same ? "same person" : "different people");
    }

    private static String toJson(Embedding left, Embedding right, DecisionThreshold decision, boolean same) {
        JsonObject result = new JsonObject();
        result.addProperty("cosine", left.cosine(right));
        result.addProperty("distance", left.distance(right));
        result.addProperty("angleDegrees", Math.toDegrees(left.angle(right)));
        result.addProperty("threshold", decision.cosine());
        result.addProperty("thresholdOrigin", decision.origin());
        result.addProperty("same", same);
        return new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(result);
    }
}
