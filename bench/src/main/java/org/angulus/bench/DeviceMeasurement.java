package org.angulus.bench;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.angulus.data.FailedImages;
import org.angulus.data.FramedImages;
import org.angulus.data.ImageFolder;
import org.angulus.device.AngulusException;
import org.angulus.device.Device;
import org.angulus.device.Direction;
import org.angulus.device.Graph;
import org.angulus.device.Type;
import org.angulus.image.Framing;
import org.angulus.model.EmbeddingNetwork;
import org.angulus.model.InputFormat;
import org.angulus.train.Augmentation;
import org.angulus.train.ShuffledBatches;
import org.angulus.train.Trainer;
import org.angulus.train.TrainingConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Times one device at what matters, in order of worth, and prints a line of JSON for each figure at once: training steps, embedding, steps with
 * pictures from files, the head with many classes, each convolution of a list in each direction. What a device or this build cannot do gives a line
 * with the cause instead. The keys are those of {@code tools/peers}, so that {@link DeviceTable} sets the two side by side.
 */
@Command(name = "DeviceMeasurement", description = "Times a device and prints lines of JSON.", mixinStandardHelpOptions = true)
public final class DeviceMeasurement implements Callable<Integer> {
    @Option(names = "--device", defaultValue = "cuda:0")
    private String device;

    @Option(names = "--only", split = ",", defaultValue = "train,embed,files,head,conv", description = "of train, embed, files, head, conv")
    private List<String> only;

    @Option(names = "--types", split = ",", defaultValue = "F32,BF16", description = "how activations are stored")
    private List<Type> types;

    @Option(names = "--batch", defaultValue = "512", description = "of a training step")
    private int batch;

    @Option(names = "--classes", defaultValue = "10572", description = "people in training")
    private int classes;

    @Option(names = "--embed", split = ",", defaultValue = "1,32,256", description = "batches that are embedded", converter = Positive.Count.class)
    private List<Integer> embed;

    @Option(names = "--head-rows", defaultValue = "1024")
    private int headRows;

    @Option(names = "--head-classes", defaultValue = "1000000")
    private int headClasses;

    @Option(names = "--shapes", defaultValue = "resface20", description = "list of convolutions: a path, or resface20")
    private String shapes;

    @Option(names = "--conv-batch", defaultValue = "256")
    private int convBatch;

    @Option(names = "--every-kernel", description = "times the convolutions' other candidates too, but the plain ones")
    private boolean everyKernel;

    @Option(names = "--faces", description = "folder of JPEGs of the network's size, a folder for each person")
    private Path faces;

    @Option(names = "--seconds", defaultValue = "1", description = "of each figure", converter = Positive.Seconds.class)
    private double seconds;

    @Option(names = "--row", defaultValue = "10", description = "training steps that follow one another without reading the loss")
    private int row;

    private boolean wrong;

    /** Gives the figures of one measurement; {@code line} already says what it is of. */
    @FunctionalInterface
    private interface Measurement {
        void fill(Device opened, JsonObject line) throws IOException;
    }

    public static void main(String[] arguments) {
        Commands.run(new DeviceMeasurement(), arguments);
    }

    @Override
    public Integer call() {
        for (Type type : types.reversed()) {
            measure("train", "resface20", batch, type, (opened, line) -> train(opened, line, type));
        }
        for (int count : embed) {
            for (Type type : types.reversed()) {
                measure("embed", "resface20", count, type, (opened, line) -> embed(opened, line, type));
            }
        }
        if (faces != null) {
            measure("files", "resface20", batch, Type.F32, this::trainFromFiles);
        }
        measure("head", "am-softmax " + headClasses, headRows, Type.F32, this::head);
        for (Type type : types.reversed()) {
            for (Problem problem : ShapeFile.read(shapes)) {
                for (Direction direction : Direction.values()) {
                    String name = problem.name() + " " + direction.name().toLowerCase(Locale.ROOT);
                    var timed = new ArrayList<String>();
                    measure("conv", name, convBatch, type, (opened, line) -> {
                        convolve(opened, line, problem, direction, type, "chosen");
                        timed.add(line.get("kernel").getAsString());
                        if (everyKernel) {
                            timed.addAll(otherKernels(opened, direction, type, timed.getFirst()));
                        }
                    });
                    for (String kernel : timed.stream().skip(1).toList()) {
                        measure("conv", name, convBatch, type, (opened, line) -> {
                            line.addProperty("rival", "candidate");
                            line.addProperty("how", kernel);
                            convolve(opened, line, problem, direction, type, kernel);
                        });
                    }
                }
            }
        }
        return wrong ? 1 : 0;
    }

    /** A fresh device, so that the peak of its memory belongs to this figure alone. */
    private void measure(String mode, String name, int count, Type type, Measurement measurement) {
        if (!only.contains(mode)) {
            return;
        }
        var line = new JsonObject();
        line.addProperty("rival", "angulus");
        line.addProperty("device", device);
        line.addProperty("mode", mode);
        line.addProperty("name", name);
        line.addProperty("batch", count);
        line.addProperty("dtype", type.name().toLowerCase(Locale.ROOT));
        boolean there = false;
        try (Device opened = Devices.open(device, Devices.threads(0))) {
            there = true;
            measurement.fill(opened, line);
            line.addProperty("peak_device_mib", opened.info().peakBytes() >> 20);
        } catch (AngulusException | IllegalArgumentException absent) {
            line.addProperty("not_available", absent.getMessage());
            wrong |= !there;
        } catch (IOException | IllegalStateException failure) {
            line.addProperty("failed", failure.getMessage());
            wrong = true;
        }
        System.out.println(line);
    }

