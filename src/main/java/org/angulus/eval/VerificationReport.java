package org.angulus.eval;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.angulus.data.Photo;

/**
 * The figures of one verification test, with what they are figures of.
 *
 * @param protocol      folds and threshold convention in words
 * @param dataSet       the list of pairs, such as {@code pairs.txt}
 * @param network       what made the embeddings
 * @param trainingSet   what it was trained on, and whether people of the test were removed from it
 * @param flipFusion    how images and mirror images were fused
 * @param testedPairs   pairs tested
 * @param listedPairs   pairs in the list
 * @param missing       photographs without an embedding
 * @param result        cross-validated accuracy
 * @param areaUnderCurve of the exact ROC over the cosines of all tested pairs
 * @param equalErrorRate of that ROC
 * @param operatingPoints TAR at FAR of that ROC, one for each target
 * @param validationRate facenet's VAL@FAR
 */
public record VerificationReport(
        String protocol,
        String dataSet,
        String network,
        String trainingSet,
        FlipFusion flipFusion,
        int testedPairs,
        int listedPairs,
        List<String> missing,
        LfwProtocol.Result result,
        double areaUnderCurve,
        double equalErrorRate,
        List<OperatingPoint> operatingPoints,
        FacenetRates.ValidationRate validationRate) {

    /** FAR targets of {@link #of}. */
    private static final double[] FAR_TARGETS = {1e-4, 1e-3, 1e-2, 1e-1};

    private static final double VALIDATION_FAR = 1e-3;

    /**
     * TAR at a FAR.
     *
     * @param target   FAR allowed
     * @param resolved whether the test has enough pairs of different people, 1 / target, for one of them to be let in at this FAR; otherwise the
     *     point is that of FAR 0 and says little
     * @param point    what was reached, with the cosine threshold
     */
    public record OperatingPoint(double target, boolean resolved, Roc.Point point) {}

    public VerificationReport {
        missing = List.copyOf(missing);
        operatingPoints = List.copyOf(operatingPoints);
    }

    /**
     * Runs a protocol and collects its figures.
     *
     * @param protocol    threshold convention
     * @param pairs       pairs with fused raw embeddings
     * @param network     what made the embeddings
     * @param trainingSet what it was trained on
     * @param flipFusion  how the embeddings were fused
     */
    public static VerificationReport of(
            LfwProtocol protocol, EmbeddedPairs pairs, String network, String trainingSet, FlipFusion flipFusion) {
        Roc roc = Roc.of(pairs.cosines(), pairs.same());
        long different = pairs.tested().stream().filter(pair -> !pair.same()).count();
        List<OperatingPoint> points = new ArrayList<>();
        for (double target : FAR_TARGETS) {
            points.add(new OperatingPoint(target, different >= Math.round(1 / target), roc.tarAtFar(target)));
        }
        return new VerificationReport(
                protocol.description(pairs.list()),
                pairs.list().name(),
                network,
                trainingSet,
                flipFusion,
                pairs.tested().size(),
                pairs.list().pairs().size(),
                pairs.missing().stream().map(Photo::name).toList(),
                protocol.evaluate(pairs),
                roc.areaUnderCurve(),
                roc.equalErrorRate(),
                points,
                FacenetRates.validationRate(pairs, VALIDATION_FAR));
    }

    /** The report as indented JSON; rates are shares from 0 to 1, an infinite threshold is null. */
    public String toJson() {
        JsonObject json = new JsonObject();
        json.addProperty("protocol", protocol);
        json.addProperty("dataSet", dataSet);
        json.addProperty("network", network);
        json.addProperty("trainingSet", trainingSet);
        json.addProperty("flipFusion", flipFusionName());
        json.addProperty("testedPairs", testedPairs);
        json.addProperty("listedPairs", listedPairs);
        JsonArray absent = new JsonArray();
        missing.forEach(absent::add);
        json.add("missingPhotographs", absent);

        JsonObject accuracy = new JsonObject();
        accuracy.addProperty("mean", result.mean());
        accuracy.addProperty("populationStandardDeviation", result.standardDeviation());
        accuracy.addProperty("standardErrorOfTheMean", result.standardError());
        JsonArray folds = new JsonArray();
        for (LfwProtocol.Fold fold : result.folds()) {
            JsonObject item = new JsonObject();
            item.addProperty("pairs", fold.pairs());
            item.addProperty("threshold", fold.threshold());
            item.addProperty("accuracy", fold.accuracy());
            folds.add(item);
        }
        accuracy.add("folds", folds);
        json.add("crossValidatedAccuracy", accuracy);

        JsonObject best = new JsonObject();
        best.addProperty("threshold", result.bestThreshold());
        best.addProperty("accuracy", result.bestAccuracy());
        json.add("bestThresholdOverAllTestPairs", best);

        json.addProperty("areaUnderCurve", areaUnderCurve);
        json.addProperty("equalErrorRate", equalErrorRate);
        JsonArray rates = new JsonArray();
        for (OperatingPoint point : operatingPoints) {
            JsonObject item = new JsonObject();
            item.addProperty("farAllowed", point.target());
            item.addProperty("resolved", point.resolved());
            item.addProperty("far", point.point().far());
            item.addProperty("tar", point.point().tar());
            item.add("cosineThreshold", finite(point.point().threshold()));
            rates.add(item);
        }
        json.add("tarAtFar", rates);

        JsonObject val = new JsonObject();
        val.addProperty("farTarget", validationRate.target());
        val.addProperty("mean", validationRate.mean());
        val.addProperty("populationStandardDeviation", validationRate.standardDeviation());
        val.addProperty("meanFar", validationRate.meanFar());
        json.add("facenetValidationRate", val);
        return new GsonBuilder()
                .setPrettyPrinting()
                .serializeNulls()
                .disableHtmlEscaping()
                .create()
                .toJson(json);
    }

    private static JsonElement finite(double value) {
        return Double.isFinite(value) ? new JsonPrimitive(value) : JsonNull.INSTANCE;
    }

    /** The report as a table for a terminal. */
    public String toText() {
        StringBuilder text = new StringBuilder();
        row(text, "data set", dataSet);
        row(text, "protocol", protocol);
        row(text, "network", network);
        row(text, "training set", trainingSet);
        row(text, "flip fusion", flipFusionName());
        row(text, "pairs", "%,d of %,d tested", testedPairs, listedPairs);
        if (!missing.isEmpty()) {
            row(text, "missing", "%,d %s: %s%s", missing.size(), missing.size() == 1 ? "photograph" : "photographs",
                    String.join(", ", missing.subList(0, Math.min(5, missing.size()))),
                    missing.size() > 5 ? ", ..." : "");
        }
        row(text, "accuracy", "%.2f %% ± %.2f (population sd of %d folds), ± %.2f (standard error of the mean)",
                100 * result.mean(), 100 * result.standardDeviation(), result.folds().size(),
                100 * result.standardError());
        row(text, "best threshold", "%.2f %% at %.4f, chosen on the test pairs themselves: optimistic",
                100 * result.bestAccuracy(), result.bestThreshold());
        row(text, "area under ROC", "%.5f", areaUnderCurve);
        row(text, "equal error rate", "%.2f %%", 100 * equalErrorRate);
        for (OperatingPoint point : operatingPoints) {
            row(text, String.format(Locale.ROOT, "TAR at FAR %.0e", point.target()), "%.2f %% (FAR reached %.2e, cosine from %.4f)%s",
                    100 * point.point().tar(), point.point().far(), point.point().threshold(),
                    point.resolved() ? "" : String.format(Locale.ROOT, "; %,d pairs of different people would be needed", Math.round(1 / point.target())));
        }
        row(text, String.format(Locale.ROOT, "VAL at FAR %.0e", validationRate.target()),
                "%.2f %% ± %.2f, FAR %.2e on the test folds (facenet's rule)",
                100 * validationRate.mean(), 100 * validationRate.standardDeviation(), validationRate.meanFar());
        text.append('\n').append("%6s %7s %11s %10s\n".formatted("fold", "pairs", "threshold", "accuracy"));
        for (int i = 0; i < result.folds().size(); i++) {
            LfwProtocol.Fold fold = result.folds().get(i);
            text.append(String.format(Locale.ROOT, "%6d %7d %11.4f %8.2f %%\n",
                    i + 1, fold.pairs(), fold.threshold(), 100 * fold.accuracy()));
        }
        return text.toString();
    }

    private static void row(StringBuilder text, String name, String format, Object... values) {
        text.append("%-18s".formatted(name))
                .append(values.length == 0 ? format : String.format(Locale.ROOT, format, values))
                .append('\n');
    }

    private String flipFusionName() {
        return flipFusion.name().toLowerCase(Locale.ROOT);
    }
}
