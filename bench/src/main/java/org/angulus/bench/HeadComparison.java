package org.angulus.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Heads alone, forward and backward: ours, ours without kept cosines, and compiled PyTorch ({@code tools/peers/torch_ops.py}), each measurement in a process
 * of its own, round after round: ratios are taken within a round. Which comes first changes from round to round.
 */
@Command(name = "compare-head", description = "Heads of margin losses, forward and backward: ours and compiled PyTorch's, processes in turns.",
        mixinStandardHelpOptions = true)
public final class HeadComparison implements Callable<Integer> {
    /** Both sides draw their own vectors, whose losses differ so far at most. */
    private static final double LOSSES_APART = 0.05;

    @Option(names = "--python", description = "a Python with torch; without it our own figures alone")
    private String python;

    @Option(names = "--peer", required = true, description = "torch_ops.py; the launcher gives it")
    private Path peer;

    @Option(names = "--heads", split = ",", defaultValue = "am-softmax,arcface,sphereface")
    private List<String> heads;

    @Option(names = "--classes", split = ",", defaultValue = "10572,100000,1000000", converter = Positive.Count.class)
    private List<Integer> classes;

    @Option(names = "--batch", defaultValue = "256", converter = Positive.Count.class)
    private int batch;

    @Option(names = "--rounds", defaultValue = "3", converter = Positive.Count.class)
    private int rounds;

    @Option(names = "--seconds", defaultValue = "2", description = "of each figure", converter = Positive.Seconds.class)
    private double seconds;

    @Option(names = "--threads", defaultValue = "0", description = "0: all processors")
    private int threads;

    @Mixin
    private ResultFile file;

    /** @param theirs null without PyTorch */
    private record Round(JsonObject kept, JsonObject capped, JsonObject theirs) {}

    public static void main(String[] arguments) {
        Commands.run(new HeadComparison(), arguments);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        int count = Devices.threads(threads);
        heads.forEach(MeasuredHead::named);
        var results = new JsonArray();
        for (String head : heads) {
            for (int size : classes) {
                var list = new ArrayList<Round>();
                for (int i = 0; i < rounds; i++) {
                    list.add(round(head, size, count, i % 2 == 0));
                }
                results.add(summary(head, size, list));
            }
        }
        try (Roof roof = new Roof("cpu", count)) {
            file.write("A head alone, forward and backward, f32, batch " + batch + ", 512 numbers, " + count + " threads: with up to " + HeadProblem.CAP_MIB + " MiB of kept"
                    + " cosines, and with none (capped), which are computed again" + (python == null ? "" : "; beside compiled PyTorch") + ". Medians over " + rounds
                    + " rounds of processes; ratio: PyTorch's milliseconds over ours within a round. peakDeviceMiB: embeddings, class vectors, both"
                    + " gradients and workspace", roof.description(), results);
        }
        return 0;
    }

    private Round round(String head, int size, int count, boolean oursFirst) throws IOException, InterruptedException {
        JsonObject theirs = python != null && !oursFirst ? theirs(head, size, count) : null;
        JsonObject kept = ours(head, size, count, HeadProblem.CAP_MIB);
        JsonObject capped = ours(head, size, count, 0);
        theirs = python != null && oursFirst ? theirs(head, size, count) : theirs;
        if (theirs != null && !(Math.abs(loss(theirs) - loss(kept)) <= LOSSES_APART * loss(kept))) {
            throw new IllegalStateException("The loss of " + head + " with " + size + " classes is " + loss(kept) + ", PyTorch's is " + loss(theirs) + ".");
        }
        return new Round(kept, capped, theirs);
    }

    private JsonObject summary(String head, int size, List<Round> list) {
        var summary = new JsonObject();
        summary.addProperty("head", head);
        summary.addProperty("classes", size);
        add(summary, "milliseconds", list.stream().map(Round::kept).toList());
        add(summary, "millisecondsCapped", list.stream().map(Round::capped).toList());
        summary.add("peakDeviceMiB", list.getFirst().kept().get("peak_device_mib"));
        summary.add("peakDeviceMiBCapped", list.getFirst().capped().get("peak_device_mib"));
        summary.add("peakResidentMiBCapped", list.getFirst().capped().get("peak_rss_mib"));
        String beside = "";
        if (python != null) {
            add(summary, "millisecondsPyTorch", list.stream().map(Round::theirs).toList());
            double[] ratios = list.stream().mapToDouble(round -> median(round.theirs()) / median(round.kept())).toArray();
            summary.addProperty("ratio", ResultFile.rounded(Timing.medianOf(ratios)));
            var each = new JsonArray();
            for (double ratio : ratios) {
                each.add(ResultFile.rounded(ratio));
            }
            summary.add("ratios", each);
            summary.add("pytorch", list.getFirst().theirs().get("rival"));
            beside = String.format(Locale.ROOT, ", PyTorch %.1f ms: ours is %.2f times as fast", summary.get("millisecondsPyTorch").getAsDouble(),
                    summary.get("ratio").getAsDouble());
        }
        System.out.printf(Locale.ROOT, "%-10s %7d classes  %.1f ms, %.1f ms without kept cosines in %d MiB%s%n", head, size, summary.get("milliseconds").getAsDouble(),
                summary.get("millisecondsCapped").getAsDouble(), summary.get("peakDeviceMiBCapped").getAsLong(), beside);
        return summary;
    }

    private static void add(JsonObject summary, String name, List<JsonObject> lines) {
        summary.addProperty(name, ResultFile.rounded(Timing.medianOf(lines.stream().mapToDouble(HeadComparison::median).toArray())));
    }

    private static double median(JsonObject line) {
        return line.getAsJsonArray("milliseconds").get(0).getAsDouble();
    }

    private static double loss(JsonObject line) {
        return line.get("loss").getAsDouble();
    }

    private JsonObject ours(String head, int size, int count, int cap) throws IOException, InterruptedException {
        return MeasuringProcess.run(MeasuringProcess.java(HeadMeasurement.class, "--head", head, "--classes", "" + size, "--batch", "" + batch, "--cap", "" + cap,
                "--threads", "" + count, "--seconds", "" + seconds)).getLast();
    }

    private JsonObject theirs(String head, int size, int count) throws IOException, InterruptedException {
        return MeasuringProcess.run(List.of(python, peer.toString(), "head", "--compiled", "--dtype", "f32", "--head", head, "--classes", "" + size,
                "--batch", "" + batch, "--threads", "" + count, "--seconds", "" + seconds)).getLast();
    }
}
