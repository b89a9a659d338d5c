package org.angulus;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.angulus.eval.FlipFusion;
import org.angulus.image.RgbImage;

/** Embeds 100,000 crops in every way there is and prints the process's memory, in KiB, after the first 10,000 and at the end. */
final class MemoryProbe {
    private static final int ROUND = 1_000; // crops

    private MemoryProbe() {}

    public static void main(String[] arguments) throws IOException {
        RgbImage crop = TestModel.crop(1, 16, 16);
        List<RgbImage> list = Collections.nCopies(100, crop);
        try (Embedder embedder = Embedder.open(Path.of(arguments[0]),
                        EmbedderOptions.DEFAULT.withDevice("cpu").withThreads(1).withLargestBatch(16).withFlip(FlipFusion.SUM));
                Arena arena = Arena.ofConfined()) {
            MemorySegment raw = arena.allocate(300L * crop.pixels().length);
            MemorySegment rows = arena.allocate(ValueLayout.JAVA_FLOAT, 300L * embedder.embeddingSize());
            for (int done = 0; done < 100_000; done += ROUND) {
                for (int i = 0; i < 300; i++) {
                    embedder.embedCrop(crop);
                }
                embedder.embedCrops(list);
                embedder.embedCrops(raw, 300, rows);
                try (Stream<Embedded<Integer>> stream = embedder.embedAll(Stream.iterate(0, i -> i + 1).limit(300).iterator(), _ -> crop)) {
                    if (stream.filter(Embedded::succeeded).count() != 300) {
                        throw new IllegalStateException("an item of the stream failed");
                    }
                }
                if (done + ROUND == 10_000 || done + ROUND == 100_000) {
                    System.gc();
                    System.out.println(resident());
                }
            }
        }
    }

    private static String resident() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith("VmRSS")).findFirst().orElseThrow().replaceAll("[^0-9]", "");
    }
}
