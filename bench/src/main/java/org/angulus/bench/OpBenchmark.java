package org.angulus.bench;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.angulus.device.Device;
import org.angulus.device.Direction;
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
 * Convolutions of a list of shapes, in each direction and by each kernel. One call of the benchmark runs the convolution on every copy of its
 * tensors, one after the other, and then waits; the copies are more than the last cache holds. The set-up judges sampled elements of the answer by
 * double precision.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 1, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class OpBenchmark {
    /** A list that comes along, or a path. */
    @Param("resface20")
    public String shapes;

    /** Names in that list. */
    @Param({"stage1", "block1", "stage2", "block2", "stage3", "block3", "stage4", "block4", "fc"})
    public String problem;

    @Param({"forward", "backward_input", "backward_weight"})
    public String direction;

    /** Name of a kernel; "chosen": the one the device chooses. */
    @Param("chosen")
    public String kernel;

    /** Images. */
    @Param("32")
    public int batch;

    /** Threads that compute; 0: all processors. */
    @Param("0")
    public int threads;

    @Param("cpu")
    public String device;

    private Device opened;
    private ConvolutionRuns runs;
    private double flop;
    private double peakFlops;

    @Setup
    public void open() {
        Problem chosen = ShapeFile.find(shapes, problem);
        flop = batch * chosen.flopPerImage();
        opened = Devices.open(device, Devices.threads(threads));
        runs = new ConvolutionRuns(opened, chosen.shape().withN(batch), direction(), kernel);
        runs.runAll();
        runs.requireRightAnswer();
        System.out.println("# " + problem + " x" + chosen.count() + ": " + runs.description());
    }

    private Direction direction() {
        for (Direction candidate : Direction.values()) {
            if (candidate.name().toLowerCase(Locale.ROOT).equals(direction)) {
                return candidate;
            }
        }
        throw new IllegalArgumentException("There is no direction '" + direction + "'; choose forward, backward_input or backward_weight.");
    }

    @Setup(Level.Iteration)
    public void samplePeak() {
        peakFlops = Roof.flops(opened);
    }

    @Benchmark
    public void convolve(Rates rates) {
        runs.runAll();
        rates.add(batch * runs.copies(), flop * runs.copies(), peakFlops);
    }

    @TearDown
    public void close() {
        opened.close();
    }
}
