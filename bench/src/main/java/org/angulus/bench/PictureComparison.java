package org.angulus.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.angulus.CropReader;
import org.angulus.Embedded;
import org.angulus.Embedder;
import org.angulus.EmbedderOptions;
import org.angulus.Embedding;
import org.angulus.bench.DrawnFaces.Size;
import org.angulus.image.Fit;
import org.angulus.image.Framing;
import org.angulus.image.ImageDecoder;
import org.angulus.image.RgbImage;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Embeds JPEGs in memory, and the same crops already decoded, in turns: what is slower is not the network. Pictures of another size than the
 * network's are resized to it.
 */
@Command(name = "compare-pictures", description = "From a JPEG to its embedding, beside embedding its decoded crop.", mixinStandardHelpOptions = true)
public final class PictureComparison implements Callable<Integer> {
    @Option(names = "--sizes", split = ",", defaultValue = "112x96,250x250", description = "rows and columns of the JPEGs")
    private List<String> sizes;

    @Option(names = "--pictures", defaultValue = "128", description = "embedded with one call")
    private int pictures;

    @Option(names = "--rounds", defaultValue = "7", converter = Positive.Count.class)
    private int rounds;

    @Option(names = "--seconds", defaultValue = "2", description = "of each turn", converter = Positive.Seconds.class)
    private double seconds;

    @Option(names = "--threads", defaultValue = "0", description = "0: all processors")
    private int threads;

    @Option(names = "--device", defaultValue = "cpu")
    private String device;

    @Mixin
    private ResultFile file;

    public static void main(String[] arguments) {
        Commands.run(new PictureComparison(), arguments);
    }

    @Override
    public Integer call() throws IOException {
        var results = new JsonArray();
        var options = EmbedderOptions.DEFAULT.withDevice(device).withThreads(threads);
        try (Embedder embedder = CheckedEmbedder.open(new EmbeddingProblem(options.largestBatch()), options); Roof roof = new Roof(device, Devices.threads(threads))) {
            for (String size : sizes) {
                results.add(compare(embedder, Size.parse(size)));
            }
            file.write("ResFace20 from JPEGs in memory to embeddings, batches of " + options.largestBatch() + ", decoded on all processors beside the"
                    + " network; and from the decoded crops. " + rounds + " rounds of " + seconds + " s for each; medians; notTheNetwork: 1 - the time"
                    + " of the crops over that of the JPEGs within a round", roof.description(), results);
        }
        return 0;
    }

    private JsonObject compare(Embedder embedder, Size size) throws IOException {
        var framing = new Framing(0, 0, Fit.RESIZE);
        CropReader<byte[]> reader = jpeg -> framing.apply(ImageDecoder.decode(jpeg, "a JPEG"), embedder.cropHeight(), embedder.cropWidth(), "a JPEG");
        List<byte[]> jpegs = new ArrayList<>();
        List<RgbImage> crops = new ArrayList<>();
        for (RgbImage face : DrawnFaces.draw(pictures, size)) {
            byte[] jpeg = DrawnFaces.encode(face, "jpeg");
            DrawnFaces.requireAlike("a JPEG", ImageDecoder.decode(jpeg, "a JPEG"), face);
            jpegs.add(jpeg);
            crops.add(reader.read(jpeg));
        }
        Agreement.require("JPEGs against crops", embed(embedder, jpegs, reader), embed(embedder, crops, crop -> crop));
        double[] ofJpegs = new double[rounds];
        double[] ofCrops = new double[rounds];
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < 2; i++) {
                if ((round + i) % 2 == 0) {
                    ofJpegs[round] = Timing.of(seconds, () -> embed(embedder, jpegs, reader)).median() / pictures;
                } else {
                    ofCrops[round] = Timing.of(seconds, () -> embed(embedder, crops, crop -> crop)).median() / pictures;
                }
            }
        }
        var shares = new JsonArray();
        double[] share = new double[rounds];
        Arrays.setAll(share, round -> 1 - ofCrops[round] / ofJpegs[round]);
        Arrays.stream(share).forEach(one -> shares.add(ResultFile.rounded(one)));
        var line = new JsonObject();
        line.addProperty("size", size.height() + "x" + size.width());
        line.addProperty("bytesOfAJpeg", Math.round(jpegs.stream().mapToInt(jpeg -> jpeg.length).average().orElseThrow()));
        line.addProperty("imagesPerSecond", ResultFile.rounded(1 / Timing.medianOf(ofJpegs)));
        line.addProperty("imagesPerSecondOfCrops", ResultFile.rounded(1 / Timing.medianOf(ofCrops)));
        line.addProperty("notTheNetwork", ResultFile.rounded(Timing.medianOf(share)));
        line.add("notTheNetworkOfRounds", shares);
        System.out.printf(Locale.ROOT, "JPEGs of %s: %.1f images/s, decoded crops %.1f: %.1f %% is not the network%n",
                line.get("size").getAsString(), 1 / Timing.medianOf(ofJpegs), 1 / Timing.medianOf(ofCrops), 100 * Timing.medianOf(share));
        return line;
    }

    private static <T> float[][] embed(Embedder embedder, List<T> items, CropReader<T> reader) {
        try (Stream<Embedded<T>> stream = embedder.embedAll(items.iterator(), reader)) {
            return stream.map(PictureComparison::embedding).map(Embedding::toArray).toArray(float[][]::new);
        }
    }

    private static Embedding embedding(Embedded<?> one) {
        if (!one.succeeded()) {
            throw new UncheckedIOException(new IOException(one.failure()));
        }
        return one.embedding();
    }
}
