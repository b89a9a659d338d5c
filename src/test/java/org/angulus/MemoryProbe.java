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

/**
 * Embeds crops in every way there is, through one embedder, and prints the process's memory in KiB ten times on the way. Arguments: a model, how many
 * embeddings, a multiple of 1,000, and a {@link FlipFusion}.
 */
final class MemoryProbe {
    private static final int READINGS = 10;
    private static final int ROUNDS = 10; // for each reading

    private MemoryProbe() {}

    public static void main(String[] arguments) throws IOException {
        int tenth = Integer.parseInt(arguments[1]) / (READINGS * ROUNDS * 10); // of a round
        EmbedderOptions options = EmbedderOptions.DEFAULT.withDevice("cpu").withLargestBatch(16).withFlip(FlipFusion.valueOf(arguments[2]));
        try (Embedder embedder = Embedder.open(Path.of(arguments[0]), options); Arena arena = Arena.ofConfined()) {
            RgbImage crop = TestModel.crop(1, embedder.cropHeight(), embedder.cropWidth());
            List<RgbImage> list = Collections.nCopies(tenth, crop);
            MemorySegment raw = arena.allocate(3L * tenth * embedder.cropBytes());
            MemorySegment rows = arena.allocate(ValueLayout.JAVA_FLOAT, 3L * tenth * embedder.embeddingSize());
            for (int round = 1; round <= READINGS * ROUNDS; round++) {
                for (int i = 0; i < 3 * tenth; i++) {
                    embedder.embedCrop(crop);
                }
                embedder.embedCrops(list);
                embedder.embedCrops(raw, 3 * tenth, rows);
                try (Stream<Embedded<Integer>> stream = embedder.embedAll(Stream.iterate(0, i -> i + 1).limit(3 * tenth).iterator(), _ -> crop)) {
                    if (stream.filter(Embedded::succeeded).count() != 3 * tenth) {
                        throw new IllegalStateException("an item of the stream failed");
                    }
                }
                if (round % ROUNDS == 0) {
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
