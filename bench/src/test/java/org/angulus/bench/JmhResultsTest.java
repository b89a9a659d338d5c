package org.angulus.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;

class JmhResultsTest {
    private static JsonObject run(String mode, String unit) {
        return JsonParser.parseString("""
                {"benchmark": "org.angulus.bench.B.b", "mode": "%s", "threads": 8, "params": {"crops": "1"},
                 "primaryMetric": {"score": 0.25, "scoreError": 0.125, "scoreUnit": "%s", "scorePercentiles": {"50.0": 0.0123456, "99.0": 0.05}},
                 "secondaryMetrics": {"images": {"score": 4.5, "scoreError": "NaN"}}}""".formatted(mode, unit)).getAsJsonObject();
    }

    @Test
    void ratesKeepTheirErrorsWhereThereAreAny() {
        assertEquals("{\"benchmark\":\"B.b\",\"parameters\":{\"crops\":\"1\"},\"callers\":8,\"callsPerSecond\":[0.25,0.125],\"images\":[4.5]}",
                JmhResults.condensed(run("thrpt", "ops/s")).toString());
    }

    @Test
    void sampledTimesBecomePercentilesInMilliseconds() {
        assertEquals("{\"p50\":12.35,\"p99\":50.0}", JmhResults.condensed(run("sample", "s/op")).get("millisecondsOfACall").toString());
    }

    @Test
    void anotherUnitIsRefused() {
        String message = assertThrows(IllegalArgumentException.class, () -> JmhResults.condensed(run("sample", "ms/op"))).getMessage();
        assertTrue(message.contains("in ms/op"), message);
    }
}
