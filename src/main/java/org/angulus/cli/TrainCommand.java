package org.angulus.cli;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.angulus.train.DivergedException;
import org.angulus.train.TrainingConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code angulus train}: from faces to a model file and a report on held-out people. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Trains a network and measures it on people it never saw.",
            "Without --data it draws synthetic people and trains a small network on them within minutes; with --data it trains on a folder"
                    + " of aligned faces, one folder for each person."
        },
        footer = {
            "",
            "Examples:",
            "  tools/train-native",
            "  tools/train-native --data faces --recipe default --device cuda:0",
            "  tools/train-native --data lfw/aligned --config recipe.json --people peopleDevTrain.txt --exclude pairsDevTest.txt",
            "  tools/train-native --set steps=500 --set network.widths=[16,32,64,128]",
            "  tools/train-native --resume runs/2026-01-31-120000"
        })
final class TrainCommand implements Callable<Integer> {
    /** The recipe of the run without arguments; a resource, so that all its numbers can be read in one place. */
    static final String SYNTHETIC = "synthetic";

    @Option(names = "--data", paramLabel = "SET", description = "Aligned faces: one folder for each person, a folder that angulus pack made, or a .rec file with its .idx beside it.")
    private Path data;

    @Option(names = "--run", paramLabel = "DIR", description = "Folder for all that the run leaves (default: runs/<date and time>).")
    private Path run;

    @Option(names = "--resume", paramLabel = "DIR", description = "Go on with the run in this folder, from its newest checkpoint; the result has the bits of an uninterrupted run.")
    private Path resume;

    @Option(names = "--recipe", paramLabel = "NAME", description = "Start from this recipe: " + SYNTHETIC + " (the one without --data), default (the one with --data) or article-adam.")
    private String recipe;

    @Option(names = "--config", paramLabel = "FILE", description = "Training configuration as JSON; what it leaves out comes from its recipe.")
    private Path config;

    @Option(names = "--set", paramLabel = "FIELD=VALUE", description = "Change one field of the configuration, such as batch=64 or schedule.rate=0.05; may be repeated.")
    private Map<String, String> changes = new LinkedHashMap<>();

    @Option(names = "--people", paramLabel = "FILE", description = "Train only on the people named in this file, a name on each line (LFW's lists fit).")
    private Path people;

    @Option(names = "--exclude", paramLabel = "FILE", description = "Never use the people named in this file: a list of names, or of LFW's pairs. They are listed.")
    private Path exclude;

    @Option(names = "--least-images", paramLabel = "N", defaultValue = "1", description = "Leave out people with fewer pictures (default: ${DEFAULT-VALUE}).")
    private int leastImages;

    @Option(names = "--hold-out", paramLabel = "N", description = "People kept for the report (default: a tenth, 10 to 100; 0: no report).")
    private Integer holdOut;

    @Mixin
    private FramingOptions framing;

    @Option(names = "--strict", description = "Stop at the first picture that cannot be used; else others stand in for up to 0.1 %% of them. A resumed run does as before.")
    private boolean strict;

    @Option(names = "--device", paramLabel = "NAME", description = "cpu, cuda:0, ...; the best one otherwise.")
    private String device;

    @Option(names = "--threads", paramLabel = "N", description = "Threads of the cpu device; the result does not depend on it.")
    private Integer threads;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        RunFolder folder;
        TrainingConfig chosen;
        DataChoice choice;
        if (resume != null) {
            if (data != null || run != null || recipe != null || config != null || !changes.isEmpty()) {
                throw new ParameterException(spec.commandLine(), "--resume takes data and configuration from its folder; leave the other options away");
            }
            folder = RunFolder.open(resume);
            chosen = folder.readConfig();
            choice = folder.readData();
        } else {
            chosen = configuration();
            choice = new DataChoice(
                    data == null ? null : data.toAbsolutePath().normalize().toString(),
                    absolute(people),
                    absolute(exclude),
                    leastImages,
                    holdOut == null ? -1 : holdOut,
                    framing.framing(),
                    strict);
            folder = RunFolder.create(run != null ? run : Path.of("runs", DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmmss").format(LocalDateTime.now())));
            folder.write(chosen, choice);
        }
        try {
            new TrainingJob(chosen, choice, folder, spec.commandLine().getOut(), spec.commandLine().getErr()).run(device, threads, resume != null);
        } catch (DivergedException e) {
            throw new CommandFailure(ExitCode.DIVERGED, e.getMessage());
        }
        return ExitCode.OK;
    }

    private static String absolute(Path file) {
        return file == null ? null : file.toAbsolutePath().normalize().toString();
    }

    /** The recipe or file, with the changes of the command line. */
    private TrainingConfig configuration() throws IOException {
        if (config != null && recipe != null) {
            throw new ParameterException(spec.commandLine(), "--config and --recipe exclude each other; name the recipe in the file, as \"recipe\"");
        }
        String name = recipe != null ? recipe : data == null ? SYNTHETIC : "default";
        String text = config != null ? Files.readString(config) : name.equals(SYNTHETIC) ? resource() : "{\"recipe\": \"" + name + "\"}";
        try {
            JsonElement json = JsonParser.parseString(text);
            if (json.isJsonObject()) {
                changes.forEach((field, value) -> change(json.getAsJsonObject(), field, value));
            }
            return TrainingConfig.parse(json.toString());
        } catch (JsonParseException e) {
            throw new CommandFailure(ExitCode.FAILED, (config == null ? "--set" : config) + ": this is not JSON (" + e.getMessage() + "); correct it");
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.FAILED, (config == null ? "" : config + ": ") + e.getMessage());
        }
    }

    /** Sets the field at a path like schedule.rate; a value that is no JSON is a text. */
    private static void change(JsonObject json, String path, String value) {
        String[] names = path.split("\\.");
        JsonObject at = json;
        for (int i = 0; i < names.length - 1; i++) {
            if (!at.has(names[i]) || !at.get(names[i]).isJsonObject()) {
                at.add(names[i], new JsonObject());
            }
            at = at.getAsJsonObject(names[i]);
        }
        at.add(names[names.length - 1], JsonParser.parseString(value));
    }

    private static String resource() throws IOException {
        try (InputStream in = TrainCommand.class.getResourceAsStream(SYNTHETIC + ".json")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
