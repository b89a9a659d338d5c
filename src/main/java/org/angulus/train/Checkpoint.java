package org.angulus.train;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.angulus.data.JsonText;
import org.angulus.data.TextFile;
import org.angulus.model.AtomicFile;
import org.angulus.model.ModelMetadata;
import org.angulus.model.Network;
import org.angulus.model.SafeTensorsWriter;
import org.angulus.model.TensorSpec;
import org.angulus.model.Weights;

/**
 * All that a run needs to go on as if it had not stopped. As files in one folder: {@code model.safetensors} (the weights to use: the moving
 * average where there is one), {@code raw.safetensors} (the trained weights, where there is an average), {@code optimizer.safetensors} and
 * {@code state.json}, which is written last.
 *
 * @param state where the run stands
 * @param config of the run
 * @param weights parameters and running statistics
 * @param average their moving average, or null
 * @param optimizer what the optimizer keeps, by {@link Optimizer#states()}
 * @param round the triplets that batches are made of, or null; in {@code round.json}
 */
public record Checkpoint(State state, TrainingConfig config, Weights weights, Weights average, Map<String, Weights> optimizer, TripletRound round) {
    static final String STATE = "state.json";
    /** The file of the weights to use. */
    public static final String MODEL = "model.safetensors";

    private static final String RAW = "raw.safetensors";
    private static final String OPTIMIZER = "optimizer.safetensors";
    private static final String ROUND = "round.json";
    private static final int FORMAT = 1;
    /** Stands for the decoder in a checkpoint that does not name it. */
    static final String UNKNOWN_DECODER = "unknown";

    /**
     * Where a run stands.
     *
     * @param format of the checkpoint, 1
     * @param step steps done, applied or skipped: the number of the next step
     * @param appliedSteps steps that changed the weights
     * @param skippedSteps steps that had no finite gradient
     * @param classes of the head
     * @param bestStep steps done when the evaluation was best; -1 before the first one
     * @param bestFigure its first figure
     * @param decoder what decoded JPEGs: another one gives pixels that differ by rounding; "unknown" where the checkpoint is of a version that did not say
     * @param version of the program that wrote it
     */
    public record State(
            int format, long step, long appliedSteps, long skippedSteps, int classes, long bestStep, double bestFigure, String decoder,
            String version) {
        State(long step, long appliedSteps, long skippedSteps, int classes, long bestStep, double bestFigure, String decoder) {
            this(FORMAT, step, appliedSteps, skippedSteps, classes, bestStep, bestFigure, decoder, programVersion());
        }
    }

    /** What {@code state.json} holds. */
    record File(State state, TrainingConfig config) {}

    /** Writes the files into an existing folder; each is synced. */
    void write(Path folder, ModelMetadata metadata) throws IOException {
        (average == null ? weights : average).save(folder.resolve(MODEL), metadata);
        if (average != null) {
            weights.save(folder.resolve(RAW), metadata);
        }
        var writer = new SafeTensorsWriter();
        optimizer.forEach((name, tensors) -> tensors.addTo(writer, name + "/"));
        writer.write(folder.resolve(OPTIMIZER));
        if (round != null) {
            AtomicFile.write(folder.resolve(ROUND), RecordJson.write(round).toString());
        }
        AtomicFile.write(folder.resolve(STATE), RecordJson.write(new File(state, config)).toString());
    }

    /** Reads what a folder says about its run, without the tensors. */
    public static State readState(Path folder) throws IOException {
        return readFile(folder).state();
    }

    /** Reads the configuration of a folder's run. */
    public static TrainingConfig readConfig(Path folder) throws IOException {
        return readFile(folder).config();
    }

    /**
     * Reads a folder whole.
     *
     * @param parameters of network and head
     * @param trained those that are not frozen
     * @param statistics running statistics
     */
    static Checkpoint read(Path folder, Collection<TensorSpec> parameters, Collection<TensorSpec> trained, Collection<TensorSpec> statistics) throws IOException {
        File file = readFile(folder);
        List<TensorSpec> all = new ArrayList<>(parameters);
        all.addAll(statistics);
        boolean averaged = file.config().averageDecay() > 0;
        Weights weights = Weights.load(folder.resolve(averaged ? RAW : MODEL), all, "");
        Weights average = averaged ? Weights.load(folder.resolve(MODEL), all, "") : null;
        var optimizer = new LinkedHashMap<String, Weights>();
        for (String name : file.config().optimizer().states()) {
            optimizer.put(name, Weights.load(folder.resolve(OPTIMIZER), trained, name + "/"));
        }
        return new Checkpoint(file.state(), file.config(), weights, average, optimizer, readRound(folder, file.config()));
    }

    private static TripletRound readRound(Path folder, TrainingConfig config) throws IOException {
        if (config.metric().sampling() != MetricTraining.Sampling.FACENET_ROUND) {
            return null;
        }
        Path path = folder.resolve(ROUND);
        try {
            return RecordJson.read(JsonText.parse(TextFile.read(path)), TripletRound.class, null, "round");
        } catch (IllegalArgumentException e) {
            throw new IOException(path + ": " + e.getMessage(), e);
        }
    }

    private static File readFile(Path folder) throws IOException {
        Path path = folder.resolve(STATE);
        try {
            JsonElement json = JsonText.parse(TextFile.read(path));
            addLaterFields(json);
            File file = RecordJson.read(json, File.class, null, "checkpoint");
            if (file.state().format() != FORMAT) {
                throw new IllegalArgumentException("checkpoint.state.format is " + file.state().format() + ", but this program reads " + FORMAT
                        + "; continue with the program that wrote it (" + file.state().version() + ").");
            }
            return file;
        } catch (IllegalArgumentException e) {
            throw new IOException(path + ": " + e.getMessage(), e);
        }
    }

    /** The fields that came later: without them an older run could not go on. */
    private static void addLaterFields(JsonElement json) {
        if (json instanceof JsonObject file) {
            addIfAbsent(file.get("state"), "decoder", new JsonPrimitive(UNKNOWN_DECODER));
            addIfAbsent(file.get("config"), "frozen", new JsonPrimitive(Network.NOTHING));
            addIfAbsent(file.get("config"), "metric", RecordJson.write(MetricTraining.NONE));
            if (file.get("config") instanceof JsonObject config) {
                addMetricFields(config.get("metric"));
            }
        }
    }

    private static void addMetricFields(JsonElement metric) {
        addIfAbsent(metric, "identitiesPerRound", new JsonPrimitive(MetricTraining.NONE.identitiesPerRound()));
        if (metric instanceof JsonObject fields && fields.get("loss") instanceof JsonObject loss && loss.has("perPerson")) {
            addIfAbsent(loss, "perImage", new JsonPrimitive(false));
        }
    }

    private static void addIfAbsent(JsonElement json, String field, JsonElement value) {
        if (json instanceof JsonObject object && !object.has(field)) {
            object.add(field, value);
        }
    }

    private static String programVersion() {
        String version = Checkpoint.class.getPackage().getImplementationVersion();
        return (version == null ? "unpackaged" : version) + ", Java " + Runtime.version().feature();
    }
}
