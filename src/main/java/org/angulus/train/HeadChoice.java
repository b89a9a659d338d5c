package org.angulus.train;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.angulus.device.HeadKind;
import org.angulus.loss.Annealing;
import org.angulus.loss.MarginHead;
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
                        + "', but no head has that name; the nearest are " + String.join(", ", nearest(wanted)) + "."));
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

    private static String name(HeadKind kind) {
        return RecordJson.write(kind).getAsString();
    }

    /** The three known names with the fewest letters to change, dashes aside; a synonym first. */
    private static List<String> nearest(String wanted) {
        String plain = letters(wanted);
        Stream<String> synonym = Optional.ofNullable(SYNONYMS.get(plain)).map(HeadChoice::name).stream();
        Stream<String> names = Stream.of(HeadKind.values()).map(HeadChoice::name).sorted(Comparator.comparingInt(name -> distance(plain, letters(name))));
        return Stream.concat(synonym, names).distinct().limit(3).toList();
    }

    private static String letters(String name) {
        return name.toLowerCase(Locale.ROOT).replace("-", "").replace("_", "");
    }

    /** Letters to insert, delete or replace (Levenshtein). */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
