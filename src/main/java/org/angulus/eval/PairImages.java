package org.angulus.eval;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.stream.DoubleStream;
import org.angulus.data.FailedImages;
import org.angulus.data.Photo;
import org.angulus.data.PhotoSource;
import org.angulus.eval.VerificationPairs.Pair;
import org.angulus.model.EmbeddingNetwork;

/** A list of pairs and where its photographs come from. Crops are read when they are needed and not kept. */
public final class PairImages {
    private final VerificationPairs list;
    private final PhotoSource source;
    private final int cropBytes;
    private final Set<Photo> unusable = new HashSet<>();

    /**
     * @param source gives the crops; the pairs of one that is missing are left out
     * @param cropBytes of one crop: 3 height width
     */
    public PairImages(VerificationPairs list, PhotoSource source, int cropBytes) {
        this.list = list;
        this.source = source;
        this.cropBytes = cropBytes;
    }

    /** The pairs. */
    public VerificationPairs list() {
        return list;
    }

    /**
     * Reads every photograph once, and leaves out from now on those that cannot be used.
     *
     * @param failed keeps account of them; says when they are too many
     * @throws IllegalArgumentException when a fold has no pair of the same person or none of different people left
     */
    public void check(FailedImages failed) throws IOException {
        MemorySegment crop = MemorySegment.ofArray(new byte[cropBytes]);
        Set<Photo> usable = new HashSet<>();
        for (Photo photo : list.photos()) {
            try {
                if (source.read(photo, crop)) {
                    usable.add(photo);
                }
                failed.used();
            } catch (IOException e) {
                failed.failed(e);
                unusable.add(photo);
            }
        }
        list.pairsOf(usable);
    }

    /** Reads a crop; false where there is none. */
    private boolean read(Photo photo, MemorySegment crop) throws IOException {
        return !unusable.contains(photo) && source.read(photo, crop);
    }

    /** Embeds every photograph, and its mirror image where the fusion wants it. */
    public EmbeddedPairs embed(EmbeddingNetwork network, FlipFusion fusion) throws IOException {
        return embed(network, fusion, _ -> {});
    }

    /**
     * As above, as many at a time as the network runs at one time.
     *
     * @param progress told how many of the list's photographs are done
     * @throws IOException when a photograph is there but cannot be used
     */
    public EmbeddedPairs embed(EmbeddingNetwork network, FlipFusion fusion, IntConsumer progress) throws IOException {
        return embed(network::embed, network.largest(), fusion, progress);
    }

    /** What a network does with crops, see {@link EmbeddingNetwork#embed(MemorySegment, int, boolean)}. */
    @FunctionalInterface
    interface Embedding {
        float[][] embed(MemorySegment images, int count, boolean mirrored);
    }

    EmbeddedPairs embed(Embedding network, int largest, FlipFusion fusion, IntConsumer progress) throws IOException {
        Map<Photo, float[]> features = new HashMap<>();
        MemorySegment crops = MemorySegment.ofArray(new byte[Math.multiplyExact(largest, cropBytes)]);
        List<Photo> photos = list.photos();
        List<Photo> batch = new ArrayList<>();
        for (int i = 0; i < photos.size(); i++) {
            if (read(photos.get(i), crops.asSlice((long) batch.size() * cropBytes, cropBytes))) {
                batch.add(photos.get(i));
            }
            boolean last = i == photos.size() - 1;
            if (batch.size() == largest || last && !batch.isEmpty()) {
                float[][] plain = network.embed(crops, batch.size(), false);
                float[][] mirrored = fusion == FlipFusion.NONE ? null : network.embed(crops, batch.size(), true);
                for (int j = 0; j < batch.size(); j++) {
                    features.put(batch.get(j), fusion.fuse(plain[j], mirrored == null ? null : mirrored[j]));
                }
                batch.clear();
                progress.accept(i + 1);
            }
        }
        return EmbeddedPairs.of(list, features::get);
    }

    /**
     * Accuracy of a comparison of raw crops, at the threshold that is best for it over all pairs.
     *
     * @throws IOException when a photograph is there but cannot be used
     */
    public double baseline(Comparison comparison) throws IOException {
        return Baselines.bestAccuracy(scores(comparison, true), scores(comparison, false));
    }

    private double[] scores(Comparison comparison, boolean same) throws IOException {
        byte[] left = new byte[cropBytes];
        byte[] right = new byte[cropBytes];
        DoubleStream.Builder scores = DoubleStream.builder();
        for (Pair pair : list.pairs()) {
            if (pair.same() == same && read(pair.left(), MemorySegment.ofArray(left)) && read(pair.right(), MemorySegment.ofArray(right))) {
                scores.add(comparison.of(left, right));
            }
        }
        return scores.build().toArray();
    }

    /** Similarity of two crops, u8 RGB. */
    @FunctionalInterface
    public interface Comparison {
        /** The larger, the more alike. */
        double of(byte[] left, byte[] right);
    }
}
