package org.angulus.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.angulus.data.FramedImages;
import org.angulus.data.ImageSet;
import org.angulus.data.LabeledPhotos;
import org.angulus.data.Lfw;
import org.angulus.device.Device;
import org.angulus.device.Type;
import org.angulus.eval.EmbeddedPairs;
import org.angulus.eval.FlipFusion;
import org.angulus.eval.LfwProtocol;
import org.angulus.eval.PairImages;
import org.angulus.eval.RandomPairs;
import org.angulus.eval.Roc;
import org.angulus.eval.ThresholdRule;
import org.angulus.eval.VerificationPairs;
import org.angulus.image.Fit;
import org.angulus.image.Framing;
import org.angulus.image.RgbImage;
import org.angulus.model.EmbeddingNetwork;
import org.angulus.model.Int8Quantizer;
import org.angulus.model.ModelMetadata;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * What int8 or bf16 costs in verification: networks that {@code bench/lfw-view1} trained, and the same in int8, calibrated on pictures of their training people, or
 * in bf16 decide the same pairs. The threshold of each is chosen on pairs drawn from View 1's test people, so many that its own noise is small, and applied to
 * {@code pairs.txt} and to drawn pairs of celebrities. The standard error of the difference is paired: of what the rounded network wins or loses at each pair.
 */
@Command(name = "precision-accuracy", description = "Verification accuracy of trained networks in f32 and in int8 or bf16, paired.", mixinStandardHelpOptions = true)
public final class PrecisionAccuracy implements Callable<Integer> {
    private static final int CALIBRATING = 256;
    private static final int BATCH = 32;
    private static final Framing RESIZED = new Framing(0, 0, Fit.RESIZE);

    @Parameters(arity = "1..*", paramLabel = "RUN", description = "run folders: model.safetensors, identities.txt")
    private List<Path> runs;

    @Option(names = "--lfw", required = true, description = "aligned_112x96/ and the protocol's lists")
    private Path lfw;

    @Option(names = "--celebrities", required = true, description = "a folder of 112x112 faces for each person")
    private Path celebrities;

    /** What the networks are rounded to. */
    enum Rounding {
        INT8,
        BF16;

        String words() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Option(names = "--of", defaultValue = "INT8", description = "beside f32: ${COMPLETION-CANDIDATES}")
    private Rounding rounding;

    @Option(names = "--draw", defaultValue = "10000", description = "pairs of either kind, a multiple of ten")
    private int draw;

    @Option(names = "--threads", defaultValue = "0", description = "0: all processors")
    private int threads;

    @Mixin
    private ResultFile file;

    public static void main(String[] arguments) {
        Commands.run(new PrecisionAccuracy(), arguments);
    }

    /** Cosines of pairs in f32 and rounded, and each one's threshold, chosen on other pairs. */
    private record Measured(boolean[] same, double[] exact, double[] quick, double exactThreshold, double quickThreshold) {
        /** For each pair 1 where the rounded network alone is right, -1 where f32 alone is. */
        int[] wins(double threshold) {
            int[] wins = new int[same.length];
            for (int i = 0; i < wins.length; i++) {
                wins[i] = right(quick[i], threshold, same[i]) - right(exact[i], exactThreshold, same[i]);
            }
            return wins;
        }

        double accuracy() {
            int right = 0;
            for (int i = 0; i < same.length; i++) {
                right += right(exact[i], exactThreshold, same[i]);
            }
            return (double) right / same.length;
        }

        private static int right(double cosine, double threshold, boolean same) {
            return cosine >= threshold == same ? 1 : 0;
        }
    }

    @Override
    public Integer call() throws IOException {
        Set<String> trained = new HashSet<>();
        for (Path run : runs) {
            trained.addAll(Files.readAllLines(run.resolve("identities.txt")));
        }
        List<Measured> views = new ArrayList<>();
        List<Measured> drawn = new ArrayList<>();
        int count = Devices.threads(threads);
        try (Device device = Devices.open("cpu", count)) {
            for (Path run : runs) {
                measure(device, run, trained, views, drawn);
            }
        }
        var results = new JsonArray();
        results.add(report("LFW pairs.txt, of whose people the networks were trained on many", views));
        results.add(report(draw + " drawn pairs of either kind of celebrities whom no network has seen", drawn));
        try (Roof roof = new Roof("cpu", count)) {
            file.write("Verification by " + runs.size() + " networks in f32 and in " + rounding.words()
                    + (rounding == Rounding.INT8 ? " (calibrated on " + CALIBRATING + " pictures of training people)" : "") + ", the"
                    + " threshold of each chosen on " + draw + " pairs of either kind drawn from LFW's peopleDevTest. difference: of the accuracies, "
                    + rounding.words() + " less f32, in points; standardError: of it, paired, over the pairs as if they were independent and the thresholds given, with each pair's mean over the"
                    + " networks in the pooled line", roof.description(), results);
        }
        return 0;
    }

