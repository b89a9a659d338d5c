package org.angulus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.angulus.device.AngulusException;
import org.angulus.image.RgbImage;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many callers of one embedder. The start value of the random moments is printed; {@code -Dangulus.test.start=N} replays it. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EmbedderThreadsTest {
    private static final int CALLERS = 8;
    private static final int CROPS = 24;
    private static final EmbedderOptions CPU = EmbedderOptions.DEFAULT.withDevice("cpu").withLargestBatch(8);

    @TempDir
    static Path folder;

    private static Path model;
    private static List<RgbImage> crops;
    private static long seed;

    @BeforeAll
    static void prepare() throws IOException {
        model = TestModel.write(folder.resolve("model.safetensors"));
        crops = IntStream.range(0, CROPS).mapToObj(TestModel::crop).toList();
        seed = Long.getLong("angulus.test.start", System.nanoTime());
        System.out.println("EmbedderThreadsTest: -Dangulus.test.start=" + seed);
    }

    private static ExecutorService callers(boolean virtual) {
        return virtual ? Executors.newVirtualThreadPerTaskExecutor() : Executors.newFixedThreadPool(CALLERS);
    }

    /** One crop, a list and a stream in turn, at random; every result is compared. */
    private static int call(Embedder embedder, Random random, List<Set<Embedding>> allowed) {
        int first = random.nextInt(CROPS);
        switch (random.nextInt(4)) {
            case 0 -> {
                int count = 1 + random.nextInt(CROPS - first);
                List<Embedding> list = embedder.embedCrops(crops.subList(first, first + count));
                for (int i = 0; i < count; i++) {
                    assertTrue(allowed.get(first + i).contains(list.get(i)), "crop " + (first + i));
                }
                return count;
            }
            case 1 -> {
                int count = random.nextInt(CROPS - first + 1);
                try (Stream<Embedded<RgbImage>> stream = embedder.embedAll(crops.subList(first, first + count).iterator(), crop -> crop)) {
                    List<Embedded<RgbImage>> results = stream.toList();
                    assertEquals(count, results.size());
                    for (int i = 0; i < count; i++) {
                        assertTrue(allowed.get(first + i).contains(results.get(i).embedding()), "crop " + (first + i));
                    }
                }
                return count;
            }
            default -> {
                assertTrue(allowed.get(first).contains(embedder.embedCrop(crops.get(first))), "crop " + first);
                return 1;
            }
        }
    }

    /** For each crop what a lone caller gets: in a fixed batch the one result, otherwise one for each size of a batch. */
    private static List<Set<Embedding>> serial(boolean fixed) throws IOException {
        List<Set<Embedding>> results = new ArrayList<>();
        try (Embedder embedder = Embedder.open(model, CPU.withFixedBatch(fixed))) {
            for (RgbImage crop : crops) {
                Set<Embedding> of = new HashSet<>();
                for (int n = 1; n <= 8; n *= 2) {
                    of.add(embedder.embedCrops(Collections.nCopies(n, crop)).getFirst());
                }
                results.add(of);
            }
        }
        return results;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void manyCallersGetTheSerialResults(boolean virtual) throws Exception {
        for (boolean fixed : new boolean[] {true, false}) {
            List<Set<Embedding>> allowed = serial(fixed);
            assertFalse(fixed && allowed.stream().anyMatch(of -> of.size() != 1), "a fixed batch has one result for each crop");
            try (Embedder embedder = Embedder.open(model, CPU.withFixedBatch(fixed)); ExecutorService pool = callers(virtual)) {
                List<Future<Integer>> done = new ArrayList<>();
                for (int caller = 0; caller < CALLERS; caller++) {
                    Random random = new Random(seed + caller);
                    done.add(pool.submit(() -> {
                        int embedded = 0;
                        for (int i = 0; i < 60; i++) {
                            embedded += call(embedder, random, allowed);
                        }
                        return embedded;
                    }));
                }
                for (Future<Integer> one : done) {
                    assertTrue(one.get() > 0);
                }
            }
        }
    }

    /** Closed at a random moment: every call either has its right result or ends with the one exception; nobody waits for ever. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void closingAtAnyMomentLeavesNobodyWaiting(boolean virtual) throws Exception {
        List<Set<Embedding>> allowed = serial(false);
        Random moments = new Random(seed);
        AtomicInteger embedded = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();
        for (int round = 0; round < 25; round++) {
            Embedder embedder = Embedder.open(model, CPU.withLatency(Duration.ofNanos(moments.nextInt(2_000_000))));
            try (ExecutorService pool = callers(virtual)) {
                List<Future<?>> done = new ArrayList<>();
                for (int caller = 0; caller < CALLERS; caller++) {
                    Random random = new Random(seed + 31L * round + caller);
                    done.add(pool.submit(() -> {
                        try {
                            while (true) {
                                embedded.addAndGet(call(embedder, random, allowed));
                            }
                        } catch (IllegalStateException closed) {
                            assertTrue(closed.getMessage().startsWith("the embedder "), closed::getMessage);
                            refused.incrementAndGet();
                        }
                    }));
                }
                TimeUnit.MICROSECONDS.sleep(moments.nextInt(20_000));
                if (moments.nextBoolean()) {
                    done.add(pool.submit(embedder::close)); // two at once
                }
                embedder.close();
                for (Future<?> one : done) {
                    one.get(20, TimeUnit.SECONDS);
                }
            }
        }
        assertEquals(25 * CALLERS, refused.get());
        assertTrue(embedded.get() > 0);
    }

    /** Interrupted at a random moment: the flag stays set, the others are not touched. */
    @Test
    void interruptsReachTheOneTheyAreMeantFor() throws Exception {
        List<Set<Embedding>> allowed = serial(false);
        Random moments = new Random(seed);
        try (Embedder embedder = Embedder.open(model, CPU)) {
            for (int round = 0; round < 20; round++) {
                AtomicBoolean stop = new AtomicBoolean();
                AtomicReference<Throwable> other = new AtomicReference<>();
                Random randomOther = new Random(seed + round);
                Thread bystander = Thread.ofVirtual().start(() -> {
                    try {
                        while (!stop.get()) {
                            call(embedder, randomOther, allowed);
                        }
                    } catch (Throwable e) {
                        other.set(e);
                    }
                });
                AtomicReference<Throwable> met = new AtomicReference<>();
                AtomicBoolean flag = new AtomicBoolean();
                Random random = new Random(seed - round);
                Thread victim = Thread.ofPlatform().start(() -> {
                    try {
                        while (true) {
                            call(embedder, random, allowed);
                        }
                    } catch (Throwable e) {
                        met.set(e);
                        flag.set(Thread.currentThread().isInterrupted());
                    }
                });
                TimeUnit.MICROSECONDS.sleep(moments.nextInt(5_000));
                victim.interrupt();
                victim.join();
                assertInstanceOf(AngulusException.class, met.get());
                assertEquals("the thread was interrupted while it waited for an embedding", met.get().getMessage());
                assertTrue(flag.get());
                stop.set(true);
                bystander.join();
                assertEquals(null, other.get());
            }
        }
    }

    /** A worker that meets an Error, out of memory say: its caller hears of it, nobody waits for ever, and the others are not touched. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anErrorReachesItsOwnCallerOnly(boolean virtual) throws Exception {
        List<Set<Embedding>> allowed = serial(true);
        try (Embedder embedder = Embedder.open(model, CPU.withFixedBatch(true).withLatency(Duration.ofMillis(1))); ExecutorService pool = callers(virtual)) {
            List<Future<?>> done = new ArrayList<>();
            for (int caller = 0; caller < CALLERS; caller++) {
                int number = caller;
                Random random = new Random(seed + caller);
                done.add(pool.submit(() -> {
                    for (int i = 0; i < 30; i++) {
                        if (number % 2 == 0) {
                            call(embedder, random, allowed);
                        } else {
                            assertFailsWith(OutOfMemoryError.class, number % 4 == 1 ? () -> stream(embedder, random.nextInt(CROPS)) : () -> request(embedder));
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> one : done) {
                one.get(30, TimeUnit.SECONDS);
            }
        }
    }

    private static void assertFailsWith(Class<? extends Error> error, Executable call) {
        assertInstanceOf(error, assertThrows(AngulusException.class, call).getCause());
    }

    /** A stream of which decoding one item throws an Error. */
    private static void stream(Embedder embedder, int bad) {
        try (Stream<Embedded<Integer>> stream = embedder.embedAll(IntStream.range(0, CROPS).iterator(), i -> {
            if (i == bad) {
                throw new OutOfMemoryError("a test's");
            }
            return crops.get(i);
        })) {
            assertEquals(CROPS, stream.count());
        }
    }

    /** A request whose crop throws an Error on the device's thread. */
    private static void request(Embedder embedder) {
        EmbeddingRequest request = embedder.request(1, _ -> {
            throw new OutOfMemoryError("a test's");
        });
        embedder.submit(request);
        request.await();
    }

    /** A long request and a short one: the short one does not wait for the long one's end. */
    @Test
    void aShortRequestIsNotHeldUpByALongOne() throws Exception {
        try (Embedder embedder = Embedder.open(model, CPU); ExecutorService pool = callers(false)) {
            CountDownLatch begun = new CountDownLatch(1);
            List<RgbImage> many = IntStream.range(0, 20_000).mapToObj(i -> crops.get(i % CROPS)).toList();
            Future<?> longOne = pool.submit(() -> {
                begun.countDown();
                return embedder.embedCrops(many);
            });
            begun.await();
            for (int i = 0; i < 5; i++) {
                embedder.embedCrop(crops.get(i));
            }
            assertFalse(longOne.isDone(), "five single crops came before the end of 20,000");
            longOne.get();
        }
    }

    /** Nobody takes results: items are read a few batches ahead and no further. */
    @Test
    void streamWaitsForTheOneWhoTakes() throws Exception {
        AtomicInteger taken = new AtomicInteger();
        try (Embedder embedder = Embedder.open(model, CPU);
                Stream<Embedded<Integer>> stream =
                        embedder.embedAll(IntStream.range(0, 1_000_000).peek(i -> taken.incrementAndGet()).iterator(), i -> crops.get(i % CROPS))) {
            var results = stream.iterator();
            for (int i = 0; i < 100; i++) {
                assertEquals(i, results.next().index());
                assertTrue(taken.get() <= i + 4 * 8 + 1, taken + " items were taken for " + (i + 1));
            }
            Thread.sleep(20);
            assertTrue(taken.get() <= 100 + 4 * 8, taken + " items were taken");
        }
    }

    /** Several threads' single crops share batches: far fewer runs than crops, which shows as more crops for each run. */
    @Test
    void callersShareBatches() throws Exception {
        AtomicInteger runs = new AtomicInteger();
        try (Embedder embedder = Embedder.open(model, CPU.withLatency(Duration.ofMillis(200))); ExecutorService pool = callers(true)) {
            // A crop may be done before the next one comes. Callers share once two have met; then no round is left alone again.
            for (int round = 0, before = -2; embedder.batches() - before != 1; round++) {
                assertTrue(round < 100, "callers never met");
                before = embedder.batches();
                for (Future<?> one : pool.invokeAll(Collections.nCopies(CALLERS, () -> embedder.embedCrop(crops.getFirst())))) {
                    one.get();
                }
            }
            runs.set(embedder.batches());
            for (int i = 0; i < 10; i++) {
                for (Future<?> one : pool.invokeAll(Collections.nCopies(CALLERS, () -> embedder.embedCrop(crops.getFirst())))) {
                    one.get();
                }
            }
            int used = embedder.batches() - runs.get();
            assertTrue(used <= 20, used + " batches for 10 times 8 crops");
        }
    }

    @Test
    void useInAnInterruptedThreadIsRefusedAndKeepsTheFlag() throws IOException {
        try (Embedder embedder = Embedder.open(model, CPU)) {
            Thread.currentThread().interrupt();
            try {
                assertThrows(AngulusException.class, () -> embedder.embedCrops(Collections.nCopies(5_000, crops.getFirst())));
            } finally {
                assertTrue(Thread.interrupted());
            }
            assertEquals(TestModel.SIZE, embedder.embedCrop(crops.getFirst()).size());
        }
    }
}
