package org.angulus.bench;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.angulus.Embedder;
import org.angulus.EmbedderOptions;
import org.angulus.Embedding;
import org.angulus.image.RgbImage;
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
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The {@link Embedder} as applications call it, with ResFace20 (article variant, 112x96, 512 numbers): calls per second of all callers together, and the
 * time of a call with its percentiles. Eight callers of one crop share batches of eight.
 */
@State(Scope.Benchmark)
@BenchmarkMode({Mode.Throughput, Mode.SampleTime})
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 1, time = 2)
@Measurement(iterations = 3, time = 3)
@Fork(value = 1, jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"})
public class EmbedderBenchmark {
    private static final int CALLERS = 8;

    /** Of a call. */
    @Param({"1", "8", "32", "128"})
    public int crops;

    @Param("128")
    public int largestBatch;

    /** Threads that compute; 0: all processors. */
    @Param("0")
    public int threads;

    @Param("cpu")
    public String device;

    private Embedder embedder;
    private List<RgbImage> pictures;

    @Setup
    public void open() throws IOException {
        var problem = new EmbeddingProblem(Math.max(CALLERS, crops));
        embedder = CheckedEmbedder.open(problem, EmbedderOptions.DEFAULT.withDevice(device).withThreads(threads).withLargestBatch(largestBatch));
        pictures = problem.pictures().subList(0, crops);
    }

    @Benchmark
    @Threads(1)
    public List<Embedding> oneCaller() {
        return embedder.embedCrops(pictures);
    }

    @Benchmark
    @Threads(CALLERS)
    public List<Embedding> eightCallers() {
        return embedder.embedCrops(pictures);
    }

    @TearDown
    public void close() {
        embedder.close();
    }
}
