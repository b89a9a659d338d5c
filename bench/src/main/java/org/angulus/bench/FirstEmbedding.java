package org.angulus.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.angulus.Embedder;

/** Embeds one crop and prints a line of JSON with it and with the seconds since a time, the third argument, in milliseconds since 1970. */
final class FirstEmbedding {
    private FirstEmbedding() {}

    public static void main(String[] arguments) throws IOException {
        try (Embedder embedder = Embedder.open(Path.of(arguments[0]))) {
            float[] embedding = embedder.embedCrop(Path.of(arguments[1])).toArray();
            double seconds = (System.currentTimeMillis() - Long.parseLong(arguments[2])) / 1e3;
            System.out.println("{\"seconds\": " + seconds + ", \"embedding\": " + Arrays.toString(embedding) + "}");
        }
    }
}
