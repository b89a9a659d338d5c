package org.angulus.bench;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.angulus.device.Device;
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
 * A training step of ResFace20 with AM-Softmax. Every loss must be finite, and the first that of an untrained network. {@link TrainingComparison}
 * sets compiled PyTorch beside it.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 1, time = 3)
@Measurement(iterations = 5, time = 5)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class TrainingStepBenchmark {
    @Param("32")
    public int batch;

    /** People; 10,572 is CASIA-WebFace without those of LFW. */
    @Param("10572")
    public int classes;

    /** Threads that compute; 0: all processors. */
    @Param("0")
    public int threads;

    @Param("cpu")
    public String device;

    private Device opened;
    private TrainingProblem problem;
    private double peakFlops;

    @Setup
    public void open() {
        opened = Devices.open(device, Devices.threads(threads));
        problem = new TrainingProblem(opened, batch, classes);
    }

    @Setup(Level.Iteration)
    public void samplePeak() {
        peakFlops = Roof.flops(opened);
    }

    @Benchmark
    public double step(Rates rates) throws IOException {
        double loss = problem.step();
        rates.add(batch, batch * problem.flopPerImage(), peakFlops);
        return loss;
    }

    @TearDown
    public void close() {
        problem.close();
        opened.close();
    }
}
