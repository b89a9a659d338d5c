package org.angulus.eval;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
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
 * @param error      standard error of each variant's difference from the crops as they are, by the jackknife over eight groups of crops (Shao and Tu
 *     1995, The Jackknife and Bootstrap, section 2.3)
 */
public record InputCheck(int crops, Map<Variant, Double> separation, Map<Variant, Double> error) {
    /** Crops that are needed for a verdict. */
    public static final int LEAST = 32;

    /** A variant must be better than the crops as they are by this factor before it is named. */
    private static final double CLEAR = 1.05;

    /** And by so many standard errors: few crops, or a network that learnt little, make differences by chance. */
    private static final double ERRORS = 2;

    private static final int GROUPS = 8;

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
        /** The network tells these crops apart no better than wrong ones, or by no more than chance: hardly trained, few crops, or crops of one person. */
        INCONCLUSIVE
    }

    public InputCheck {
        separation = new EnumMap<>(separation);
        error = new EnumMap<>(error);
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
        Map<Variant, double[]> separations = new EnumMap<>(Variant.class);
        for (Variant variant : Variant.values()) {
            Cosines cosines = Cosines.of(network, crops.stream().map(variant::of).toList());
            separations.put(variant, IntStream.rangeClosed(0, GROUPS).mapToDouble(cosines::separationWithout).toArray());
        }
        Map<Variant, Double> separation = new EnumMap<>(Variant.class);
        Map<Variant, Double> error = new EnumMap<>(Variant.class);
        double[] given = separations.get(Variant.AS_GIVEN);
        separations.forEach((variant, values) -> {
            double[] differences = IntStream.range(0, GROUPS).mapToDouble(group -> values[group] - given[group]).toArray();
            separation.put(variant, values[GROUPS]);
            error.put(variant, Math.sqrt(GROUPS - 1) * Statistics.populationStandardDeviation(differences));
        });
        return new InputCheck(crops.size(), separation, error);
    }

    /**
     * Cosines of crops.
     *
     * @param own    of each crop with its mirror image
     * @param others of each crop with those before it
     */
    private record Cosines(double[] own, double[][] others) {
        static Cosines of(EmbeddingNetwork network, List<RgbImage> crops) {
            int bytes = network.imageBytes();
            byte[] all = new byte[Math.multiplyExact(crops.size(), bytes)];
            for (int i = 0; i < crops.size(); i++) {
                System.arraycopy(crops.get(i).pixels(), 0, all, i * bytes, bytes);
            }
            float[][] plain = network.embed(MemorySegment.ofArray(all), crops.size(), false);
            float[][] mirrored = network.embed(MemorySegment.ofArray(all), crops.size(), true);
            double[] own = new double[plain.length];
            double[][] others = new double[plain.length][];
            for (int i = 0; i < plain.length; i++) {
                own[i] = Features.cosine(plain[i], mirrored[i]);
                others[i] = new double[i];
                for (int j = 0; j < i; j++) {
                    others[i][j] = Features.cosine(plain[i], plain[j]);
                }
            }
            return new Cosines(own, others);
        }

        /** d' without the crops of one group; of all of them for the group {@link #GROUPS}. */
        double separationWithout(int group) {
            int[] used = IntStream.range(0, own.length).filter(i -> i % GROUPS != group).toArray();
            return separation(
                    Arrays.stream(used).mapToDouble(i -> own[i]).toArray(),
                    Arrays.stream(used).boxed().flatMapToDouble(i -> Arrays.stream(used).takeWhile(j -> j < i).mapToDouble(j -> others[i][j])).toArray());
        }
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
        double better = separation.get(best()) - given;
        if (separation.get(best()) > CLEAR * given) {
            return better > ERRORS * error.get(best()) ? Verdict.WRONG : Verdict.INCONCLUSIVE;
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
            case INCONCLUSIVE -> "The check shows nothing: the model tells these pictures apart no better than spoilt ones, or not surely so"
                    + " (hardly trained, or too few pictures or people).";
        };
    }
}
