package org.angulus.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonSyntaxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Puts the lines that the stages of {@code tools/device-check} left in a folder into one result file, and prints a table: each figure of ours beside
 * the peers' figures for the same thing, with the ratio of the times.
 */
@Command(name = "DeviceTable", description = "Tables the lines of all stages in a folder.", mixinStandardHelpOptions = true)
public final class DeviceTable implements Callable<Integer> {
    private static final String OURS = "angulus";
    private static final String WHAT = "One device: suite, golden losses, speed beside PyTorch on the same card in the same run; times in ms as median, "
            + "least and most; a ratio above 1 says how many times as fast ours is";

    @Parameters(description = "folder with the stages' .jsonl files")
    private Path folder;

    @Option(names = "--card", defaultValue = "unknown", description = "the device in words")
    private String card;

    @Option(names = "--quiet", description = "write the file only")
    private boolean quiet;

    @Mixin
    private ResultFile file;

    public static void main(String[] arguments) {
        Commands.run(new DeviceTable(), arguments);
    }

    @Override
    public Integer call() throws IOException {
        Map<String, JsonArray> stages = new LinkedHashMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path stage : files.filter(path -> path.toString().endsWith(".jsonl")).sorted().toList()) {
                stages.put(stage.getFileName().toString().replace(".jsonl", ""), lines(stage));
            }
        }
        List<JsonObject> figures = Stream.of("bench", "peers").map(stage -> stages.getOrDefault(stage, new JsonArray()))
                .flatMap(array -> array.asList().stream()).map(JsonElement::getAsJsonObject).filter(line -> line.has("mode")).toList();
        JsonArray table = table(figures);
        var results = new JsonObject();
        results.add("table", table);
        stages.forEach(results::add);
        file.write(WHAT, card, results);
        if (!quiet) {
            print(table);
        }
        return 0;
    }

    /** The objects of a file; a line that a stopped program did not finish is left out. */
    private static JsonArray lines(Path stage) throws IOException {
        var lines = new JsonArray();
        for (String text : Files.readAllLines(stage)) {
            try {
                JsonElement line = JsonParser.parseString(text);
                if (line.isJsonObject()) {
                    lines.add(line);
                }
            } catch (JsonSyntaxException cut) {
                System.err.println("DeviceTable: " + stage + ": a line was cut short and is left out");
            }
        }
        return lines;
    }

    private static JsonArray table(List<JsonObject> figures) {
        Map<String, List<JsonObject>> groups = new LinkedHashMap<>();
        for (JsonObject figure : figures) {
            groups.computeIfAbsent(key(figure), key -> new ArrayList<>()).add(figure);
        }
        var table = new JsonArray();
        groups.forEach((key, group) -> {
            var row = new JsonObject();
            row.addProperty("figure", key);
            JsonObject ours = group.stream().filter(figure -> text(figure, "rival").equals(OURS)).findFirst().orElse(null);
            double own = ours == null ? Double.NaN : median(ours);
            row.addProperty("ours_ms", Double.isNaN(own) ? null : own);
            if (ours == null) {
                row.addProperty("cause", "not measured");
            } else if (Double.isNaN(own)) {
                row.addProperty("cause", ours.has("failed") ? "failed: " + text(ours, "failed") : "not available: " + text(ours, "not_available"));
            }
            var peers = new JsonArray();
            for (JsonObject figure : group) {
                double time = median(figure);
                if (!text(figure, "rival").equals(OURS) && !Double.isNaN(time)) {
                    var peer = new JsonObject();
                    peer.addProperty("peer", text(figure, "rival") + " " + text(figure, "how"));
                    peer.addProperty("ms", time);
                    peer.addProperty("ratio", Double.isNaN(own) ? null : ResultFile.rounded(time / own));
                    peers.add(peer);
                }
            }
            row.add("peers", peers);
            table.add(row);
        });
        return table;
    }

    private static String key(JsonObject figure) {
        return text(figure, "mode") + " " + text(figure, "name") + ", batch " + text(figure, "batch") + ", " + text(figure, "dtype");
    }

    private static String text(JsonObject object, String name) {
        return object.has(name) ? object.get(name).getAsString() : "";
    }

    /** The median time of a step or call, or NaN. */
    private static double median(JsonObject figure) {
        if (figure.has("milliseconds")) {
            return figure.getAsJsonArray("milliseconds").get(0).getAsDouble();
        }
        for (String other : new String[] {"milliseconds_without_reading", "milliseconds_of_a_trainer_step"}) {
            if (figure.has(other)) {
                return figure.get(other).getAsDouble();
            }
        }
        return Double.NaN;
    }

    private static void print(JsonArray table) {
        for (JsonElement element : table) {
            JsonObject row = element.getAsJsonObject();
            JsonElement own = row.get("ours_ms");
            var line = new StringBuilder(String.format(Locale.ROOT, "%-46s %12s", text(row, "figure"), own.isJsonNull() ? "-" : milliseconds(own.getAsDouble())));
            for (JsonElement peer : row.getAsJsonArray("peers")) {
                JsonObject other = peer.getAsJsonObject();
                line.append(String.format(Locale.ROOT, " | %s %s", text(other, "peer"), milliseconds(other.get("ms").getAsDouble())));
                if (!other.get("ratio").isJsonNull()) {
                    line.append(String.format(Locale.ROOT, " (x %.2f)", other.get("ratio").getAsDouble()));
                }
            }
            System.out.println(line + (row.has("cause") ? "  " + cut(text(row, "cause")) : ""));
        }
    }

    private static String milliseconds(double value) {
        return String.format(Locale.ROOT, "%.4g ms", value);
    }

    private static String cut(String words) {
        return words.length() > 110 ? words.substring(0, 110) + "..." : words;
    }
}
