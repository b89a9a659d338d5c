package org.angulus.train;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.angulus.data.JsonText;
import org.angulus.data.TextFile;
import org.angulus.model.ModelMetadata;
import org.angulus.model.NetworkConfig;
import org.angulus.model.ResFaceConfig;

/**
 * What a run computes: one training after the other, say softmax and then a margin. Each stage has its own steps, batches, optimizer and start value, and
 * begins with the weights of the one before; class vectors go on where they fit. Most runs have one stage.
 *
 * @param list the stages in order
 */
public record Stages(List<TrainingConfig> list) {
    private static final String ROOT = "training configuration: ";

    public Stages {
        list = List.copyOf(list);
        if (list.isEmpty()) {
            throw new IllegalArgumentException(ROOT + "there is no stage; give one or more.");
        }
        for (int i = 1; i < list.size(); i++) {
            if (!fixed(list.get(i).network()).equals(fixed(list.get(0).network())) || !list.get(i).input().equals(list.get(0).input())) {
                throw new IllegalArgumentException(ROOT + "stages[" + i + "] has another network or input than the first; only network.embeddingSize and"
                        + " network.keep may change from stage to stage.");
            }
        }
    }

    private static NetworkConfig fixed(NetworkConfig network) {
        NetworkConfig sized = network.withEmbeddingSize(1);
        return sized instanceof ResFaceConfig resFace ? resFace.withKeep(1) : sized;
    }

    /** A run of one stage. */
    public static Stages of(TrainingConfig only) {
        return new Stages(List.of(only));
    }

    /**
     * Reads JSON: a configuration as {@link TrainingConfig#parse} takes it, or one with a list "stages" of which each says what differs from the fields
     * beside it. A stage without a start value has the run's plus its number.
     *
     * @throws IllegalArgumentException with one sentence, when a field is unknown, ill-typed or out of range
     */
    public static Stages parse(String json) {
        return parse(json, new JsonObject());
    }

    /**
     * The same for a run that starts from a model: its network and input stand in place of the recipe's.
     *
     * @param model network and input, by {@link #startingFrom}
     */
    public static Stages parse(String json, JsonObject model) {
        return read(resolve(json, model));
    }

    /**
     * The JSON of each stage, all recipes resolved, for a caller that changes fields before {@link #read}.
     *
     * @param model an empty object, or what {@link #startingFrom} gives
     */
    public static List<JsonObject> resolve(String json, JsonObject model) {
        JsonElement tree;
        try {
            tree = JsonText.parse(json);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(ROOT + e.getMessage(), e);
        }
        if (!tree.isJsonObject()) {
            throw new IllegalArgumentException(ROOT + "it must be a JSON object in braces.");
        }
        return resolve(tree.getAsJsonObject(), model);
    }

    private static List<JsonObject> resolve(JsonObject json, JsonObject model) {
        try {
            return StagedJson.resolve(json, model);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(ROOT + e.getMessage(), e);
        }
    }

    /** The stages of what {@link #resolve} gave. */
    public static Stages read(List<JsonObject> stages) {
        return new Stages(stages.stream().map(TrainingConfig::read).toList());
    }

    /** Network and input of a model, as the JSON that {@link #parse} takes. */
    public static JsonObject startingFrom(ModelMetadata model) {
        var json = new JsonObject();
        json.add("network", RecordJson.write(model.network()));
        json.add("input", RecordJson.write(model.input()));
        return json;
    }

    /** Reads a JSON file. */
    public static Stages load(Path file) throws IOException {
        try {
            return parse(TextFile.read(file));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /** All fields as JSON: of one stage as {@link TrainingConfig#toJson}, of more as a list. */
    public String toJson() {
        if (list.size() == 1) {
            return list.get(0).toJson();
        }
        var all = new JsonArray();
        list.forEach(stage -> all.add(JsonParser.parseString(stage.toJson())));
        var json = new JsonObject();
        json.add("stages", all);
        return new GsonBuilder().setPrettyPrinting().create().toJson(json);
    }

    public TrainingConfig first() {
        return list.getFirst();
    }

    /** The stage whose model the run is for. */
    public TrainingConfig last() {
        return list.getLast();
    }

    public int count() {
        return list.size();
    }

    /** Steps of all stages. */
    public long steps() {
        return stepsBefore(list.size());
    }

    /** Steps of the stages in front of number {@code stage}, counted from 0. */
    public long stepsBefore(int stage) {
        return list.stream().limit(stage).mapToLong(TrainingConfig::steps).sum();
    }
}
