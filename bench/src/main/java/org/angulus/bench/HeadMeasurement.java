package org.angulus.bench;

import com.google.gson.JsonObject;
import java.util.concurrent.Callable;
import org.angulus.device.Device;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Times a head of ours in this process and prints one JSON line with the keys of {@code tools/peers/torch_ops.py}. */
@Command(name = "HeadMeasurement", description = "Times a head of ours and prints a line of JSON.", mixinStandardHelpOptions = true)
public final class HeadMeasurement implements Callable<Integer> {
    @Option(names = "--head", defaultValue = "am-softmax")
    private String head;

    @Option(names = "--batch", defaultValue = "256", converter = Positive.Count.class)
    private int batch;

    @Option(names = "--classes", defaultValue = "100000", converter = Positive.Count.class)
    private int classes;

    @Option(names = "--cap", defaultValue = "" + HeadProblem.CAP_MIB, description = "MiB of workspace in which cosines may be kept; 0: none are")
    private int cap;

    @Option(names = "--threads", defaultValue = "0", description = "0: all processors")
    private int threads;

    @Option(names = "--seconds", defaultValue = "2", converter = Positive.Seconds.class)
    private double seconds;

    public static void main(String[] arguments) {
        Commands.run(new HeadMeasurement(), arguments);
    }

    @Override
    public Integer call() {
        if (cap < 0) {
            throw new IllegalArgumentException("cap is " + cap + "; give 0 or more MiB.");
        }
        MeasuredHead measured = MeasuredHead.named(head);
        int count = Devices.threads(threads);
        try (Device device = Devices.open("cpu", count); var problem = new HeadProblem(device, measured, batch, classes, cap)) {
            problem.run();
            double loss = problem.requireUntrained();
            Timing timing = Timing.of(seconds, problem::run);
            var line = new JsonObject();
            line.addProperty("rival", "angulus");
            line.addProperty("mode", "head");
            line.addProperty("name", head + " " + classes);
            line.addProperty("batch", batch);
            line.addProperty("threads", count);
            line.addProperty("cap_mib", cap);
            line.add("milliseconds", ResultFile.milliseconds(timing));
            line.addProperty("loss", loss);
            line.addProperty("peak_device_mib", device.info().peakBytes() >> 20);
            line.addProperty("peak_rss_mib", Processor.peakResidentBytes() >> 20);
            System.out.println(line);
        }
        return 0;
    }
}