    private static void time(JsonObject line, Timing timing, int images) {
        line.add("milliseconds", ResultFile.milliseconds(timing));
        line.addProperty("images_per_second", ResultFile.rounded(images / timing.median()));
    }

    /** A step whose loss is read, and steps in a row without reading. */
    private void train(Device opened, JsonObject line, Type type) throws IOException {
        try (var problem = new TrainingProblem(opened, batch, classes, type, 1)) {
            for (int i = 0; i < 3; i++) {
                problem.step();
            }
            Timing timing = Timing.of(seconds, problem::step);
            time(line, timing, batch);
            line.addProperty("tflop_per_second", ResultFile.rounded(1e-12 * batch * problem.flopPerImage() / timing.median()));
        }
        try (var problem = new TrainingProblem(opened, batch, classes, type, Integer.MAX_VALUE)) {
            problem.steps(1);
            Timing timing = Timing.of(seconds, () -> problem.steps(row));
            line.addProperty("milliseconds_without_reading", ResultFile.rounded(1e3 * timing.median() / row));
        }
    }

    /** u8 crops in host memory to float[][], all copies included. */
    private void embed(Device opened, JsonObject line, Type type) {
        var problem = new EmbeddingProblem(line.get("batch").getAsInt());
        try (var network = new EmbeddingNetwork(opened, problem.config(), InputFormat.DEFAULT, problem.weights(), problem.batch(), type)) {
            network.embed(problem.crops(), problem.batch());
            time(line, Timing.of(seconds, () -> network.embed(problem.crops(), problem.batch())), problem.batch());
        }
    }

    /** Training steps on JPEGs that are read, decoded, mirrored and sent by the loader's threads. */
    private void trainFromFiles(Device opened, JsonObject line) throws IOException {
        int loaders = Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 16);
        TrainingConfig config = TrainingConfig.parse("""
                {"batch": %d, "network": {"keep": 1}, "loaderThreads": %d, "evaluateEvery": 1000000, "checkpointEvery": 1000000}
                """.formatted(batch, loaders));
        ImageFolder folder = ImageFolder.open(faces);
        var images = new FramedImages(folder, config.network().height(), config.network().width(), Framing.EXACT);
        var source = new ShuffledBatches(images, 1, true, Augmentation.NONE, new FailedImages(true));
        try (Trainer trainer = new Trainer(opened, config, source, null, faces.toString(), "drawn")) {
                trainer.runUntil(2);
            Timing timing = Timing.of(seconds, () -> {
                trainer.runUntil(trainer.step() + row);
                opened.sync();
            });
            line.addProperty("milliseconds_without_reading", ResultFile.rounded(1e3 * timing.median() / row));
            line.addProperty("images_per_second", ResultFile.rounded(row * batch / timing.median()));
            line.addProperty("loader_threads", loaders);
            line.addProperty("waited_for_pictures", ResultFile.rounded(trainer.loaderShare()));
        }
    }

    /** Forward, loss and backward of the head alone. */
    private void head(Device opened, JsonObject line) {
        try (var problem = new HeadProblem(opened, MeasuredHead.AM_SOFTMAX, headRows, headClasses, HeadProblem.CAP_MIB)) {
            problem.run();
            problem.requireUntrained();
            time(line, Timing.of(seconds, problem::run), headRows);
        }
    }

    /** All but the chosen and the plain kernels of a type. */
    private static List<String> otherKernels(Device opened, Direction direction, Type type, String chosen) {
        String part = "_" + type.name().toLowerCase(Locale.ROOT) + "_";
        return opened.kernels(direction.op()).stream().filter(name -> name.contains(part) && !name.endsWith("_plain") && !name.equals(chosen)).toList();
    }

    /** Time of one convolution, from a recording that runs all copies of its tensors one behind the other. */
    private void convolve(Device opened, JsonObject line, Problem problem, Direction direction, Type type, String kernel) {
        var runs = new ConvolutionRuns(opened, problem.shape().withN(convBatch).withType(type), direction, kernel);
        runs.runAll();
        runs.requireRightAnswer();
        try (Graph recorded = opened.record(runs::enqueueAll)) {
            Timing whole = Timing.of(seconds / 4, () -> {
                recorded.launch();
                opened.sync();
            });
            Timing timing = new Timing(whole.median() / runs.copies(), whole.least() / runs.copies(), whole.most() / runs.copies(), whole.calls());
            time(line, timing, convBatch);
            line.addProperty("tflop_per_second", ResultFile.rounded(1e-12 * convBatch * problem.flopPerImage() / timing.median()));
        }
        line.addProperty("kernel", runs.kernel());
        line.addProperty("count", problem.count());
    }
}
