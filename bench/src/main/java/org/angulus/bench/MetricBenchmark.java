package org.angulus.bench;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.angulus.device.Device;
import org.angulus.device.Op;
import org.angulus.device.PairSelection;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The triplet loss: the choice of triplets from N x N distances, and all from rows to gradient. The set-up checks the answer. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class MetricBenchmark {
    @Param("256")
    public int rows;

    @Param("128")
    public int numbers;

    /** batch-hard, all, semi-hard, semi-hard-random, violator or distance-weighted. */
    @Param("semi-hard")
    public String selection;

    /** Place in the list of the loss's kernels; -1: the one the device chooses. */
    @Param("-1")
    public int kernel;

    /** Threads that compute; 0: all processors. */
    @Param("0")
    public int threads;

    @Param("cpu")
    public String device;

    private Device opened;
    private MetricProblem problem;

    @Setup
    public void open() {
        opened = Devices.open(device, Devices.threads(threads));
        opened.forceKernel(Op.METRIC_LOSS, kernel);
        problem = new MetricProblem(opened, rows, numbers, PairSelection.valueOf(selection.toUpperCase(Locale.ROOT).replace('-', '_')));
        problem.requireUntrained(rows);
    }

    @Benchmark
    public void select() {
        problem.runSelection();
    }

    @Benchmark
    public void whole() {
        problem.runWhole();
    }

    @TearDown
    public void close() {
        problem.close();
        opened.close();
    }
}
