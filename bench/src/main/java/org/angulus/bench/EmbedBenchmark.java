package org.angulus.bench;

import java.util.concurrent.TimeUnit;
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
 * Embedding with ResFace20 (112x96, 512 numbers), f32: ours, ONNX Runtime and PyTorch under DJL, one after another in one JVM, each closed before the
 * next opens. Before it is timed an engine's answers are compared with ours.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(0)
@Warmup(iterations = 2, time = 3)
@Measurement(iterations = 5, time = 3)
public class EmbedBenchmark {
    /** Who embeds. */
    @Param({"angulus", "onnxruntime", "djl"})
    public String engine;

    /** Crops at one call. */
    @Param({"1", "8", "32"})
    public int batch;

    /** Threads that compute; 0: all processors. */
    @Param("0")
    public int threads;

    /** Device of our engine. */
    @Param("cpu")
    public String device;

    private EmbeddingProblem problem;
    private EmbeddingEngine opened;
    private Share share;
    private long calls;
    private long nanos;

    /** Makes the problem, compares the answers, samples the peak. */
    @Setup(Level.Trial)
    public void open() {
        int count = Devices.threads(threads);
        problem = new EmbeddingProblem(batch);
        float[][] expected;
        try (EmbeddingEngine ours = EmbeddingEngine.Kind.ANGULUS.open(problem, engine.equals("angulus") ? "cpu:baseline" : device, count)) {
            expected = ours.embed();
        }
        share = new Share(device, count);
        opened = EmbeddingEngine.Kind.named(engine).open(problem, device, count);
        Agreement.require(engine, opened.embed(), expected);
    }

    /** Forgets the warm-up. */
    @Setup(Level.Iteration)
    public void begin() {
        calls = 0;
        nanos = System.nanoTime();
    }

    /** Embeds the crops once. */
    @Benchmark
    public float[][] embed() {
        calls++;
        return opened.embed();
    }

    /** Prints the iteration's rate. */
    @TearDown(Level.Iteration)
    public void end() {
        double seconds = (System.nanoTime() - nanos) * 1e-9;
        System.out.println(share.line(engine + ", batch " + batch, (double) calls * batch, seconds, problem.flopPerImage()));
    }

    /** Closes the engine. */
    @TearDown(Level.Trial)
    public void close() {
        opened.close();
    }
}
