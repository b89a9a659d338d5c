package org.angulus.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import org.angulus.data.LinesFile;

/** Names of people in a file of names, of LFW's people or of LFW's pairs: every field between tabs that is no number. */
final class NameList {
    private NameList() {}

    static Set<String> read(Path file) throws IOException {
        LinesFile lines = LinesFile.read(file);
        Set<String> names = new LinkedHashSet<>();
        while (lines.hasNext()) {
            for (String field : lines.next("a name")) {
                if (!field.isEmpty() && !field.matches("[0-9]+")) {
                    names.add(field);
                }
            }
        }
        return names;
    }
}
