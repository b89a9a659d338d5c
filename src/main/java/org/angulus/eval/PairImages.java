package org.angulus.eval;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.angulus.data.Photo;
import org.angulus.data.PhotoSource;
import org.angulus.eval.VerificationPairs.Pair;
import org.angulus.model.EmbeddingNetwork;

/** A list of pairs and where its photographs come from. Crops are read when they are needed and not kept. */
public final class PairImages {
    private final VerificationPairs list;
    private final PhotoSource source;
    private final int cropBytes;

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
     * Reads every photograph once.
     *
     * @throws IOException when one is there but cannot be used
     */
    public void check() throws IOException {
        MemorySegment crop = MemorySegment.ofArray(new byte[cropBytes]);
        for (Photo photo : list.photos()) {
            source.read(photo, crop);
        }
    }

    /**
     * Embeds every photograph, and its mirror image where the fusion wants it, as many at a time as the network runs at one time.
     *
     * @throws IOException when a photograph is there but cannot be used
     */
    public EmbeddedPairs embed(EmbeddingNetwork network, FlipFusion fusion) throws IOException {
        return embed(network::embed, network.largest(), fusion);
    }

    /** What a network does with crops, see {@link EmbeddingNetwork#embed(MemorySegment, int, boolean)}. */
    @FunctionalInterface
    interface Embedding {
        float[][] embed(MemorySegment images, int count, boolean mirrored);
    }

    EmbeddedPairs embed(Embedding network, int largest, FlipFusion fusion) throws IOException {
        Map<Photo, float[]> features = new HashMap<>();
        MemorySegment crops = MemorySegment.ofArray(new byte[Math.multiplyExact(largest, cropBytes)]);
        List<Photo> batch = new ArrayList<>();
        for (Iterator<Photo> photos = list.photos().iterator(); photos.hasNext(); ) {
            Photo photo = photos.next();
            if (source.read(photo, crops.asSlice((long) batch.size() * cropBytes, cropBytes))) {
                batch.add(photo);
            }
            if (batch.size() == largest || !photos.hasNext()) {
                float[][] plain = network.embed(crops, batch.size(), false);
                float[][] mirrored = fusion == FlipFusion.NONE ? null : network.embed(crops, batch.size(), true);
                for (int i = 0; i < batch.size(); i++) {
                    features.put(batch.get(i), fusion.fuse(plain[i], mirrored == null ? null : mirrored[i]));
                }
                batch.clear();
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
            if (pair.same() == same && source.read(pair.left(), MemorySegment.ofArray(left)) && source.read(pair.right(), MemorySegment.ofArray(right))) {
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
