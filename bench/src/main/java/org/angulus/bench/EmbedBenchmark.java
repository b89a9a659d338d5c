package org.angulus.bench;

import java.util.concurrent.TimeUnit;
import org.angulus.device.Type;
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
 * Embeds crops with ResFace20 (article variant, 112x96, 512 numbers, f32) by our engine and by the rivals. The set-up compares the answer with
 * another engine's, ours with ONNX Runtime's and theirs with ours, and fails the benchmark where they differ.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"})
public class EmbedBenchmark {
    @Param({"angulus", "onnxruntime", "djl"})
    public String engine;

    /** Crops of a call. */
    @Param({"1", "8", "32"})
    public int batch;

    /** Threads that compute; 0: all processors. */
    @Param("0")
    public int threads;

    /** Where our engine runs, and whose peak is sampled; the rivals run on the processor. */
    @Param("cpu")
    public String device;

    /** A Python with torch and numpy, for the engine pytorch. */
    @Param("")
    public String python;

    private EmbeddingProblem problem;
    private EmbeddingEngine embedder;
    private Roof roof;
    private double peakFlops;

    @Setup
    public void open() {
        problem = new EmbeddingProblem(batch);
        int count = Devices.threads(threads);
        EmbeddingEngine.Kind kind = EmbeddingEngine.Kind.named(engine);
        EmbeddingEngine.Kind other = kind == EmbeddingEngine.Kind.ANGULUS ? EmbeddingEngine.Kind.ONNXRUNTIME : EmbeddingEngine.Kind.ANGULUS;
        float[][] expected;
        try (EmbeddingEngine judge = other.open(problem, device, count, Type.F32, python)) {
            expected = judge.embed();
        }
        roof = new Roof(kind == EmbeddingEngine.Kind.ANGULUS ? device : "cpu", count);
        embedder = kind.open(problem, device, count, Type.F32, python);
        Agreement.require(kind.words() + " against " + other.words(), embedder.embed(), expected);
    }

    @Setup(Level.Iteration)
    public void samplePeak() {
        peakFlops = roof.flops();
    }

    @Benchmark
    public float[][] embed(Rates rates) {
        float[][] embeddings = embedder.embed();
        rates.add(batch, batch * problem.flopPerImage(), peakFlops);
        return embeddings;
    }

    @TearDown
    public void close() {
        embedder.close();
        roof.close();
    }
}
