package org.angulus.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.angulus.bench.TrainingPictures.Changes;
import org.angulus.bench.TrainingPictures.Form;
import org.angulus.data.FailedImages;
import org.angulus.device.Device;
import org.angulus.device.Type;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.Variant;
import org.angulus.train.ShuffledBatches;
import org.angulus.train.StepReport;
import org.angulus.train.Trainer;
import org.angulus.train.TrainingConfig;
import org.angulus.train.TrainingListener;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Trains on pictures kept in each way and tells the share of the time that was spent waiting for batches. On a processor network and loader share the
 * cores, so that loading also slows the steps down: images per second beside those of pictures in memory tell that part.
 */
@Command(name = "loader-share", description = "The share of training that waits for pictures.", mixinStandardHelpOptions = true)
public final class LoaderShare implements Callable<Integer> {
    private static final int WARM_UP = 3; // steps, in which the JVM compiles

    @Option(names = "--networks", split = ",", defaultValue = "resface20,resface4", description = "resface4's step is several times shorter")
    private List<String> networks;

    @Option(names = "--batch", defaultValue = "32")
    private int batch;

    @Option(names = "--seconds", defaultValue = "10", description = "of each run", converter = Positive.Seconds.class)
    private double seconds;

    @Option(names = "--threads", defaultValue = "0", description = "0: all processors")
    private int threads;

    @Option(names = "--device", defaultValue = "cpu")
    private String device;

    @Mixin
    private ResultFile file;

    public static void main(String[] arguments) {
        Commands.run(new LoaderShare(), arguments);
    }

    @Override
    public Integer call() throws IOException {
        var results = new JsonArray();
        String description;
        try (TrainingPictures pictures = new TrainingPictures(); Device opened = Devices.open(device, Devices.threads(threads))) {
            description = opened.info().description() + ", " + opened.info().isa();
            for (String name : networks) {
                TrainingConfig config = TrainingProblem.config(ResFaceConfig.of(name, Variant.ARTICLE), batch, false, Changes.NONE.augmentation(), Type.F32, 1);
                results.add(run(opened, pictures, config, Form.MEMORY, Changes.NONE));
                for (Form form : List.of(Form.FOLDER, Form.PACK, Form.REC)) {
                    for (Changes changes : List.of(Changes.FLIP, Changes.ALL)) {
                        results.add(run(opened, pictures, config, form, changes));
                    }
                }
            }
        }
        file.write("Share of training, batch " + batch + ", one loader thread, that was spent waiting for batches: of the whole run with its first batch,"
                + " and behind the first " + WARM_UP + " steps, as are the images per second; runs of " + seconds + " s", description, results);
        return 0;
    }

    private JsonObject run(Device opened, TrainingPictures pictures, TrainingConfig config, Form form, Changes changes) throws IOException {
        var source = new ShuffledBatches(pictures.open(form), 1, changes.flip(), changes.augmentation(), new FailedImages(true));
        List<StepReport> reports = new ArrayList<>();
        double whole;
        try (Trainer trainer = new Trainer(opened, config, source, null, "drawn faces", "none")) {
            trainer.addListener(new TrainingListener() {
                @Override
                public void onStep(StepReport report) {
                    reports.add(report);
                }
            });
            long end = System.nanoTime() + Math.round(1e9 * seconds);
            while (reports.size() < 2 * WARM_UP || System.nanoTime() < end) {
                trainer.runUntil(trainer.step() + 1);
            }
            whole = trainer.loaderShare();
        }
        double time = 0;
        double waited = 0;
        for (StepReport report : reports.subList(WARM_UP, reports.size())) {
            if (!Double.isFinite(report.loss()) || report.skippedSteps() > 0) {
                throw new IllegalStateException("Step " + report.step() + " of " + form + " gave the loss " + report.loss() + ".");
            }
            double step = batch / report.imagesPerSecond();
            time += step;
            waited += report.loaderShare() * step;
        }
        var line = new JsonObject();
        line.addProperty("network", config.network().name());
        line.addProperty("pictures", form.name().toLowerCase(Locale.ROOT));
        line.addProperty("changes", changes.name().toLowerCase(Locale.ROOT));
        line.addProperty("steps", reports.size());
        line.addProperty("imagesPerSecond", ResultFile.rounded(batch * (reports.size() - WARM_UP) / time));
        line.addProperty("loaderShare", ResultFile.rounded(waited / time));
        line.addProperty("loaderShareOfTheWholeRun", ResultFile.rounded(whole));
        System.out.printf(Locale.ROOT, "%-10s %-7s %-5s %7.1f images/s  waited %.3f %% of the time (%.3f %% with the first %d steps)%n",
                config.network().name(), form, changes, batch * (reports.size() - WARM_UP) / time, 100 * waited / time, 100 * whole, WARM_UP);
        return line;
    }
}
