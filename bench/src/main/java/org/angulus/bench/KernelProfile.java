package org.angulus.bench;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Sums up what ncu printed with {@code --csv --page raw}: {@code KernelProfile FILE}. A line of JSON for each kernel, the one that takes the most time
 * first: launches, milliseconds together, and the means of the percentages weighted by time.
 */
public final class KernelProfile {
    private static final String KERNEL = "Kernel Name";
    private static final String TIME = "gpu__time_duration.sum";

    private KernelProfile() {}

    /** Sums over the launches of a kernel; {@code shares} are weighted by nanoseconds. */
    private static final class Sum {
        private int launches;
        private double nanoseconds;
        private final Map<String, Double> shares = new LinkedHashMap<>();
    }

    public static void main(String[] arguments) throws IOException {
        List<List<String>> rows = Files.readAllLines(Path.of(arguments[0])).stream().filter(line -> line.startsWith("\"")).map(KernelProfile::cells).toList();
        if (rows.size() < 3 || !rows.getFirst().contains(KERNEL) || !rows.getFirst().contains(TIME)) {
            System.err.println("KernelProfile: " + arguments[0] + " has no table of kernels.");
            System.exit(1);
        }
        List<String> names = rows.getFirst();
        double scale = nanoseconds(rows.get(1).get(names.indexOf(TIME)));
        Map<String, Sum> sums = new LinkedHashMap<>();
        for (List<String> row : rows.subList(2, rows.size())) {
            Sum sum = sums.computeIfAbsent(row.get(names.indexOf(KERNEL)), name -> new Sum());
            double time = scale * number(row.get(names.indexOf(TIME)));
            sum.launches++;
            sum.nanoseconds += time;
            for (int i = 0; i < names.size(); i++) {
                if (names.get(i).contains(".pct_of_peak")) {
                    sum.shares.merge(names.get(i), time * number(row.get(i)), Double::sum);
                }
            }
        }
        sums.entrySet().stream().sorted(Comparator.comparingDouble(entry -> -entry.getValue().nanoseconds)).forEach(entry -> {
            Sum sum = entry.getValue();
            var line = new JsonObject();
            line.addProperty("kernel", entry.getKey());
            line.addProperty("launches", sum.launches);
            line.addProperty("milliseconds", ResultFile.rounded(1e-6 * sum.nanoseconds));
            sum.shares.forEach((name, share) -> line.addProperty(name, ResultFile.rounded(share / sum.nanoseconds)));
            System.out.println(line);
        });
    }

    private static double nanoseconds(String unit) {
        return switch (unit) {
            case "us", "usecond" -> 1e3;
            case "ms", "msecond" -> 1e6;
            case "s", "second" -> 1e9;
            default -> 1;
        };
    }

    /** "1,234.5" in ncu's words. */
    private static double number(String text) {
        return text.isEmpty() ? 0 : Double.parseDouble(text.replace(",", ""));
    }

    /** The cells of a line; each stands in quotes, a quote inside is doubled. */
    private static List<String> cells(String line) {
        List<String> cells = new ArrayList<>();
        var cell = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '"' && quoted && i + 1 < line.length() && line.charAt(i + 1) == '"') {
                cell.append(c);
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == ',' && !quoted) {
                cells.add(cell.toString());
                cell.setLength(0);
            } else {
                cell.append(c);
            }
        }
        cells.add(cell.toString());
        return cells;
    }
}
