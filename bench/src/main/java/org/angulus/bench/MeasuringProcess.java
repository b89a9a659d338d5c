package org.angulus.bench;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A measurement in a process of its own, which prints its figures as lines of JSON. */
final class MeasuringProcess {
    private MeasuringProcess() {}

    /** The command that runs a class of this jar. */
    static List<String> java(Class<?> measurement, String... arguments) {
        return java(List.of(), measurement, arguments);
    }

    /** As the other, with options for the Java runtime. */
    static List<String> java(List<String> options, Class<?> measurement, String... arguments) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var command = new ArrayList<>(List.of(java, "--enable-native-access=ALL-UNNAMED"));
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), measurement.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    /**
     * Runs a command and reads its lines of JSON, one or more.
     *
     * @throws IOException when the command fails or prints none
     */
    static List<JsonObject> run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int status = process.waitFor();
        if (status != 0) {
            throw new IOException("'" + String.join(" ", command) + "' ended with status " + status + ".");
        }
        List<JsonObject> lines = text.lines().filter(line -> line.startsWith("{")).map(line -> JsonParser.parseString(line).getAsJsonObject()).toList();
        if (lines.isEmpty()) {
            throw new IOException("'" + String.join(" ", command) + "' printed no line of JSON.");
        }
        return lines;
    }
}