    private void measure(Device device, Path run, Set<String> trained, List<Measured> views, List<Measured> drawn) throws IOException {
        Path model = run.resolve("model.safetensors");
        var config = ModelMetadata.load(model).network();
        int height = config.height();
        int width = config.width();
        int bytes = RgbImage.CHANNELS * height * width;
        Path faces = lfw.resolve("aligned_112x96");
        var photos = Lfw.open(faces).crops(height, width, RESIZED);
        Set<String> choosingPeople = Files.readAllLines(lfw.resolve("peopleDevTest.txt")).stream().map(line -> line.split("\t")[0]).collect(Collectors.toSet());
        var choosing = drawn(ImageSet.open(faces).select(choosingPeople::contains, 1), height, width, RESIZED);
        var view2 = new PairImages(VerificationPairs.read(lfw.resolve("pairs.txt")), photos, bytes);
        var celebrityPairs = drawn(ImageSet.open(celebrities).select(name -> !trained.contains(name), 1), height, width, new Framing(112, 96, Fit.RESIZE));
        var calibration = new FramedImages(ImageSet.open(faces).select(trained::contains, 1), height, width, RESIZED);
        try (var exact = EmbeddingNetwork.load(device, model, BATCH); EmbeddingNetwork quick = rounded(device, model, calibration, bytes)) {
            double exactThreshold = threshold(choosing, exact);
            double quickThreshold = threshold(choosing, quick);
            views.add(measured(view2, exact, quick, exactThreshold, quickThreshold));
            drawn.add(measured(celebrityPairs, exact, quick, exactThreshold, quickThreshold));
        }
        System.out.println(run + " is done");
    }

    private PairImages drawn(ImageSet set, int height, int width, Framing framing) {
        var photos = new LabeledPhotos(new FramedImages(set, height, width, framing), set.identities());
        return new PairImages(RandomPairs.draw("drawn", photos, draw, 1), photos, RgbImage.CHANNELS * height * width);
    }

    private EmbeddingNetwork rounded(Device device, Path model, FramedImages calibration, int bytes) throws IOException {
        if (rounding == Rounding.BF16) {
            return EmbeddingNetwork.load(device, model, BATCH, Type.BF16);
        }
        MemorySegment crop = MemorySegment.ofArray(new byte[bytes]);
        try (var quantizer = new Int8Quantizer(device, model)) {
            for (int i = 0; i < CALIBRATING; i++) {
                calibration.read((int) ((long) i * calibration.count() / CALIBRATING), crop);
                quantizer.observe(crop);
            }
            return quantizer.quantize().open(BATCH);
        }
    }

    private static double threshold(PairImages pairs, EmbeddingNetwork network) throws IOException {
        return new LfwProtocol(ThresholdRule.SPHEREFACE, false).evaluate(pairs.embed(network, FlipFusion.NONE)).bestThreshold();
    }

    private static Measured measured(PairImages pairs, EmbeddingNetwork exact, EmbeddingNetwork quick, double exactThreshold, double quickThreshold)
            throws IOException {
        EmbeddedPairs left = pairs.embed(exact, FlipFusion.NONE);
        EmbeddedPairs right = pairs.embed(quick, FlipFusion.NONE);
        return new Measured(left.same(), left.cosines(), right.cosines(), exactThreshold, quickThreshold);
    }

    private JsonObject report(String pairs, List<Measured> networks) {
        var result = new JsonObject();
        result.addProperty("pairs", pairs);
        result.addProperty("count", networks.getFirst().same().length);
        System.out.println(networks.getFirst().same().length + " pairs: " + pairs);
        var lines = new JsonArray();
        double[] own = new double[networks.getFirst().same().length];
        double[] kept = new double[own.length];
        for (Measured one : networks) {
            var line = new JsonObject();
            line.addProperty("accuracyF32", one.accuracy());
            line.addProperty("areaUnderCurveF32", Roc.of(one.exact(), one.same()).areaUnderCurve());
            line.addProperty("areaUnderCurve" + (rounding == Rounding.INT8 ? "Int8" : "Bf16"), Roc.of(one.quick(), one.same()).areaUnderCurve());
            line.add("ownThreshold", difference(toDoubles(one.wins(one.quickThreshold()), own, networks.size())));
            line.add("thresholdOfF32", difference(toDoubles(one.wins(one.exactThreshold()), kept, networks.size())));
            lines.add(line);
            System.out.println(line);
        }
        result.add("networks", lines);
        var pooled = new JsonObject();
        pooled.add("ownThreshold", difference(own));
        pooled.add("thresholdOfF32", difference(kept));
        result.add("pooled", pooled);
        System.out.println("pooled: " + pooled);
        return result;
    }

    /** As doubles, and their share in the mean over the networks added to {@code mean}. */
    private static double[] toDoubles(int[] wins, double[] mean, int networks) {
        double[] values = new double[wins.length];
        for (int i = 0; i < wins.length; i++) {
            values[i] = wins[i];
            mean[i] += values[i] / networks;
        }
        return values;
    }

    /** Mean of what the rounded network wins at each pair and the standard error of this mean, in points. */
    private static JsonObject difference(double[] wins) {
        double sum = 0;
        double squares = 0;
        int changed = 0;
        for (double win : wins) {
            sum += win;
            squares += win * win;
            changed += win == 0 ? 0 : 1;
        }
        double mean = sum / wins.length;
        double variance = (squares - sum * mean) / (wins.length - 1);
        var result = new JsonObject();
        result.addProperty("difference", ResultFile.rounded(100 * mean));
        result.addProperty("standardError", ResultFile.rounded(100 * Math.sqrt(variance / wins.length)));
        result.addProperty("decidedOtherwise", changed);
        return result;
    }
}
