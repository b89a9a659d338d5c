package org.angulus.eval;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.angulus.image.Resize;
import org.angulus.image.RgbImage;
import org.angulus.model.EmbeddingNetwork;

/**
 * Whether crops are as a network expects them, without any label. A wrong channel order or a second alignment of crops that were aligned already
 * does not fail loudly, it only makes every face look more alike. So the crops are embedded as they are and wrongly on purpose: the right way is
 * the one that best separates a crop's own mirror image from other crops. Separation is d' = (mean cosine with the mirror image - mean cosine
 * with other crops) / sqrt of the mean of both variances (Green and Swets 1966, Signal Detection Theory).
 *
 * @param crops      crops that were looked at
 * @param separation d' of each variant
 */
public record InputCheck(int crops, Map<Variant, Double> separation) {
    /** Crops that are needed for a verdict. */
    public static final int LEAST = 32;

    /** A variant must be better than the crops as they are by this factor before it is named. */
    private static final double CLEAR = 1.05;

    /** What is done to the crops. */
    public enum Variant {
        AS_GIVEN("as given", "") {
            @Override
            RgbImage of(RgbImage crop) {
                return crop;
            }
        },
        CHANNELS_REVERSED(
                "channels reversed",
                "the channel order looks wrong (red and blue exchanged); check the model's metadata and what wrote the pictures") {
            @Override
            RgbImage of(RgbImage crop) {
                byte[] pixels = crop.pixels().clone();
                for (int i = 0; i < pixels.length; i += RgbImage.CHANNELS) {
                    byte red = pixels[i];
                    pixels[i] = pixels[i + 2];
                    pixels[i + 2] = red;
                }
                return new RgbImage(crop.height(), crop.width(), pixels);
            }
        },
        ENLARGED(
                "enlarged to 5/4",
                "the faces look too small for this model: the crops are wider than those it was trained on; align them to its reference points") {
            @Override
            RgbImage of(RgbImage crop) {
                RgbImage large = Resize.to(crop, crop.height() * 5 / 4, crop.width() * 5 / 4);
                return large.crop((large.height() - crop.height()) / 2, (large.width() - crop.width()) / 2, crop.height(), crop.width());
            }
        },
        REDUCED(
                "reduced to 4/5, edges repeated",
                "the faces look too large for this model: crops that were aligned already seem to have been aligned or cut again; use them as they were") {
            /** A black border would spoil the crop more than the size mends it. */
            @Override
            RgbImage of(RgbImage crop) {
                RgbImage small = Resize.to(crop, crop.height() * 4 / 5, crop.width() * 4 / 5);
                int top = (crop.height() - small.height()) / 2;
                int left = (crop.width() - small.width()) / 2;
                byte[] pixels = new byte[crop.pixels().length];
                int at = 0;
                for (int row = 0; row < crop.height(); row++) {
                    for (int column = 0; column < crop.width(); column++) {
                        for (int channel = 0; channel < RgbImage.CHANNELS; channel++) {
                            pixels[at++] = (byte) small.sample(
                                    Math.clamp(row - top, 0, small.height() - 1), Math.clamp(column - left, 0, small.width() - 1), channel);
                        }
                    }
                }
                return new RgbImage(crop.height(), crop.width(), pixels);
            }
        };

        private final String words;
        private final String finding;

        Variant(String words, String finding) {
            this.words = words;
            this.finding = finding;
        }

        /** Its name for people. */
        public String words() {
            return words;
        }

        /** The crop in this variant, of the same size. */
        abstract RgbImage of(RgbImage crop);
    }

    /** What the figures say. */
    public enum Verdict {
        /** No variant separates better than the crops as they are. */
        FITS,
        /** A variant separates clearly better: {@link #finding()} says what is wrong. */
        WRONG,
        /** The network tells these crops apart no better than wrong ones, so it shows nothing: untrained, or crops of one person. */
        INCONCLUSIVE
    }

    public InputCheck {
        separation = new EnumMap<>(separation);
    }

    /**
     * Embeds the crops in each variant.
     *
     * @param network to check against
     * @param crops   of its size, mostly of different people, at least {@link #LEAST}
     */
    public static InputCheck of(EmbeddingNetwork network, List<RgbImage> crops) {
        if (crops.size() < LEAST) {
            throw new IllegalArgumentException(crops.size() + " crops are too few for a check; give at least " + LEAST);
        }
        Map<Variant, Double> separation = new EnumMap<>(Variant.class);
        for (Variant variant : Variant.values()) {
            separation.put(variant, separation(network, crops.stream().map(variant::of).toList()));
        }
        return new InputCheck(crops.size(), separation);
    }

    private static double separation(EmbeddingNetwork network, List<RgbImage> crops) {
        int bytes = network.imageBytes();
        byte[] all = new byte[Math.multiplyExact(crops.size(), bytes)];
        for (int i = 0; i < crops.size(); i++) {
            System.arraycopy(crops.get(i).pixels(), 0, all, i * bytes, bytes);
        }
        float[][] plain = network.embed(MemorySegment.ofArray(all), crops.size(), false);
        float[][] mirrored = network.embed(MemorySegment.ofArray(all), crops.size(), true);
        List<Double> own = new ArrayList<>();
        List<Double> others = new ArrayList<>();
        for (int i = 0; i < plain.length; i++) {
            own.add(Features.cosine(plain[i], mirrored[i]));
            for (int j = 0; j < i; j++) {
                others.add(Features.cosine(plain[i], plain[j]));
            }
        }
        return separation(own.stream().mapToDouble(d -> d).toArray(), others.stream().mapToDouble(d -> d).toArray());
    }

    /** d' of two samples; 0 where neither varies and both are alike. */
    static double separation(double[] own, double[] others) {
        double ownSpread = Statistics.populationStandardDeviation(own);
        double otherSpread = Statistics.populationStandardDeviation(others);
        double distance = Statistics.mean(own) - Statistics.mean(others);
        double spread = Math.sqrt((ownSpread * ownSpread + otherSpread * otherSpread) / 2);
        return distance == 0 ? 0 : distance / spread;
    }

    /** The variant with the largest separation. */
    public Variant best() {
        return separation.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow().getKey();
    }

    public Verdict verdict() {
        double given = separation.get(Variant.AS_GIVEN);
        if (separation.get(best()) > CLEAR * given) {
            return Verdict.WRONG;
        }
        boolean distinct = separation.entrySet().stream()
                .allMatch(entry -> entry.getKey() == Variant.AS_GIVEN || entry.getKey() == Variant.CHANNELS_REVERSED || given > CLEAR * entry.getValue());
        return distinct ? Verdict.FITS : Verdict.INCONCLUSIVE;
    }

    /** One sentence for the verdict. */
    public String finding() {
        return switch (verdict()) {
            case FITS -> "The pictures are as the model expects them"
                    + (CLEAR * separation.get(Variant.CHANNELS_REVERSED) < separation.get(Variant.AS_GIVEN) ? "."
                            : "; their channel order makes no difference to it (grey pictures, or a model of grey pictures).");
            case WRONG -> Character.toUpperCase(best().finding.charAt(0)) + best().finding.substring(1) + ".";
            case INCONCLUSIVE -> "The check shows nothing: the model tells these pictures apart no better than spoilt ones"
                    + " (untrained, or pictures of very few people).";
        };
    }
}
