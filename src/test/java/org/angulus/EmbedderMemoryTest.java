package org.angulus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.angulus.eval.FlipFusion;
import org.angulus.model.InputFormat;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.Variant;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Memory does not grow with use. In a JVM of its own, whose heap is touched whole at the start and whose compiler is bounded, so that what grows is native
 * memory.
 */
class EmbedderMemoryTest {
    private static final long MOST_GROWTH = 8 << 10; // KiB

    @TempDir
    private Path folder;

    @Test
    void aHundredThousandEmbeddingsTakeNoMoreMemoryThanTenThousand() throws Exception {
        ResFaceConfig small = ResFaceConfig.of("resface4", Variant.CAFFE).withWidths(List.of(4, 4, 4, 4)).withCrop(16, 16).withEmbeddingSize(8);
        requireNoGrowth(small, 100_000, FlipFusion.SUM, "64m");
    }

    @Test
    @Tag("long")
    void norDoThoseOfTheWholeNetwork() throws Exception {
        requireNoGrowth(ResFaceConfig.of("resface20", Variant.ARTICLE), Integer.getInteger("angulus.memory.embeddings", 100_000), FlipFusion.NONE, "512m");
    }

    private void requireNoGrowth(ResFaceConfig config, int embeddings, FlipFusion flip, String heap) throws Exception {
        Path model = TestModel.write(folder.resolve("model.safetensors"), config, InputFormat.DEFAULT, 1);
        ReadmeProgram.Outcome outcome = ReadmeProgram.java(Files.createDirectory(folder.resolve("work")), List.of(), List.of(
                "-Xms" + heap, "-Xmx" + heap, "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED",
                "-Dangulus.library.path=" + System.getProperty("angulus.library.path"), "-cp", System.getProperty("java.class.path"),
                MemoryProbe.class.getName(), model.toString(), "" + embeddings, flip.name()), Duration.ofHours(2));
        assertEquals(0, outcome.exitCode(), outcome.err());
        long[] resident = outcome.out().lines().mapToLong(Long::parseLong).toArray();
        assertEquals(10, resident.length, outcome.out());
        long growth = LongStream.of(resident).max().orElseThrow() - resident[0];
        System.out.println(config.name() + ", " + embeddings + " embeddings: at most " + growth + " KiB more than the first tenth, of " + resident[0] + " KiB");
        assertTrue(growth < MOST_GROWTH, "KiB after each tenth: " + Arrays.toString(resident));
    }
}
