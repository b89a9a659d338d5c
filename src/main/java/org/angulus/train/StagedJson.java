package org.angulus.train;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * The JSON of a run as one object for each stage: what a stage gives stands above what the run gives for all, that above the recipe it names. Objects are
 * merged field by field; one of another "kind" replaces the one below it.
 */
final class StagedJson {
    private static final String RECIPE = "recipe";
    private static final String STAGES = "stages";
    private static final String KIND = "kind";
    private static final String START_VALUE = "startValue";

    private StagedJson() {}

    /**
     * @param given a configuration, perhaps with "recipe" and "stages"
     * @param model stands between the recipe and what is given: what a model to start from says
     * @throws IllegalArgumentException with the end of a sentence
     */
    static List<JsonObject> resolve(JsonObject given, JsonObject model) {
        return resolve(given, model, Recipe::of);
    }

    /** The same for a recipe, which may name any other. */
    static List<JsonObject> resolve(Recipe recipe) {
        return resolve(recipe.training(), new JsonObject(), Recipe::read);
    }

    private static List<JsonObject> resolve(JsonObject given, JsonObject model, Function<String, Recipe> catalogue) {
        JsonObject own = given.deepCopy();
        JsonElement recipe = own.remove(RECIPE);
        JsonElement stages = own.remove(STAGES);
        List<JsonObject> below = new ArrayList<>();
        for (JsonObject stage : recipe == null ? List.of(new JsonObject()) : resolve(catalogue.apply(text(recipe)))) {
            below.add(merge(merge(stage, model), own));
        }
        return stages == null ? below : staged(below, array(stages));
    }

    private static List<JsonObject> staged(List<JsonObject> below, JsonArray stages) {
        if (below.size() > 1 && below.size() != stages.size()) {
            throw new IllegalArgumentException("the recipe has " + below.size() + " stages, but " + stages.size() + " are given; give one for each, {} for one"
                    + " that stays.");
        }
        var result = new ArrayList<JsonObject>();
        for (int i = 0; i < stages.size(); i++) {
            JsonObject stage = object(stages.get(i), i);
            JsonObject merged = merge(below.get(below.size() > 1 ? i : 0), stage);
            if (below.size() == 1 && i > 0 && !stage.has(START_VALUE)) {
                merged.addProperty(START_VALUE, startValue(merged) + i); // other batches and masks than the stage before
            }
            result.add(merged);
        }
        return result;
    }

    private static long startValue(JsonObject stage) {
        JsonElement value = stage.get(START_VALUE);
        boolean number = value != null && value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber();
        return number ? value.getAsLong() : TrainingConfig.recipe("default").startValue();
    }

    static JsonObject merge(JsonObject below, JsonObject above) {
        JsonObject result = below.deepCopy();
        above.entrySet().forEach(entry -> {
            JsonElement under = result.get(entry.getKey());
            boolean merges = under instanceof JsonObject one && entry.getValue() instanceof JsonObject other && sameKind(one, other);
            result.add(entry.getKey(), merges ? merge(under.getAsJsonObject(), entry.getValue().getAsJsonObject()) : entry.getValue().deepCopy());
        });
        return result;
    }

    private static boolean sameKind(JsonObject one, JsonObject other) {
        return !one.has(KIND) || !other.has(KIND) || one.get(KIND).equals(other.get(KIND));
    }

    private static String text(JsonElement recipe) {
        if (!recipe.isJsonPrimitive()) {
            throw new IllegalArgumentException("recipe must be a text.");
        }
        return recipe.getAsString();
    }

    private static JsonArray array(JsonElement stages) {
        if (!stages.isJsonArray() || stages.getAsJsonArray().isEmpty()) {
            throw new IllegalArgumentException("stages must be a list of one or more objects in braces.");
        }
        return stages.getAsJsonArray();
    }

    private static JsonObject object(JsonElement stage, int index) {
        if (!stage.isJsonObject()) {
            throw new IllegalArgumentException("stages[" + index + "] must be an object in braces.");
        }
        return stage.getAsJsonObject();
    }
}
