package org.angulus.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Files that a scan left out for one reason: how many, and the first of them by name. */
final class Omissions {
    private static final int NAMED = 16;

    private final List<String> names = new ArrayList<>();
    private long count;

    /** @param name as a path below the root */
    void add(Path name) {
        count++;
        if (names.size() < NAMED) {
            names.add(name.toString());
        }
    }

    long count() {
        return count;
    }

    /** The first 16. */
    List<String> names() {
        return List.copyOf(names);
    }

    /** The names in a sentence. */
    String text() {
        return String.join(", ", names) + (count > names.size() ? ", ..." : "");
    }
}
