package org.angulus.eval;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.angulus.data.FailedImages;
import org.angulus.data.Photo;
import org.angulus.data.PhotoSource;
import org.angulus.eval.VerificationPairs.Pair;
import org.angulus.model.EmbeddingNetwork;

/** A list of pairs with the crops of its photographs, ready to be embedded by any number of networks. Crops are kept in memory. */
public final class PairImages {
    private final VerificationPairs list;
    private final Map<Photo, byte[]> crops = new HashMap<>();

    private PairImages(VerificationPairs list) {
        this.list = list;
    }

    /**
     * Reads the crop of every photograph once; a missing one is left out.
     *
     * @param cropBytes of one crop: 3 height width
     * @throws IOException when one is there but cannot be used
     * @throws IllegalArgumentException when a fold has no pair of the same person or none of different people left
     */
    public static PairImages read(VerificationPairs list, PhotoSource source, int cropBytes) throws IOException {
        return read(list, source, cropBytes, new FailedImages(true));
    }

    /**
     * As above, but leaves out a photograph that cannot be used, too.
     *
     * @param failed keeps account of those; says when they are too many
     */
    public static PairImages read(VerificationPairs list, PhotoSource source, int cropBytes, FailedImages failed) throws IOException {
        PairImages images = new PairImages(list);
        for (Photo photo : list.photos()) {
            byte[] crop = new byte[cropBytes];
            try {
                if (source.read(photo, MemorySegment.ofArray(crop))) {
                    images.crops.put(photo, crop);
                }
                failed.used();
            } catch (IOException e) {
                failed.failed(e);
            }
        }
        list.pairsOf(images.crops.keySet());
        return images;
    }

    /** The pairs. */
    public VerificationPairs list() {
        return list;
    }

    /** Photographs that have a crop. */
    public int count() {
        return crops.size();
    }

    /** Embeds every photograph, and its mirror image where the fusion wants it. */
    public EmbeddedPairs embed(EmbeddingNetwork network, FlipFusion fusion) {
        return embed(network, fusion, _ -> {});
    }

    /**
     * As above.
     *
     * @param progress told how many of {@link #count} photographs are done
     */
    public EmbeddedPairs embed(EmbeddingNetwork network, FlipFusion fusion, IntConsumer progress) {
        List<Photo> photos = list.photos().stream().filter(crops::containsKey).toList();
        int bytes = network.imageBytes();
        byte[] part = new byte[Math.multiplyExact(Math.min(network.largest(), photos.size()), bytes)];
        MemorySegment images = MemorySegment.ofArray(part);
        Map<Photo, float[]> features = new HashMap<>();
        for (int first = 0; first < photos.size(); first += network.largest()) {
            int n = Math.min(network.largest(), photos.size() - first);
            for (int i = 0; i < n; i++) {
                System.arraycopy(crops.get(photos.get(first + i)), 0, part, i * bytes, bytes);
            }
            float[][] plain = network.embed(images, n, false);
            float[][] mirrored = fusion == FlipFusion.NONE ? null : network.embed(images, n, true);
            for (int i = 0; i < n; i++) {
                features.put(photos.get(first + i), fusion.fuse(plain[i], mirrored == null ? null : mirrored[i]));
            }
            progress.accept(first + n);
        }
        return EmbeddedPairs.of(list, features::get);
    }

    /** Accuracy of a comparison of raw crops, at the threshold that is best for it over all pairs. */
    public double baseline(Comparison comparison) {
        return Baselines.bestAccuracy(scores(comparison, true), scores(comparison, false));
    }

    private double[] scores(Comparison comparison, boolean same) {
        return list.pairs().stream()
                .filter(pair -> pair.same() == same && crops.containsKey(pair.left()) && crops.containsKey(pair.right()))
                .mapToDouble(pair -> score(comparison, pair))
                .toArray();
    }

    private double score(Comparison comparison, Pair pair) {
        return comparison.of(crops.get(pair.left()), crops.get(pair.right()));
    }

    /** Similarity of two crops, u8 RGB. */
    @FunctionalInterface
    public interface Comparison {
        /** The larger, the more alike. */
        double of(byte[] left, byte[] right);
    }
}
