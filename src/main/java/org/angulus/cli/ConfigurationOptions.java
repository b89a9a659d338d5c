package org.angulus.cli;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.angulus.data.JsonText;
import org.angulus.data.TextFile;
import org.angulus.train.TrainingConfig;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Options that choose a training configuration. */
final class ConfigurationOptions {
    /** The recipe of the run without arguments; a resource, so that all its numbers can be read in one place. */
    private static final String SYNTHETIC = "synthetic";

    @Option(names = "--recipe", paramLabel = "NAME", description = "Start from this recipe: " + SYNTHETIC + " (the one without --data), default (the one with --data) or article-adam.")
    private String recipe;

    @Option(names = "--config", paramLabel = "FILE", description = "Training configuration as JSON; what it leaves out comes from its recipe.")
    private Path config;

    @Option(names = "--set", paramLabel = "FIELD=VALUE", description = "Change one field of the configuration, such as batch=64 or schedule.rate=0.05; may be repeated, and given with --resume.")
    private Map<String, String> changes = new LinkedHashMap<>();

    @Spec(Target.MIXEE)
    private CommandSpec spec;

    /** The recipe or file, with the changes of the command line. */
    TrainingConfig configuration(boolean hasData) throws IOException {
        if (config != null && recipe != null) {
            throw new ParameterException(spec.commandLine(), "--config and --recipe exclude each other; name the recipe in the file, as \"recipe\"");
        }
        if (config != null) {
            return changed(config);
        }
        String name = recipe != null ? recipe : hasData ? "default" : SYNTHETIC;
        return parse(name.equals(SYNTHETIC) ? resource() : named(name), "");
    }

    /** A file with the changes of the command line. */
    TrainingConfig changed(Path file) throws IOException {
        return parse(TextFile.read(file), file + ": ");
    }

    /** Whether the command line changes anything. */
    boolean hasChanges() {
        return !changes.isEmpty();
    }

    private TrainingConfig parse(String text, String where) {
        JsonElement json = json(text, where);
        if (json.isJsonObject()) {
            changes.forEach((field, value) -> change(json.getAsJsonObject(), field, value));
        }
        try {
            return TrainingConfig.parse(json.toString());
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.FAILED, where + e.getMessage());
        }
    }

    private static JsonElement json(String text, String where) {
        try {
            return JsonText.parse(text);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.FAILED, where + e.getMessage());
        }
    }

    /** Sets the field at a path like schedule.rate; a value that is no JSON is a text. */
    private static void change(JsonObject json, String path, String value) {
        String where = "--set " + path + "=" + value + ": ";
        String[] names = path.split("\\.", -1);
        JsonObject at = json;
        for (int i = 0; i < names.length; i++) {
            if (names[i].isEmpty() || value.isBlank()) {
                throw new CommandFailure(ExitCode.FAILED, where + "a name or the value is empty; write a field and its value, such as schedule.rate=0.05");
            }
            if (i == names.length - 1) {
                at.add(names[i], json(value, where));
            } else {
                if (!at.has(names[i]) || !at.get(names[i]).isJsonObject()) {
                    at.add(names[i], new JsonObject());
                }
                at = at.getAsJsonObject(names[i]);
            }
        }
    }

    private static String named(String recipe) {
        JsonObject json = new JsonObject();
        json.addProperty("recipe", recipe);
        return json.toString();
    }

    private static String resource() throws IOException {
        try (InputStream in = ConfigurationOptions.class.getResourceAsStream(SYNTHETIC + ".json")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
