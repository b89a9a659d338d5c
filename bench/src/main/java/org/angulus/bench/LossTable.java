package org.angulus.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Gathers the reports of {@code bench/compare-losses} to one table: a row for each loss, mean and spread over its starts. */
@Command(name = "LossTable", mixinStandardHelpOptions = true)
public final class LossTable implements Callable<Integer> {
    private static final List<String> SETS = List.of("lfw", "celeb24");

    @Parameters(index = "0", description = "folder of the runs, NAME-START")
    private Path runs;

    @Parameters(index = "1..*", arity = "1..*", description = "losses")
    private List<String> names;

    @Option(names = "--table", required = true, description = "Markdown file to write")
    private Path table;

    @Mixin
    private ResultFile file;

    public static void main(String[] arguments) {
        Commands.run(new LossTable(), arguments);
    }

    @Override
    public Integer call() throws IOException {
        var results = new JsonArray();
        var lines = new ArrayList<String>(List.of(
                "| loss | starts | pairsDevTest accuracy % | area under the curve % | celeb24 accuracy % | area under the curve % |",
                "| --- | --- | --- | --- | --- | --- |"));
        for (String name : names) {
            var row = new JsonObject();
            row.addProperty("loss", name);
            var cells = new ArrayList<String>();
            for (String set : SETS) {
                List<JsonObject> reports = reports(name, set);
                JsonArray accuracies = new JsonArray();
                JsonArray areas = new JsonArray();
                for (JsonObject report : reports) {
                    accuracies.add(report.getAsJsonObject("crossValidatedAccuracy").get("mean").getAsDouble());
                    areas.add(report.get("areaUnderCurve").getAsDouble());
                }
                var item = new JsonObject();
                item.add("accuracy", accuracies);
                item.add("areaUnderCurve", areas);
                row.add(set, item);
                if (cells.isEmpty()) {
                    row.add("protocol", reports.getFirst().get("protocol"));
                    row.add("trainingSet", reports.getFirst().get("trainingSet"));
                    cells.add(name);
                    cells.add(Integer.toString(reports.size()));
                }
                cells.add(spread(accuracies));
                cells.add(spread(areas));
            }
            results.add(row);
            lines.add("| " + String.join(" | ", cells) + " |");
        }
        Files.write(table, lines);
        lines.forEach(System.out::println);
        file.write("One network and one budget under every loss, trained on LFW View 1 peopleDevTrain (bench/compare-losses)", "cpu", results);
        return 0;
    }

    private List<JsonObject> reports(String name, String set) throws IOException {
        var reports = new ArrayList<JsonObject>();
        for (int start = 1; ; start++) {
            Path report = runs.resolve(name + "-" + start).resolve(set).resolve("report.json");
            if (Files.notExists(report)) {
                break;
            }
            reports.add(JsonParser.parseString(Files.readString(report)).getAsJsonObject());
        }
        if (reports.isEmpty()) {
            throw new IOException("There is no report of " + name + " on " + set + " in " + runs + ".");
        }
        return reports;
    }

    /** Mean in percent, with the sample standard deviation where there are several. */
    private static String spread(JsonArray values) {
        double mean = 0;
        for (JsonElement value : values) {
            mean += value.getAsDouble() / values.size();
        }
        double squares = 0;
        for (JsonElement value : values) {
            squares += Math.pow(value.getAsDouble() - mean, 2);
        }
        return values.size() == 1
                ? String.format(Locale.ROOT, "%.1f", 100 * mean)
                : String.format(Locale.ROOT, "%.1f ± %.1f", 100 * mean, 100 * Math.sqrt(squares / (values.size() - 1)));
    }
}
