package org.angulus.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.angulus.eval.FeatureSpread;
import org.angulus.eval.Plots.FeaturePicture;

/** What {@code angulus plot features} shows of its runs: the rows of its table, the titles of its pictures, and the page that puts both together. */
record FeaturePage(int dimensions, int iterations, int batch, int starts, List<Result> results) {
    private static final List<Column> COLUMNS = List.of(
            new Column("test accuracy %", spread -> 100 * spread.accuracy()),
            new Column("within °", FeatureSpread::intra),
            new Column("between °", FeatureSpread::inter),
            new Column("least between °", FeatureSpread::leastInter),
            new Column("length", FeatureSpread::length));

    private record Column(String title, ToDoubleFunction<FeatureSpread> figure) {}

    /** A loss with all its runs. */
    record Result(PlottedLoss loss, List<FeatureExperiment.Run> runs) {
        /** The mean over the runs and, of several, half the distance between the largest and the smallest. */
        private String cell(ToDoubleFunction<FeatureSpread> figure) {
            var all = runs.stream().mapToDouble(run -> figure.applyAsDouble(run.spread())).summaryStatistics();
            String mean = String.format(Locale.ROOT, "%.2f", all.getAverage());
            return runs.size() == 1 ? mean : mean + String.format(Locale.ROOT, " ± %.2f", (all.getMax() - all.getMin()) / 2);
        }

        /** The first run. */
        FeaturePicture picture(int classes) {
            FeatureExperiment.Run first = runs.getFirst();
            String title = String.format(Locale.ROOT, "%s: %.2f %%, within %.1f°, between %.1f°",
                    loss.name(), 100 * first.spread().accuracy(), first.spread().intra(), first.spread().inter());
            return new FeaturePicture(title, first.features(), first.labels(), classes);
        }
    }

    /** The columns' titles. */
    List<String> head() {
        return Stream.concat(Stream.of("loss"), COLUMNS.stream().map(Column::title)).toList();
    }

    /** A row for each loss. */
    List<List<String>> rows() {
        return results.stream().map(FeaturePage::row).toList();
    }

    private static List<String> row(Result result) {
        return Stream.concat(Stream.of(result.loss().name()), COLUMNS.stream().map(column -> result.cell(column.figure()))).toList();
    }

    /** Says what the columns are. */
    String legend() {
        return "Accuracy is that of the largest logit without margin; within is the mean angle between a feature and the mean direction of its class, between the angle of that"
                + " direction to the nearest other class's, as a mean over the classes and the least of them; length is the mean of the features'."
                + (starts == 1 ? "" : " Each is the mean over " + starts + " start values, ± half the distance between the largest and the smallest.");
    }

    /** Markdown, beside {@code features.png}. */
    String markdown() {
        var names = String.join(",", results.stream().map(result -> result.loss().name()).toList());
        var lines = new ArrayList<String>(List.of(
                "# " + dimensions + "-D features of MNIST's test pictures",
                "",
                "Made by `angulus plot features --data MNIST --losses " + names + " --iterations " + iterations + " --starts " + starts + " --dimensions " + dimensions
                        + "`: for each loss a LeNet++ trained for " + iterations + " steps of " + batch + " pictures (center loss and L-Softmax took "
                        + PlottedLoss.PAPER_STEPS + "), with momentum, weight decay, clipped gradients and a cosine learning rate that are the same for all.",
                "",
                "![features](features.png)",
                "",
                legend(),
                ""));
        lines.add(line(head()));
        lines.add("|" + " --- |".repeat(head().size()));
        rows().forEach(row -> lines.add(line(row)));
        lines.add("");
        lines.add("The losses' constants:");
        lines.add("");
        results.forEach(result -> lines.add("- " + result.loss().name() + ": " + result.loss().config(dimensions, iterations, batch, 1).lossDescription()));
        return String.join("\n", lines) + "\n";
    }

    private static String line(List<String> row) {
        return "| " + String.join(" | ", row) + " |";
    }
}
