package org.angulus.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

class VerificationReportTest {
    private final EmbeddedPairs pairs = LfwProtocolTest.randomPairs(new Random(11));
    private final VerificationReport report = VerificationReport.of(
            LfwProtocol.sphereface(), pairs, "resface20", "CASIA without the people of LFW", FlipFusion.CONCAT);

    @Test
    void jsonCarriesEveryFigureAndWhatItIsOf() {
        JsonObject json = JsonParser.parseString(report.toJson()).getAsJsonObject();
        assertEquals("random", json.get("dataSet").getAsString());
        assertEquals("CASIA without the people of LFW", json.get("trainingSet").getAsString());
        assertEquals("concat", json.get("flipFusion").getAsString());
        assertEquals(
                "10 official folds, sphereface convention (cosine, 20,001 thresholds -1 to 1, mean of all best, mean of the"
                        + " training folds subtracted)",
                json.get("protocol").getAsString());
        assertEquals(pairs.tested().size(), json.get("testedPairs").getAsInt());
        assertEquals(300, json.get("listedPairs").getAsInt());
        assertEquals(pairs.missing().size(), json.getAsJsonArray("missingPhotographs").size());
        JsonObject accuracy = json.getAsJsonObject("crossValidatedAccuracy");
        assertEquals(report.result().mean(), accuracy.get("mean").getAsDouble());
        assertEquals(
                report.result().standardDeviation(),
                accuracy.get("populationStandardDeviation").getAsDouble());
        assertEquals(report.result().standardError(), accuracy.get("standardErrorOfTheMean").getAsDouble());
        assertEquals(10, accuracy.getAsJsonArray("folds").size());
        assertEquals(
                report.result().bestAccuracy(),
                json.getAsJsonObject("bestThresholdOverAllTestPairs").get("accuracy").getAsDouble());
        Roc roc = Roc.of(pairs.cosines(), pairs.same());
        assertEquals(roc.areaUnderCurve(), json.get("areaUnderCurve").getAsDouble());
        assertEquals(roc.equalErrorRate(), json.get("equalErrorRate").getAsDouble());
        JsonObject point = json.getAsJsonArray("tarAtFar").get(2).getAsJsonObject();
        assertEquals(0.01, point.get("farAllowed").getAsDouble());
        assertEquals(roc.tarAtFar(0.01).tar(), point.get("tar").getAsDouble());
        assertTrue(point.get("resolved").getAsBoolean());
        assertEquals(
                FacenetRates.validationRate(pairs, 1e-3).mean(),
                json.getAsJsonObject("facenetValidationRate").get("mean").getAsDouble());
    }

    @Test
    void anInfiniteThresholdIsNull() {
        VerificationReport none = new VerificationReport(
                "p", "d", "n", "t", FlipFusion.NONE, 1, 1, List.of(), report.result(), 0.5, 0.5,
                List.of(new VerificationReport.OperatingPoint(
                        1e-6, false, new Roc.Point(Double.POSITIVE_INFINITY, 0, 0))),
                report.validationRate());
        JsonObject json = JsonParser.parseString(none.toJson()).getAsJsonObject();
        assertTrue(json.getAsJsonArray("tarAtFar").get(0).getAsJsonObject().get("cosineThreshold").isJsonNull());
    }

    /** About 150 pairs of different people cannot show a FAR of 1e-3 or less. */
    @Test
    void aFarThatThePairsCannotShowIsMarked() {
        assertEquals(
                List.of(false, false, true, true),
                report.operatingPoints().stream().map(VerificationReport.OperatingPoint::resolved).toList());
        assertTrue(report.toText().contains("; 10,000 pairs of different people would be needed\n"), report.toText());
    }

    @Test
    void theTextIsTheSameInEveryLocale() {
        Locale before = Locale.getDefault();
        String text = report.toText();
        try {
            Locale.setDefault(Locale.GERMANY);
            assertEquals(text, report.toText());
        } finally {
            Locale.setDefault(before);
        }
        assertTrue(text.contains("training set      CASIA without the people of LFW\n"), text);
        assertTrue(text.contains("flip fusion       concat\n"), text);
        assertTrue(text.contains("missing           " + pairs.missing().size() + " photographs: Person"), text);
        assertTrue(text.contains("chosen on the test pairs themselves: optimistic"), text);
        String mean = String.format(Locale.ROOT, "accuracy          %.2f %% ± ", 100 * report.result().mean());
        assertTrue(text.contains(mean), text);
        assertEquals(1 + 10, text.substring(text.indexOf("\n\n") + 2).lines().count());
    }
}
