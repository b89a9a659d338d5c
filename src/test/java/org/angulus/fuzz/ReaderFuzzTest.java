package org.angulus.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every reader of files against damaged ones: it gives a value or an IOException with one sentence that names the file, within a bound of time and
 * memory. {@code -Dangulus.fuzz.inputs=N} sets the number for each reader, {@code -Dangulus.test.start=S}
 * the start value: the suite repeats itself, the long check searches.
 */
class ReaderFuzzTest {
    private static final int INPUTS = Integer.getInteger("angulus.fuzz.inputs", 3000);
    private static final long MOST_SECONDS = 10;

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource
    @Timeout(value = 2, unit = TimeUnit.HOURS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void damageEndsInAValueOrASentence(FuzzedReader reader) throws Exception {
        long start = Long.getLong("angulus.test.start", 1);
        System.out.println("ReaderFuzzTest." + reader + ": -Dangulus.test.start=" + start);
        List<byte[]> seeds = reader.seeds(folder);
        for (byte[] seed : seeds) {
            reader.read(Files.write(folder.resolve(reader.fileName()), seed)); // what is good must be read
        }
        Mutator mutator = new Mutator(new Random(start), seeds);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int refused = 0;
        for (int i = 0; i < INPUTS; i++) {
            byte[] input = mutator.next();
            Path file = Files.write(folder.resolve(reader.fileName()), input);
            long allocated = threads.getCurrentThreadAllocatedBytes();
            long begun = System.nanoTime();
            try {
                reader.read(file);
            } catch (IOException e) {
                refused++;
                requireSentence(e, file, i);
            } catch (RuntimeException | Error e) {
                keep(input, reader);
                throw new AssertionError(reader + ", input " + i + " of start value " + start + ": " + e, e);
            }
            long seconds = (System.nanoTime() - begun) / 1_000_000_000;
            long bytes = threads.getCurrentThreadAllocatedBytes() - allocated;
            assertTrue(seconds < MOST_SECONDS, () -> reader + ": " + seconds + " s for one input, kept at " + keep(input, reader));
            assertTrue(bytes <= reader.mostBytes(), () -> reader + ": " + bytes + " bytes for one input, kept at " + keep(input, reader));
        }
        int most = refused;
        assertTrue(refused > INPUTS / 20, () -> reader + ": only " + most + " of " + INPUTS + " damaged files were refused");
    }

    private static void requireSentence(IOException e, Path file, int input) {
        String message = e.getMessage();
        String name = file.getFileName().toString();
        String stem = name.substring(0, name.lastIndexOf('.'));
        if (message == null || !message.contains(stem) || !message.endsWith(".") || message.indexOf('\n') >= 0 || message.length() > 2000) {
            fail("input " + input + ": this is no sentence about " + name + ": " + e, e);
        }
    }

    /** Keeps an input for replay beside the test reports. */
    private static Path keep(byte[] input, FuzzedReader reader) {
        try {
            Path kept = Files.createDirectories(Path.of("target", "fuzz")).resolve(reader + "-" + Long.toHexString(System.nanoTime()) + "-" + reader.fileName());
            return Files.write(kept, input);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
