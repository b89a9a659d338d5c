package org.angulus.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.angulus.data.FailedImages;
import org.angulus.train.BatchSource;
import org.angulus.train.ShuffledBatches;
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

/** Fills training batches of 112x96 as a loader thread does: images per second of one thread, of all with {@code -t}. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class LoadingBenchmark {
    @Param({"folder", "pack", "rec"})
    public String form;

    @Param({"none", "flip", "all"})
    public String changes;

    @Param("32")
    public int batch;

    private final AtomicLong batches = new AtomicLong();
    private TrainingPictures pictures;
    private ShuffledBatches source;

    /** The memory that one thread fills. */
    @State(Scope.Thread)
    public static class Room {
        private final Arena arena = Arena.ofShared();
        private BatchSource.Batch batch;

        @Setup
        public void allocate(LoadingBenchmark benchmark) {
            int n = benchmark.batch;
            MemorySegment images = arena.allocate(3L * n * TrainingPictures.HEIGHT * TrainingPictures.WIDTH);
            batch = new BatchSource.Batch(n, images, arena.allocate(4L * n, 4), arena.allocate(n));
        }

        @TearDown
        public void free() {
            arena.close();
        }
    }

    @Setup
    public void open() throws IOException {
        pictures = new TrainingPictures();
        var how = TrainingPictures.Changes.named(changes);
        source = new ShuffledBatches(pictures.open(TrainingPictures.Form.named(form)), 1, how.flip(), how.augmentation(), new FailedImages(true));
    }

    @Benchmark
    public void fill(Room room, Images counter) throws IOException {
        source.fill(batches.getAndIncrement() * batch, room.batch);
        counter.images += batch;
    }

    @TearDown
    public void close() throws IOException {
        pictures.close();
    }
}
