package org.angulus.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.angulus.model.InputFormat;
import org.angulus.model.OnnxExport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * ResFace20 in f32 and in int8, and ONNX Runtime's static int8 ({@code tools/peers/onnxruntime_int8.py}), each side in a process of its own, round after
 * round: ratios are taken within a round. Which side comes first changes from round to round.
 */
@Command(name = "compare-int8", description = "Embedding in int8: beside f32 and ONNX Runtime's static int8, processes in turns.", mixinStandardHelpOptions = true)
public final class Int8Comparison implements Callable<Integer> {
    @Option(names = "--python", description = "a Python with onnx and onnxruntime; without it our own figures alone")
    private String python;

    @Option(names = "--peer", required = true, description = "onnxruntime_int8.py; the launcher gives it")
    private Path peer;

    @Option(names = "--batches", split = ",", defaultValue = "1,8,32", converter = Positive.Count.class)
    private List<Integer> batches;

    @Option(names = "--rounds", defaultValue = "3", converter = Positive.Count.class)
    private int rounds;

    @Option(names = "--seconds", defaultValue = "2", description = "of each figure, and of warming up", converter = Positive.Seconds.class)
    private double seconds;

    @Option(names = "--threads", defaultValue = "0", description = "0: all processors")
    private int threads;

    @Mixin
    private ResultFile file;

    public static void main(String[] arguments) {
        Commands.run(new Int8Comparison(), arguments);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        int count = Devices.threads(threads);
        List<List<JsonObject>> all = new ArrayList<>();
        Path onnx = Files.createTempFile("resface20", ".onnx");
        try {
            if (python != null) {
                var problem = new EmbeddingProblem(1);
                OnnxExport.write(onnx, problem.config(), InputFormat.DEFAULT, problem.weights(), new OnnxExport.Options(OnnxExport.Input.NORMALIZED, false));
            }
            for (int i = 0; i < rounds; i++) {
                all.add(round(onnx, count, i % 2 == 0));
            }
        } finally {
            Files.delete(onnx);
        }
        var results = new JsonArray();
        for (int batch : batches) {
            results.add(summary(batch, all));
        }
        try (Roof roof = new Roof("cpu", count)) {
            file.write("Embedding with ResFace20 (article variant, 112x96, 512 numbers, drawn weights) in f32 and int8, " + count + " threads"
                    + (python == null ? "" : ", beside ONNX Runtime's static int8 (per-channel s8 weights, u8 activations)") + ". Ratios are of images/s within"
                    + " a round, median and rounds; ONNX Runtime's side is the faster of QDQ and QOperator there", roof.description(), results);
        }
        return 0;
    }

    private List<JsonObject> round(Path onnx, int count, boolean oursFirst) throws IOException, InterruptedException {
        String sizes = batches.stream().map(String::valueOf).collect(Collectors.joining(","));
        String[] common = {"--batches", sizes, "--threads", "" + count, "--seconds", "" + seconds};
        List<List<String>> commands = new ArrayList<>(List.of(MeasuringProcess.java(Int8Measurement.class, common)));
        if (python != null) {
            List<String> theirs = new ArrayList<>(List.of(python, peer.toString(), onnx.toString()));
            theirs.addAll(List.of(common));
            commands.add(oursFirst ? 1 : 0, theirs);
        }
        List<JsonObject> lines = new ArrayList<>();
        for (List<String> command : commands) {
            lines.addAll(MeasuringProcess.run(command));
        }
        lines.forEach(System.out::println);
        return lines;
    }

    private JsonObject summary(int batch, List<List<JsonObject>> all) {
        double[] exact = rates(all, batch, line -> ours(line) && type(line).equals("f32"));
        double[] quick = rates(all, batch, line -> ours(line) && type(line).equals("int8"));
        var summary = new JsonObject();
        summary.addProperty("batch", batch);
        summary.addProperty("imagesPerSecondF32", ResultFile.rounded(Timing.medianOf(exact)));
        summary.addProperty("imagesPerSecond", ResultFile.rounded(Timing.medianOf(quick)));
        ratio(summary, "ratioToF32", quick, exact);
        if (python != null) {
            double[] theirs = rates(all, batch, line -> !ours(line));
            summary.addProperty("imagesPerSecondOnnxRuntime", ResultFile.rounded(Timing.medianOf(theirs)));
            ratio(summary, "ratioToOnnxRuntime", quick, theirs);
        }
        var lines = new JsonArray();
        all.forEach(round -> round.stream().filter(line -> line.get("batch").getAsInt() == batch).forEach(lines::add));
        summary.add("lines", lines);
        return summary;
    }

    private static void ratio(JsonObject summary, String name, double[] ours, double[] others) {
        double[] ratios = new double[ours.length];
        var list = new JsonArray();
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = ours[i] / others[i];
            list.add(ResultFile.rounded(ratios[i]));
        }
        summary.addProperty(name, ResultFile.rounded(Timing.medianOf(ratios)));
        summary.add(name + "OfRounds", list);
        System.out.printf(Locale.ROOT, "batch %d: %s %.2f%n", summary.get("batch").getAsInt(), name, summary.get(name).getAsDouble());
    }

    /** The fastest such side of each round. */
    private static double[] rates(List<List<JsonObject>> all, int batch, Predicate<JsonObject> side) {
        return all.stream().mapToDouble(round -> round.stream()
                .filter(line -> line.get("batch").getAsInt() == batch && side.test(line))
                .mapToDouble(line -> line.get("images_per_second").getAsDouble()).max().orElseThrow()).toArray();
    }

    private static boolean ours(JsonObject line) {
        return line.get("rival").getAsString().equals("angulus");
    }

    private static String type(JsonObject line) {
        return line.get("dtype").getAsString();
    }
}
