package org.angulus.data;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A UTF-8 text file of lines with tab-separated fields, read whole; every complaint names file and line. Blanks around
 * a field and empty lines at the end are ignored.
 */
public final class LinesFile {
    private static final Pattern COUNT = Pattern.compile("[0-9]{1,9}");

    private final Path file;
    private final List<String> lines;
    private int next;

    private LinesFile(Path file, List<String> lines) {
        this.file = file;
        this.lines = lines;
    }

    /** Reads a file. */
    public static LinesFile read(Path file) throws DataException {
        return new LinesFile(file, TextFile.read(file).stripTrailing().lines().toList());
    }

    /** The file that was read. */
    public Path file() {
        return file;
    }

    /** Whether a line is left. */
    public boolean hasNext() {
        return next < lines.size();
    }

    /**
     * The fields of the next line.
     *
     * @param expected what should stand there, for the message when the file ends before it
     */
    public String[] next(String expected) throws DataException {
        if (!hasNext()) {
            throw new DataException(
                    file,
                    "it ends after line " + next + ", where " + expected + " should follow",
                    "fetch the complete file again");
        }
        String[] fields = lines.get(next++).split("\t", -1);
        for (int i = 0; i < fields.length; i++) {
            fields[i] = fields[i].strip();
        }
        return fields;
    }

    /** A field of the line read last as a number from {@code least} to 999,999,999. */
    public int count(String field, int least, String meaning) throws DataException {
        if (!COUNT.matcher(field).matches() || Integer.parseInt(field) < least) {
            throw fault("'" + field + "' is no " + meaning + " (a whole number from " + least + ")");
        }
        return Integer.parseInt(field);
    }

    /** A fault of the line read last. */
    public DataException fault(String what) {
        return DataException.atLine(file, next, what, "correct the line or fetch the file again");
    }

    /** Refuses lines beyond the announced ones. */
    public void expectEnd() throws DataException {
        if (hasNext()) {
            next++;
            throw fault("the file goes on after what its first line announces");
        }
    }
}
