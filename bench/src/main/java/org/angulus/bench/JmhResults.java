package org.angulus.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Turns the JSON that JMH writes into a result file: parameters and rates of each benchmark. */
@Command(name = "JmhResults", description = "Condenses JMH's JSON to a result file.", mixinStandardHelpOptions = true)
public final class JmhResults implements Callable<Integer> {
    @Parameters(description = "what JMH wrote with -rf json -rff FILE")
    private Path jmh;

    @Option(names = "--what", defaultValue = "JMH benchmarks; rates are per second, errors half a 99.9 % interval")
    private String what;

    @Mixin
    private ResultFile file;

    public static void main(String[] arguments) {
        Commands.run(new JmhResults(), arguments);
    }

    @Override
    public Integer call() throws IOException {
        var results = new JsonArray();
        for (JsonElement element : JsonParser.parseString(Files.readString(jmh)).getAsJsonArray()) {
            results.add(condensed(element.getAsJsonObject()));
        }
        try (Roof roof = new Roof("cpu", Devices.threads(0))) {
            file.write(what, roof.description(), results);
        }
        return 0;
    }

    static JsonObject condensed(JsonObject run) {
        var line = new JsonObject();
        String name = run.get("benchmark").getAsString();
        line.addProperty("benchmark", name.replaceFirst("^org\\.angulus\\.bench\\.", ""));
        line.add("parameters", run.get("params"));
        line.add("callers", run.get("threads"));
        JsonObject primary = run.getAsJsonObject("primaryMetric");
        String unit = primary.get("scoreUnit").getAsString();
        if (!unit.equals("ops/s") && !unit.equals("s/op")) {
            throw new IllegalArgumentException("JMH measured " + name + " in " + unit + "; leave -tu away, so that it does in seconds.");
        }
        if (run.get("mode").getAsString().equals("sample")) {
            line.add("millisecondsOfACall", percentiles(primary));
        } else {
            line.add("callsPerSecond", metric(primary));
            for (Map.Entry<String, JsonElement> second : run.getAsJsonObject("secondaryMetrics").entrySet()) {
                line.add(second.getKey(), metric(second.getValue().getAsJsonObject()));
            }
        }
        return line;
    }

    /** Of a call's sampled times. */
    private static JsonObject percentiles(JsonObject metric) {
        var times = new JsonObject();
        for (String percentile : List.of("50.0", "99.0")) {
            double seconds = metric.getAsJsonObject("scorePercentiles").get(percentile).getAsDouble();
            times.addProperty("p" + percentile.replace(".0", ""), ResultFile.rounded(1e3 * seconds));
        }
        return times;
    }

    /** Score and error; the score alone where too few iterations tell no error. */
    private static JsonArray metric(JsonObject metric) {
        var pair = new JsonArray();
        pair.add(ResultFile.rounded(metric.get("score").getAsDouble()));
        double error = metric.get("scoreError").getAsDouble();
        if (!Double.isNaN(error)) {
            pair.add(ResultFile.rounded(error));
        }
        return pair;
    }
}
