package org.angulus.data;

import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** JSON, refused in words that a user understands. */
public final class JsonText {
    private static final Pattern PLACE = Pattern.compile("line (\\d+) column (\\d+)");

    private JsonText() {}

    /**
     * Parses a text.
     *
     * @throws IllegalArgumentException with one sentence and the place, when it is not JSON
     */
    public static JsonElement parse(String text) {
        try {
            return JsonParser.parseString(text);
        } catch (JsonParseException e) {
            Matcher place = PLACE.matcher(String.valueOf(e.getMessage()));
            throw new IllegalArgumentException(
                    "this is not JSON" + (place.find() ? " (line " + place.group(1) + ", column " + place.group(2) + ")" : "") + "; correct it.", e);
        }
    }
}
