package org.angulus.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.angulus.bench.EmbeddingEngine.Kind;
import org.angulus.device.Type;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Embeds the same crops with each engine in turn, in one process (compiled PyTorch has its own), round after round: a ratio is taken within a round, so
 * that what else the machine does meets all of them. Only the engine whose turn it is has a session open. The peak is sampled before and after every turn;
 * rounds in which it fell are left out, for two virtual processors on one core have half of it.
 */
@Command(name = "compare-embedding", description = "Embedding with ResFace20: ours, ONNX Runtime, PyTorch under DJL and compiled PyTorch, in turns.",
        mixinStandardHelpOptions = true)
public final class EmbeddingComparison implements Callable<Integer> {
    /** A turn is clean when the peak before and after it is at least this share of the best that was sampled. */
    private static final double CLEAN = 0.9;

    @Option(names = "--batches", split = ",", defaultValue = "1,8,32", converter = Positive.Count.class)
    private List<Integer> batches;

    @Option(names = "--engines", split = ",", description = "default: angulus,onnxruntime,djl, and pytorch where a Python is named")
    private List<String> engines;

    @Option(names = "--python", defaultValue = "", description = "a Python with torch and numpy, for the engine pytorch")
    private String python;

    @Option(names = "--rounds", defaultValue = "5", converter = Positive.Count.class)
    private int rounds;

    @Option(names = "--seconds", defaultValue = "2", description = "of each turn", converter = Positive.Seconds.class)
    private double seconds;

    @Option(names = "--threads", defaultValue = "0", description = "0: all processors")
    private int threads;

    @Option(names = "--precision", defaultValue = "F32", description = "of the numbers between the layers: ${COMPLETION-CANDIDATES}; BF16: ours and pytorch")
    private Type precision;

    @Mixin
    private ResultFile file;

    /** What a turn gave; farthest: the largest 1 - cosine to ours in f32. */
    private record Turn(Timing timing, double peakBefore, double peakAfter, double farthest) {
        double peakFlops() {
            return Math.max(peakBefore, peakAfter);
        }

        double leastPeak() {
            return Math.min(peakBefore, peakAfter);
        }
    }

    public static void main(String[] arguments) {
        Commands.run(new EmbeddingComparison(), arguments);
    }

    @Override
    public Integer call() throws IOException {
        int count = Devices.threads(threads);
        List<Kind> kinds = engines == null
                ? Stream.of(Kind.values()).filter(kind -> kind.has(precision) && (kind != Kind.PYTORCH || !python.isEmpty())).toList()
                : engines.stream().map(Kind::named).toList();
        var results = new JsonArray();
        try (Roof roof = new Roof("cpu", count)) {
            for (int batch : batches) {
                compare(new EmbeddingProblem(batch), kinds, count, roof).forEach(results::add);
            }
            file.write("Embedding with ResFace20 (article variant, 112x96, 512 numbers, " + precision.words() + "), " + count + " threads; " + rounds + " rounds of "
                    + seconds + " s for each engine; medians over the clean rounds (peak before and after each turn"
                    + " at least " + CLEAN + " of the best; all rounds where none was); ratio: our images/s over the engine's within a round;"
                    + " farthest: the largest 1 - cosine to our embedding in f32. ONNX Runtime and"
                    + " DJL get their scaled f32 input ready made; ours and compiled PyTorch (pytorch) take u8.", roof.description(), results);
        }
        return 0;
    }

