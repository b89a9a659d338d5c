package org.angulus.eval;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.angulus.data.DataException;
import org.angulus.data.JsonText;
import org.angulus.data.TextFile;

/**
 * The cosine threshold of a model for a wanted false accept rate (FAR), with what it was measured on and how sure it is. The intervals take the pairs for
 * independent; pairs that share people are less so, and the truth may then lie outside more often.
 *
 * @param model checksum of the model file ({@link org.angulus.model.ModelChecksum})
 * @param flip fusion with the mirror image, in lower case
 * @param pairs name of the list of pairs
 * @param impostorPairs pairs of different people
 * @param genuinePairs pairs of the same person
 * @param wantedFar the highest share of impostor pairs to accept
 * @param confidence of the intervals, such as 0.95
 * @param threshold lowest accepted cosine
 * @param thresholdInterval where the threshold of exactly the wanted FAR lies, from the order statistics of the impostor scores
 * @param far share of impostor pairs accepted
 * @param farInterval of Clopper and Pearson
 * @param tar share of genuine pairs accepted
 * @param tarInterval of Clopper and Pearson
 */
public record ThresholdCalibration(
        String model,
        String flip,
        String pairs,
        int impostorPairs,
        int genuinePairs,
        double wantedFar,
        double confidence,
        double threshold,
        Interval thresholdInterval,
        double far,
        Interval farInterval,
        double tar,
        Interval tarInterval) {
    private static final Gson JSON = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    /** From low to high. */
    public record Interval(double low, double high) {
        private static Interval share(double share, int n, double confidence) {
            double[] ends = Binomial.clopperPearson(Math.round(share * n), n, confidence);
            return new Interval(ends[0], ends[1]);
        }
    }

    /**
     * The fewest impostor pairs that can bound the threshold of a FAR from above: n with (1 - FAR)^n at most (1 - confidence) / 2. With fewer it may
     * well be that no pair at all lies beyond the threshold.
     */
    public static long impostorPairsNeeded(double far, double confidence) {
        return (long) Math.ceil(Math.log((1 - confidence) / 2) / Math.log1p(-far));
    }

    /**
     * Finds the lowest threshold at which the FAR of these pairs does not exceed the wanted one.
     *
     * @param model checksum of the model file
     * @param flip how the embeddings of {@code embedded} were fused
     * @param far above 0 and below 1
     * @param confidence above 0 and below 1
     * @throws IllegalArgumentException when there are too few impostor pairs for this FAR; says how many are needed
     */
    public static ThresholdCalibration of(String model, FlipFusion flip, EmbeddedPairs embedded, double far, double confidence) {
        if (!(far > 0 && far < 1 && confidence > 0 && confidence < 1)) {
            throw new IllegalArgumentException("the FAR is " + far + " and the confidence " + confidence + "; both lie above 0 and below 1");
        }
        Roc roc = Roc.of(embedded.cosines(), embedded.same());
        int impostors = roc.negatives();
        long needed = impostorPairsNeeded(far, confidence);
        if (impostors < needed) {
            throw new IllegalArgumentException(String.format(Locale.ROOT,
                    "a FAR of %s needs at least %,d pairs of different people (confidence %s), but %s has %,d, which suffice for %s; give more pairs or a higher FAR",
                    far, needed, confidence, embedded.list().name(), impostors,
                    new BigDecimal(-Math.expm1(Math.log((1 - confidence) / 2) / impostors)).round(new MathContext(2, RoundingMode.UP)).toPlainString()));
        }
        Roc.Point point = roc.tarAtFar(far);
        if (Double.isInfinite(point.threshold())) {
            throw new IllegalArgumentException("no threshold accepts a pair and keeps a FAR of " + far
                    + ": the scores of the pairs of different people are equal at the top; check the pictures and the model");
        }
        return new ThresholdCalibration(
                model,
                flip.name().toLowerCase(Locale.ROOT),
                embedded.list().name(),
                impostors,
                roc.positives(),
                far,
                confidence,
                point.threshold(),
                interval(roc.differentScores(), far, confidence),
                point.far(),
                Interval.share(point.far(), impostors, confidence),
                point.tar(),
                Interval.share(point.tar(), roc.positives(), confidence));
    }

    /**
     * How many impostor scores lie at or above the wanted threshold is binomial (n, FAR). Where that count is at least k, the threshold is at most the
     * k-th largest score; where it is at most k, the threshold is above the (k+1)-th largest.
     */
    private static Interval interval(double[] ascending, double far, double confidence) {
        int n = ascending.length;
        double tail = (1 - confidence) / 2;
        int fewest = 1;
        while (fewest < n && Binomial.atMost(fewest, n, far) <= tail) {
            fewest++;
        }
        int most = fewest;
        while (most < n && 1 - Binomial.atMost(most, n, far) > tail) {
            most++;
        }
        return new Interval(most < n ? ascending[n - 1 - most] : -1, ascending[n - fewest]);
    }

    /** As indented JSON, which {@link #load} reads. */
    public String toJson() {
        return JSON.toJson(this);
    }

    /**
     * Reads a file of {@link #toJson}.
     *
     * @throws DataException when it is missing or something else
     */
    public static ThresholdCalibration load(Path file) throws DataException {
        try {
            ThresholdCalibration read = JSON.fromJson(JsonText.parse(TextFile.read(file)), ThresholdCalibration.class);
            if (read != null && read.isWhole()) {
                return read;
            }
        } catch (IllegalArgumentException | JsonParseException e) {
            throw new DataException(file, "it is no calibration", "make it with angulus calibrate", e);
        }
        throw new DataException(file, "it is no calibration: a field is missing or out of range", "make it with angulus calibrate");
    }

    private boolean isWhole() {
        return model != null && pairs != null && impostorPairs > 0 && threshold >= -1 && threshold <= 1 && thresholdInterval != null && farInterval != null
                && tarInterval != null && Arrays.stream(FlipFusion.values()).anyMatch(known -> known.name().toLowerCase(Locale.ROOT).equals(flip));
    }

    /** A table for a terminal. */
    public String toText() {
        String sure = String.format(Locale.ROOT, "%.0f %% interval", 100 * confidence);
        return String.format(Locale.ROOT,
                """
                pairs       %s: %,d of different people, %,d of the same person
                wanted      FAR %.2g
                threshold   cosine %.4f (%s of the threshold with exactly this FAR: %.4f to %.4f)
                FAR         %.3g (%s: %.3g to %.3g)
                TAR         %.2f %% (%s: %.2f to %.2f %%)
                """,
                pairs, impostorPairs, genuinePairs, wantedFar, threshold, sure, thresholdInterval.low, thresholdInterval.high, far, sure, farInterval.low,
                farInterval.high, 100 * tar, sure, 100 * tarInterval.low, 100 * tarInterval.high);
    }
}
