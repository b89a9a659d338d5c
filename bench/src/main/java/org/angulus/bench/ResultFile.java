package org.angulus.bench;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import picocli.CommandLine.Option;

/** A file of results: what was measured, where, when and at which commit. The launchers beside the pom give the options. */
final class ResultFile {
    @Option(names = "--out", description = "file to write; without it nothing is written")
    private Path out;

    @Option(names = "--commit", defaultValue = "unknown", description = "commit that is measured")
    private String commit;

    @Option(names = "--note", defaultValue = "", description = "circumstances, such as a busy machine")
    private String note;

    /**
     * Writes the file.
     *
     * @param what one sentence
     * @param device of the measurements, in words
     * @param results figures
     */
    void write(String what, String device, JsonElement results) throws IOException {
        if (out == null) {
            return;
        }
        var machine = new JsonObject();
        machine.addProperty("processor", Processor.model());
        machine.addProperty("processors", Runtime.getRuntime().availableProcessors());
        machine.addProperty("lastCacheMiB", Processor.lastCacheBytes() >> 20);
        machine.addProperty("memoryMiB", Processor.memoryBytes() >> 20);
        machine.addProperty("device", device);
        machine.addProperty("java", System.getProperty("java.vm.name") + " " + Runtime.version());
        machine.addProperty("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        var file = new JsonObject();
        file.addProperty("what", what);
        file.addProperty("date", LocalDate.now().toString());
        file.addProperty("commit", commit);
        file.add("machine", machine);
        if (!note.isEmpty()) {
            file.addProperty("note", note);
        }
        file.add("results", results);
        Gson gson = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().serializeSpecialFloatingPointValues().create();
        if (out.toAbsolutePath().getParent() != null) {
            Files.createDirectories(out.toAbsolutePath().getParent());
        }
        Files.writeString(out, gson.toJson(file) + "\n");
        System.out.println("written: " + out);
    }

    /** Median, least and most. */
    static JsonArray milliseconds(Timing timing) {
        var times = new JsonArray();
        for (double seconds : new double[] {timing.median(), timing.least(), timing.most()}) {
            times.add(rounded(1e3 * seconds));
        }
        return times;
    }

    /** Four digits are more than a timing has. */
    static double rounded(double value) {
        return value == 0 || !Double.isFinite(value) ? value : new java.math.BigDecimal(value).round(new java.math.MathContext(4)).doubleValue();
    }
}
