package org.angulus.train;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.angulus.data.JsonText;
import org.angulus.model.NearestNames;
import org.angulus.model.Printable;

/**
 * A training configuration with a name and a source. Each is a JSON file beside this class, {@code recipes/NAME.json}; what its training leaves out comes
 * from the recipe it names, else from {@code default}.
 *
 * @param name of the file
 * @param title in one line
 * @param source paper and code it is from
 * @param data what it trains on
 * @param published the figure its authors give
 * @param note what else is to be known; may be empty
 * @param training the JSON of the configuration, as given
 */
public record Recipe(String name, String title, String source, String data, String published, String note, JsonObject training) {
    private static final List<String> NAMES = List.of(
            "default", "article-adam", "synthetic", "am-softmax", "cosface", "cosface-large", "normface", "facenet-casia", "facenet-vggface2",
            "facenet-rmsprop", "facenet-triplet", "center-loss", "deepid2", "vgg-face", "vgg-face-softmax", "sphereface", "sphereface-pytorch", "opensphere",
            "arcface-casia", "arcface-ms1mv2", "arcface-torch", "arcface-from-scratch", "softmax-then-am-softmax", "frozen-trunk");

    /** The names {@link #of} knows, the ones to begin with first. */
    public static List<String> names() {
        return NAMES;
    }

    /**
     * The recipe of a name.
     *
     * @throws IllegalArgumentException with one sentence that names the nearest ones, when there is none
     */
    public static Recipe of(String name) {
        if (!NAMES.contains(name)) {
            throw new IllegalArgumentException("there is no recipe '" + Printable.of(name) + "'" + NearestNames.hint(name, NAMES) + "; choose one of "
                    + String.join(", ", NAMES) + ".");
        }
        return read(name);
    }

    static Recipe read(String name) {
        try (InputStream in = Recipe.class.getResourceAsStream("recipes/" + name + ".json")) {
            JsonObject file = JsonText.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8)).getAsJsonObject();
            JsonElement training = file.remove("training");
            About about = RecordJson.read(file, About.class, null, "recipe " + name);
            return new Recipe(name, about.title(), about.source(), about.data(), about.published(), about.note(), training.getAsJsonObject());
        } catch (IOException e) {
            throw new UncheckedIOException("The recipe " + name + " cannot be read from the program.", e);
        }
    }

    /** What stands beside the training in the file. */
    record About(String title, String source, String data, String published, String note) {}

    /** The configuration, stage by stage. */
    public Stages stages() {
        return Stages.read(StagedJson.resolve(this));
    }
}