    private List<JsonObject> compare(EmbeddingProblem problem, List<Kind> kinds, int count, Roof roof) {
        float[][] expected;
        try (EmbeddingEngine ours = new AngulusEngine(problem, "cpu", count)) {
            expected = ours.embed();
        }
        List<Map<Kind, Turn>> all = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            Map<Kind, Turn> turns = new EnumMap<>(Kind.class);
            for (int i = 0; i < kinds.size(); i++) {
                Kind kind = kinds.get((round + i) % kinds.size());
                turns.put(kind, turn(problem, kind, count, expected, roof));
            }
            all.add(turns);
        }
        List<Map<Kind, Turn>> clean = clean(all);
        List<JsonObject> lines = kinds.stream().map(kind -> line(problem, kind, clean.isEmpty() ? all : clean)).toList();
        for (JsonObject line : lines) {
            line.addProperty("rounds", rounds);
            line.addProperty("cleanRounds", clean.size());
            print(line);
        }
        return lines;
    }

    private static List<Map<Kind, Turn>> clean(List<Map<Kind, Turn>> rounds) {
        double best = rounds.stream().flatMap(round -> round.values().stream()).mapToDouble(Turn::peakFlops).max().orElse(0);
        return rounds.stream().filter(round -> round.values().stream().allMatch(turn -> turn.leastPeak() >= CLEAN * best)).toList();
    }

    private Turn turn(EmbeddingProblem problem, Kind kind, int count, float[][] expected, Roof roof) {
        try (EmbeddingEngine engine = kind.open(problem, "cpu", count, precision, python)) {
            float[][] answer = engine.embed();
            Agreement.require(kind.words() + " at batch " + problem.batch() + " against angulus in f32", precision, answer, expected);
            Timing.of(0.2 * seconds, engine::embed);
            double before = roof.flops();
            Timing timing = Timing.of(seconds, engine::embed);
            return new Turn(timing, before, roof.flops(), Agreement.farthest(answer, expected));
        }
    }

    private static JsonObject line(EmbeddingProblem problem, Kind kind, List<Map<Kind, Turn>> rounds) {
        double flop = problem.batch() * problem.flopPerImage();
        double median = median(rounds, round -> round.get(kind).timing().median());
        var line = new JsonObject();
        line.addProperty("engine", kind.words());
        line.addProperty("batch", problem.batch());
        line.addProperty("imagesPerSecond", ResultFile.rounded(problem.batch() / median));
        line.addProperty("milliseconds", ResultFile.rounded(1e3 * median));
        line.addProperty("gflopPerSecond", ResultFile.rounded(1e-9 * flop / median));
        line.addProperty("shareOfPeak", ResultFile.rounded(median(rounds, round -> flop / round.get(kind).timing().median() / round.get(kind).peakFlops())));
        line.addProperty("farthest", ResultFile.rounded(median(rounds, round -> round.get(kind).farthest())));
        line.addProperty("peakGflopPerSecond", ResultFile.rounded(1e-9 * median(rounds, round -> round.get(kind).peakFlops())));
        if (kind != Kind.ANGULUS && rounds.getFirst().containsKey(Kind.ANGULUS)) {
            ToDoubleFunction<Map<Kind, Turn>> ratio = round -> round.get(kind).timing().median() / round.get(Kind.ANGULUS).timing().median();
            line.addProperty("ratio", ResultFile.rounded(median(rounds, ratio)));
            var list = new JsonArray();
            rounds.forEach(round -> list.add(ResultFile.rounded(ratio.applyAsDouble(round))));
            line.add("ratios", list);
        }
        return line;
    }

    private static double median(List<Map<Kind, Turn>> rounds, ToDoubleFunction<Map<Kind, Turn>> figure) {
        return Timing.medianOf(rounds.stream().mapToDouble(figure).toArray());
    }

    private static void print(JsonObject line) {
        System.out.printf(Locale.ROOT, "%-12s batch %3d  %8.1f images/s  %8.2f ms  %7.1f GFLOP/s  %5.1f %% of the peak, %d of %d rounds clean%s%n",
                line.get("engine").getAsString(), line.get("batch").getAsInt(), line.get("imagesPerSecond").getAsDouble(),
                line.get("milliseconds").getAsDouble(), line.get("gflopPerSecond").getAsDouble(), 100 * line.get("shareOfPeak").getAsDouble(),
                line.get("cleanRounds").getAsInt(), line.get("rounds").getAsInt(),
                line.has("ratio") ? String.format(Locale.ROOT, "  ours is %.2f times as fast", line.get("ratio").getAsDouble()) : "");
    }
}
