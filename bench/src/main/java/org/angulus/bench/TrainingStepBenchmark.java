package org.angulus.bench;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.angulus.data.LabeledImages;
import org.angulus.device.Device;
import org.angulus.model.ResFace;
import org.angulus.train.ShuffledBatches;
import org.angulus.train.StepReport;
import org.angulus.train.Trainer;
import org.angulus.train.TrainingConfig;
import org.angulus.train.TrainingListener;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A training step of ResFace20 (article variant, AM-Softmax, momentum) with the whole trainer: u8 images in, updated weights out. The rival is
 * tools/peers/torch_train_step.py in a process of its own. The first loss is checked: with cosines near 0 it is s m + ln C.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 10)
@Measurement(iterations = 4, time = 10)
public class TrainingStepBenchmark {
    /** Images of a step. */
    @Param("32")
    public int batch;

    /** People. */
    @Param("10572")
    public int classes;

    /** Threads that compute; 0: all processors. */
    @Param("0")
    public int threads;

    /** Where it trains. */
    @Param("cpu")
    public String device;

    private Device opened;
    private Trainer trainer;
    private Share share;
    private double flopPerImage;
    private double loss = Double.NaN;
    private long steps;
    private long nanos;

    /** Starts a run and does its first step. */
    @Setup(Level.Trial)
    public void open() throws IOException {
        int count = Devices.threads(threads);
        share = new Share(device, count);
        opened = Devices.open(device, count);
        TrainingConfig config = TrainingConfig.parse("{\"recipe\": \"default\", \"steps\": 1000000, \"batch\": " + batch
                + ", \"reportEvery\": 1, \"evaluateEvery\": 1000000, \"checkpointEvery\": 1000000}");
        ResFace network = new ResFace(config.network());
        double head = (double) classes * config.network().embeddingSize();
        // Forward, by weight and by input; the first layer has no gradient by input.
        flopPerImage = 2 * (3 * (network.multiplyAdds() + head) - 4_644_864);
        LabeledImages images = new RandomImages(4 * batch, classes, config.network().height(), config.network().width());
        trainer = new Trainer(opened, config, new ShuffledBatches(images, 1, true), null, "random", "none");
        trainer.addListener(new TrainingListener() {
            @Override
            public void onStep(StepReport report) {
                loss = report.loss();
            }
        });
        trainer.runUntil(1);
        double expected = config.head().scale() * config.head().margin() + Math.log(classes);
        if (!(Math.abs(loss - expected) < 2)) {
            throw new IllegalStateException("The first loss is " + loss + "; with cosines near 0 it should be about " + expected + ".");
        }
    }

    /** Forgets what was before. */
    @Setup(Level.Iteration)
    public void begin() {
        steps = 0;
        nanos = System.nanoTime();
    }

    /** One step, its loss read. */
    @Benchmark
    public double step() throws IOException {
        trainer.runUntil(trainer.step() + 1);
        steps++;
        return loss;
    }

    /** Prints the iteration's rate and the process's peak memory. */
    @TearDown(Level.Iteration)
    public void end() throws IOException {
        double seconds = (System.nanoTime() - nanos) * 1e-9;
        System.out.println(share.line("training, batch " + batch + ", " + classes + " classes", (double) steps * batch, seconds, flopPerImage));
        String peak = Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith("VmHWM")).findFirst().orElse("VmHWM: unknown");
        System.out.println(peak.replaceAll("\\s+", " ") + " (whole process), device memory " + opened.info().peakBytes() / (1 << 20) + " MiB");
    }

    /** Frees the run. */
    @TearDown(Level.Trial)
    public void close() {
        try {
            trainer.close();
        } finally {
            opened.close();
        }
    }

    /** Noise with labels: the time of a step does not depend on what the pictures show. */
    private record RandomImages(int count, int classes, int height, int width) implements LabeledImages {
        @Override
        public int label(int index) {
            return (int) ((long) index * classes / count);
        }

        @Override
        public void read(int index, MemorySegment rgb) {
            byte[] pixels = new byte[3 * height * width];
            new SplittableRandom(index).nextBytes(pixels);
            MemorySegment.copy(pixels, 0, rgb, ValueLayout.JAVA_BYTE, 0, pixels.length);
        }
    }
}
