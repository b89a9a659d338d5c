package org.angulus.bench;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.angulus.device.Device;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Times our training step in this process and prints one JSON line with the keys of {@code tools/peers/torch_train_step.py}, and the peak that was
 * sampled before and after.
 */
@Command(name = "TrainingMeasurement", description = "Times a training step of ours and prints a line of JSON.", mixinStandardHelpOptions = true)
public final class TrainingMeasurement implements Callable<Integer> {
    @Option(names = "--batch", defaultValue = "32")
    private int batch;

    @Option(names = "--classes", defaultValue = "10572")
    private int classes;

    @Option(names = "--threads", defaultValue = "0", description = "0: all processors")
    private int threads;

    @Option(names = "--device", defaultValue = "cpu")
    private String device;

    @Option(names = "--seconds", defaultValue = "10", converter = Positive.Seconds.class)
    private double seconds;

    @Option(names = "--warm-up", defaultValue = "3", description = "steps before the clock starts, at least 1", converter = Positive.Count.class)
    private int warmUp;

    public static void main(String[] arguments) {
        Commands.run(new TrainingMeasurement(), arguments);
    }

    @Override
    public Integer call() throws IOException {
        int count = Devices.threads(threads);
        try (Device opened = Devices.open(device, count); TrainingProblem problem = new TrainingProblem(opened, batch, classes)) {
            for (int i = 0; i < Math.max(1, warmUp); i++) {
                problem.step();
            }
            // Sampling the peak takes memory of its own, which is none of training's.
            long peakResidentBytes = Processor.peakResidentBytes();
            double before = Roof.flops(opened);
            Timing timing = Timing.of(seconds, problem::step);
            double peak = Math.max(before, Roof.flops(opened));
            double imagesPerSecond = batch / timing.median();
            var line = new JsonObject();
            line.addProperty("rival", "angulus");
            line.addProperty("mode", "train");
            line.addProperty("batch", batch);
            line.addProperty("images_per_second", imagesPerSecond);
            line.add("milliseconds", ResultFile.milliseconds(timing));
            line.addProperty("steps", timing.calls());
            line.addProperty("peak_rss_mib", peakResidentBytes >> 20);
            line.addProperty("peak_device_mib", opened.info().peakBytes() >> 20);
            line.addProperty("threads", count);
            line.addProperty("gflop_per_second", 1e-9 * imagesPerSecond * problem.flopPerImage());
            line.addProperty("flop_per_image", problem.flopPerImage());
            line.addProperty("peak_gflop_per_second", 1e-9 * peak);
            line.addProperty("share_of_peak", imagesPerSecond * problem.flopPerImage() / peak);
            System.out.println(line);
        }
        return 0;
    }
}
