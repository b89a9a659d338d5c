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
 * Our training step and PyTorch's ({@code tools/peers/torch_train_step.py}), each measurement in a process of its own, pair after pair: a ratio is
 * taken within a pair. Which comes first changes from pair to pair.
 */
@Command(name = "compare-training", description = "A training step of ResFace20: ours and PyTorch's, processes in turns.",
        mixinStandardHelpOptions = true)
public final class TrainingComparison implements Callable<Integer> {
    @Option(names = "--python", required = true, description = "a Python with torch")
    private String python;

    @Option(names = "--peer", required = true, description = "torch_train_step.py; the launcher gives it")
    private Path peer;

    @Option(names = "--batches", split = ",", defaultValue = "32", converter = Positive.Count.class)
    private List<Integer> batches;

    @Option(names = "--classes", defaultValue = "10572")
    private int classes;

    @Option(names = "--pairs", defaultValue = "3", converter = Positive.Count.class)
    private int pairs;

    @Option(names = "--seconds", defaultValue = "8", description = "of each measurement", converter = Positive.Seconds.class)
    private double seconds;

    @Option(names = "--warm-up", defaultValue = "3", description = "steps before the clock starts", converter = Positive.Count.class)
    private int warmUp;

    @Option(names = "--threads", defaultValue = "0", description = "0: all processors")
    private int threads;

    @Option(names = "--eager", description = "PyTorch without torch.compile")
    private boolean eager;

    @Mixin
    private ResultFile file;

    public static void main(String[] arguments) {
        Commands.run(new TrainingComparison(), arguments);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        int count = Devices.threads(threads);
        var results = new JsonArray();
        for (int batch : batches) {
            var list = new ArrayList<Pair>();
            for (int i = 0; i < pairs; i++) {
                Pair pair = pair(batch, count, i % 2 == 0);
                list.add(pair);
                System.out.printf(Locale.ROOT, "batch %d, pair %d: ours %.1f images/s (%.1f %% of the peak), PyTorch %.1f: ratio %.2f%n", batch, i + 1,
                        pair.oursRate(), 100 * pair.ours().get("share_of_peak").getAsDouble(), pair.theirsRate(), pair.ratio());
            }
            results.add(summary(batch, list));
        }
        try (Roof roof = new Roof("cpu", count)) {
            file.write("A training step of ResFace20 (article variant, 112x96, 512 numbers, f32, " + classes + " classes, AM-Softmax, SGD with momentum), "
                    + count + " threads, beside PyTorch " + (eager ? "(eager)" : "(compiled)") + "; ratio: our images/s over PyTorch's within a pair of"
                    + " processes. GFLOP/s and shares of the peak count the operations of direct convolutions, which Winograd saves most of; the head is not counted.", roof.description(), results);
        }
        return 0;
    }

    /** Two measurements, one behind the other. */
    private record Pair(JsonObject ours, JsonObject theirs) {
        double oursRate() {
            return ours.get("images_per_second").getAsDouble();
        }

        double theirsRate() {
            return theirs.get("images_per_second").getAsDouble();
        }

        double ratio() {
            return oursRate() / theirsRate();
        }

        /** PyTorch's, of the peak that our process sampled. */
        double theirShare() {
            return ours.get("share_of_peak").getAsDouble() / ratio();
        }
    }

    private Pair pair(int batch, int count, boolean oursFirst) throws IOException, InterruptedException {
        JsonObject first = oursFirst ? ours(batch, count) : theirs(batch, count);
        JsonObject second = oursFirst ? theirs(batch, count) : ours(batch, count);
        return oursFirst ? new Pair(first, second) : new Pair(second, first);
    }

    private JsonObject summary(int batch, List<Pair> list) {
        var ratios = new JsonArray();
        list.forEach(pair -> ratios.add(ResultFile.rounded(pair.ratio())));
        double ratio = Timing.medianOf(list.stream().mapToDouble(Pair::ratio).toArray());
        var summary = new JsonObject();
        summary.addProperty("batch", batch);
        summary.addProperty("ratio", ResultFile.rounded(ratio));
        summary.add("ratios", ratios);
        summary.add("angulus", side(list.stream().map(Pair::ours).toList(), list.stream().mapToDouble(p -> p.ours().get("share_of_peak").getAsDouble())));
        summary.add("pytorch", side(list.stream().map(Pair::theirs).toList(), list.stream().mapToDouble(Pair::theirShare)));
        summary.getAsJsonObject("angulus").add("peakDeviceMiB", list.getFirst().ours().get("peak_device_mib"));
        summary.getAsJsonObject("pytorch").add("version", list.getFirst().theirs().get("rival"));
        System.out.printf(Locale.ROOT, "batch %d: ours is %.2f times as fast; peak memory %d MiB, PyTorch %d MiB%n", batch, ratio,
                summary.getAsJsonObject("angulus").get("peakResidentMiB").getAsLong(),
                summary.getAsJsonObject("pytorch").get("peakResidentMiB").getAsLong());
        return summary;
    }

    private static JsonObject side(List<JsonObject> lines, java.util.stream.DoubleStream shares) {
        var side = new JsonObject();
        double rate = Timing.medianOf(lines.stream().mapToDouble(line -> line.get("images_per_second").getAsDouble()).toArray());
        side.addProperty("imagesPerSecond", ResultFile.rounded(rate));
        side.addProperty("shareOfPeak", ResultFile.rounded(Timing.medianOf(shares.toArray())));
        side.addProperty("peakResidentMiB", lines.stream().mapToLong(line -> line.get("peak_rss_mib").getAsLong()).max().orElse(0));
        var milliseconds = new JsonArray();
        lines.forEach(line -> milliseconds.add(line.get("milliseconds")));
        side.add("millisecondsMedianLeastMost", milliseconds);
        return side;
    }

    private JsonObject ours(int batch, int count) throws IOException, InterruptedException {
        return MeasuringProcess.run(MeasuringProcess.java(TrainingMeasurement.class, "--batch", "" + batch, "--classes", "" + classes, "--threads", "" + count,
                "--seconds", "" + seconds, "--warm-up", "" + warmUp)).getLast();
    }

    private JsonObject theirs(int batch, int count) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of(python, peer.toString(), "--mode", "train", "--batches", "" + batch, "--classes", "" + classes,
                "--threads", "" + count, "--seconds", "" + seconds, "--warm-up", "" + warmUp));
        if (!eager) {
            command.add("--compile");
        }
        return MeasuringProcess.run(command).getLast();
    }
}
