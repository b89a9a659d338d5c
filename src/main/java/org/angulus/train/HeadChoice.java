package org.angulus.train;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.angulus.device.HeadKind;
import org.angulus.loss.Annealing;
import org.angulus.loss.MarginHead;
import org.angulus.model.NearestNames;
import org.angulus.model.Printable;

/** What a configuration's "head" decides for what it leaves out: another kind brings its own recommended constants, and an annealing may be named. */
final class HeadChoice {
    private static final Map<String, Annealing> ANNEALINGS = Map.of(
            "none", Annealing.NONE, "sphereface", Annealing.SPHEREFACE, "sphereface-pytorch", Annealing.SPHEREFACE_PYTORCH, "l-softmax", Annealing.L_SOFTMAX);

    /** What others call them. */
    private static final Map<String, HeadKind> SYNONYMS = Map.of(
            "cosface", HeadKind.AM_SOFTMAX, "lmcl", HeadKind.AM_SOFTMAX, "asoftmax", HeadKind.SPHEREFACE, "crossentropy", HeadKind.SOFTMAX);

    private HeadChoice() {}

    /**
     * The head whose constants stand for those that are not given. Replaces the name of an annealing by its numbers.
     *
     * @param json the field "head", or null
     * @param recipe the recipe's head
     * @throws IllegalArgumentException with one sentence, when the kind or the annealing is not known
     */
    static MarginHead defaults(JsonElement json, MarginHead recipe) {
        if (json == null || !json.isJsonObject()) {
            return recipe;
        }
        JsonObject head = json.getAsJsonObject();
        replaceName(head);
        JsonElement kind = head.get("kind");
        if (kind == null || !kind.isJsonPrimitive() || !kind.getAsJsonPrimitive().isString()) {
            return recipe;
        }
        String wanted = kind.getAsString();
        return Stream.of(HeadKind.values())
                .filter(known -> name(known).equals(wanted))
                .findFirst()
                .map(known -> known == recipe.kind() ? recipe : MarginHead.of(known))
                .orElseThrow(() -> new IllegalArgumentException("training configuration.head.kind is '" + Printable.of(wanted)
                        + "', but no head has that name" + hint(wanted) + "; 'angulus losses' lists them."));
    }

    private static void replaceName(JsonObject head) {
        JsonElement annealing = head.get("annealing");
        if (annealing == null || !annealing.isJsonPrimitive()) {
            return;
        }
        Annealing known = ANNEALINGS.get(annealing.getAsString());
        if (known == null) {
            throw new IllegalArgumentException("training configuration.head.annealing is '" + Printable.of(annealing.getAsString())
                    + "'; give base, gamma, power and least in braces, or one of " + String.join(", ", ANNEALINGS.keySet().stream().sorted().toList()) + ".");
        }
        head.add("annealing", RecordJson.write(known));
    }

    private static String hint(String wanted) {
        HeadKind synonym = SYNONYMS.get(wanted.toLowerCase(Locale.ROOT).replaceAll("[-_ ]", ""));
        return synonym != null
                ? " (it is " + name(synonym) + " here)"
                : NearestNames.hint(wanted, Stream.of(HeadKind.values()).map(HeadChoice::name).toList());
    }

    private static String name(HeadKind kind) {
        return RecordJson.write(kind).getAsString();
    }
}
