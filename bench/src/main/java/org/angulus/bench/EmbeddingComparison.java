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
import org.angulus.bench.EmbeddingEngine.Kind;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Embeds the same crops with each engine in turn, in one process (compiled PyTorch has its own), round after round: a ratio is taken within a round, so that what else the
 * machine does meets all of them. Only the engine whose turn it is has a session open. The peak is sampled in every turn.
 */
@Command(name = "compare-embedding", description = "Embedding with ResFace20: ours, ONNX Runtime, PyTorch under DJL and compiled PyTorch, in turns.",
        mixinStandardHelpOptions = true)
public final class EmbeddingComparison implements Callable<Integer> {
    @Option(names = "--batches", split = ",", defaultValue = "1,8,32")
    private List<Integer> batches;

    @Option(names = "--engines", split = ",", defaultValue = "angulus,onnxruntime,djl", description = "pytorch besides, with PYTHON in the environment")
    private List<String> engines;

    @Option(names = "--rounds", defaultValue = "5")
    private int rounds;

    @Option(names = "--seconds", defaultValue = "2", description = "of each turn")
    private double seconds;

    @Option(names = "--threads", defaultValue = "0", description = "0: all processors")
    private int threads;

    @Mixin
    private ResultFile file;

    /** What a turn gave. */
    private record Turn(Timing timing, double peakFlops) {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new EmbeddingComparison()).setOverwrittenOptionsAllowed(true).execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        int count = Devices.threads(threads);
        List<Kind> kinds = engines.stream().map(Kind::named).toList();
        var results = new JsonArray();
        try (Roof roof = new Roof("cpu", count)) {
            for (int batch : batches) {
                compare(new EmbeddingProblem(batch), kinds, count, roof).forEach(results::add);
            }
            file.write("Embedding with ResFace20 (article variant, 112x96, 512 numbers, f32), " + count + " threads; " + rounds + " rounds of "
                    + seconds + " s for each engine; medians over the rounds; ratio: our images/s over the engine's within a round. ONNX Runtime and"
                    + " DJL get their scaled f32 input ready made; ours and compiled PyTorch (pytorch) take u8.", roof.description(), results);
        }
        return 0;
    }

    private List<JsonObject> compare(EmbeddingProblem problem, List<Kind> kinds, int count, Roof roof) {
        Map<Kind, List<Turn>> turns = new EnumMap<>(Kind.class);
        float[][] expected;
        try (EmbeddingEngine ours = Kind.ANGULUS.open(problem, "cpu", count)) {
            expected = ours.embed();
        }
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < kinds.size(); i++) {
                Kind kind = kinds.get((round + i) % kinds.size());
                turns.computeIfAbsent(kind, k -> new ArrayList<>()).add(turn(problem, kind, count, expected, roof));
            }
        }
        List<JsonObject> lines = kinds.stream().map(kind -> line(problem, kind, turns)).toList();
        lines.forEach(EmbeddingComparison::print);
        return lines;
    }

    private Turn turn(EmbeddingProblem problem, Kind kind, int count, float[][] expected, Roof roof) {
        try (EmbeddingEngine engine = kind.open(problem, "cpu", count)) {
            Agreement.require(kind.words() + " at batch " + problem.batch() + " against angulus", engine.embed(), expected);
            Timing.of(0.2 * seconds, engine::embed);
            double before = roof.flops();
            Timing timing = Timing.of(seconds, engine::embed);
            return new Turn(timing, Math.max(before, roof.flops()));
        }
    }

    private static JsonObject line(EmbeddingProblem problem, Kind kind, Map<Kind, List<Turn>> turns) {
        List<Turn> mine = turns.get(kind);
        double median = Timing.medianOf(mine.stream().mapToDouble(turn -> turn.timing().median()).toArray());
        double share = Timing.medianOf(mine.stream()
                .mapToDouble(turn -> problem.batch() * problem.flopPerImage() / turn.timing().median() / turn.peakFlops())
                .toArray());
        var line = new JsonObject();
        line.addProperty("engine", kind.words());
        line.addProperty("batch", problem.batch());
        line.addProperty("imagesPerSecond", ResultFile.rounded(problem.batch() / median));
        line.addProperty("milliseconds", ResultFile.rounded(1e3 * median));
        line.addProperty("gflopPerSecond", ResultFile.rounded(1e-9 * problem.batch() * problem.flopPerImage() / median));
        line.addProperty("shareOfPeak", ResultFile.rounded(share));
        line.addProperty("peakGflopPerSecond", ResultFile.rounded(1e-9 * Timing.medianOf(mine.stream().mapToDouble(Turn::peakFlops).toArray())));
        List<Turn> ours = turns.get(Kind.ANGULUS);
        if (kind != Kind.ANGULUS && ours != null) {
            var ratios = new double[mine.size()];
            var list = new JsonArray();
            for (int i = 0; i < ratios.length; i++) {
                ratios[i] = mine.get(i).timing().median() / ours.get(i).timing().median();
                list.add(ResultFile.rounded(ratios[i]));
            }
            line.addProperty("ratio", ResultFile.rounded(Timing.medianOf(ratios)));
            line.add("ratios", list);
        }
        return line;
    }

    private static void print(JsonObject line) {
        System.out.printf(Locale.ROOT, "%-12s batch %3d  %8.1f images/s  %8.2f ms  %7.1f GFLOP/s  %5.1f %% of the peak%s%n",
                line.get("engine").getAsString(), line.get("batch").getAsInt(), line.get("imagesPerSecond").getAsDouble(),
                line.get("milliseconds").getAsDouble(), line.get("gflopPerSecond").getAsDouble(), 100 * line.get("shareOfPeak").getAsDouble(),
                line.has("ratio") ? String.format(Locale.ROOT, "  ours is %.2f times as fast", line.get("ratio").getAsDouble()) : "");
    }
}
