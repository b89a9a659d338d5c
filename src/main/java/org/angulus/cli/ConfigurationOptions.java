package org.angulus.cli;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.angulus.data.JsonText;
import org.angulus.data.TextFile;
import org.angulus.model.ModelMetadata;
import org.angulus.train.Stages;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Options that choose a training configuration. */
final class ConfigurationOptions {
    /** The recipe of the run without arguments. */
    private static final String SYNTHETIC = "synthetic";

    private static final String KIND = "kind";
    private static final String STAGES = "stages";

    @Option(names = "--recipe", paramLabel = "NAME", description = "Start from this recipe; 'angulus recipes' lists them (default: " + SYNTHETIC + " without --data, default with it).")
    private String recipe;

    @Option(names = "--config", paramLabel = "FILE", description = "Training configuration as JSON; what it leaves out comes from its recipe.")
    private Path config;

    @Option(names = "--set", paramLabel = "FIELD=VALUE", description = "Change one field of the configuration, such as batch=64 or schedule.rate=0.05, in every stage, or as stages.1.batch=64 in the second; may be repeated, and given with --resume.")
    private Map<String, String> changes = new LinkedHashMap<>();

    @Spec(Target.MIXEE)
    private CommandSpec spec;

    /**
     * The recipe or file, with the changes of the command line.
     *
     * @param from model that the run starts from, whose network and input stand in place of the recipe's; or null
     */
    Stages configuration(boolean hasData, Path from) throws IOException {
        if (config != null && recipe != null) {
            throw new ParameterException(spec.commandLine(), "--config and --recipe exclude each other; name the recipe in the file, as \"recipe\"");
        }
        JsonObject model = from == null ? new JsonObject() : Stages.startingFrom(ModelMetadata.loadTrainable(from));
        if (config != null) {
            return parse(TextFile.read(config), config + ": ", model);
        }
        return parse(named(recipe != null ? recipe : hasData ? "default" : SYNTHETIC), "", model);
    }

    /** A file with the changes of the command line. */
    Stages changed(Path file) throws IOException {
        return parse(TextFile.read(file), file + ": ", new JsonObject());
    }

    private Stages parse(String text, String where, JsonObject model) {
        try {
            List<JsonObject> stages = Stages.resolve(text, model);
            // A kind first: it takes the fields of the kind before it away.
            changes.entrySet().stream().sorted(Comparator.comparing(change -> !change.getKey().endsWith("." + KIND))).forEach(
                    change -> change(stages, change.getKey(), change.getValue()));
            return Stages.read(stages);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.FAILED, where + e.getMessage());
        }
    }

    private static void change(List<JsonObject> stages, String path, String value) {
        if (!path.startsWith(STAGES + ".")) {
            stages.forEach(stage -> change(stage, path, value, path));
            return;
        }
        String[] parts = path.split("\\.", 3);
        if (parts.length < 3 || !parts[1].matches("[0-9]{1,4}") || Integer.parseInt(parts[1]) >= stages.size()) {
            throw new CommandFailure(ExitCode.FAILED, "--set " + path + "=" + value + ": there is no such stage; write stages.N.FIELD with N from 0 to "
                    + (stages.size() - 1));
        }
        change(stages.get(Integer.parseInt(parts[1])), parts[2], value, path);
    }

    private static JsonElement json(String text, String where) {
        try {
            return JsonText.parse(text);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.FAILED, where + e.getMessage());
        }
    }

    /** Sets the field at a path like schedule.rate; a value that is no JSON is a text. */
    private static void change(JsonObject json, String path, String value, String given) {
        String where = "--set " + given + "=" + value + ": ";
        String[] names = path.split("\\.", -1);
        JsonObject at = json;
        for (int i = 0; i < names.length; i++) {
            if (names[i].isEmpty() || value.isBlank()) {
                throw new CommandFailure(ExitCode.FAILED, where + "a name or the value is empty; write a field and its value, such as schedule.rate=0.05");
            }
            if (i == names.length - 1) {
                JsonElement next = json(value, where);
                if (names[i].equals(KIND) && at.has(KIND) && !at.get(KIND).equals(next)) {
                    Set.copyOf(at.keySet()).forEach(at::remove);
                }
                at.add(names[i], next);
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
}
