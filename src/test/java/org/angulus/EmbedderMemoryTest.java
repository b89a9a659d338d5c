package org.angulus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.angulus.model.InputFormat;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.Variant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Memory does not grow with use. In a JVM of its own, whose heap is touched whole at the start and whose compiler is bounded, so that what grows is native
 * memory.
 */
class EmbedderMemoryTest {
    private static final long MOST_GROWTH = 8 << 10; // KiB

    @Test
    void aHundredThousandEmbeddingsTakeNoMoreMemoryThanTenThousand(@TempDir Path folder) throws Exception {
        ResFaceConfig small = ResFaceConfig.of("resface4", Variant.CAFFE).withWidths(List.of(4, 4, 4, 4)).withCrop(16, 16).withEmbeddingSize(8);
        Path model = TestModel.write(folder.resolve("model.safetensors"), small, InputFormat.DEFAULT, 1);
        ReadmeProgram.Outcome outcome = ReadmeProgram.java(Files.createDirectory(folder.resolve("work")), List.of(), List.of(
                "-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED",
                "-Dangulus.library.path=" + System.getProperty("angulus.library.path"), "-cp", System.getProperty("java.class.path"),
                MemoryProbe.class.getName(), model.toString()));
        assertEquals(0, outcome.exitCode(), outcome.err());
        long[] resident = outcome.out().lines().mapToLong(Long::parseLong).toArray();
        assertEquals(2, resident.length, outcome.out());
        assertTrue(resident[1] - resident[0] < MOST_GROWTH, "from " + resident[0] + " to " + resident[1] + " KiB");
        System.out.println("100,000 embeddings: " + (resident[1] - resident[0]) + " KiB more than 10,000");
    }
}
