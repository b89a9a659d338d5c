package org.angulus.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.angulus.device.Conv2dShape;
import org.angulus.device.Type;

/**
 * Problems as text, one a line: {@code name count H W C K R S stride top bottom left right}, white space between; what stands behind a # is
 * a remark.
 */
final class ShapeFile {
    private static final int COLUMNS = 13;

    private ShapeFile() {}

    /**
     * Reads a list of problems.
     *
     * @param source a path, or the name of a list that comes along: "resface20"
     * @throws UncheckedIOException when there is no such list
     * @throws IllegalArgumentException with one sentence, when a line cannot be read
     */
    static List<Problem> read(String source) {
        try (InputStream own = ShapeFile.class.getResourceAsStream("/shapes/" + source + ".txt")) {
            byte[] bytes = own != null ? own.readAllBytes() : Files.readAllBytes(Path.of(source));
            return parse(source, new String(bytes, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("There is no list of shapes '" + source + "'; give the path of one, or resface20.", e);
        }
    }

    static List<Problem> parse(String source, String text) {
        var problems = new ArrayList<Problem>();
        String[] lines = text.split("\n", -1);
        for (int i = 0; i < lines.length; i++) {
            String line = lines[i].replaceFirst("#.*", "").strip();
            if (!line.isEmpty()) {
                problems.add(problem(source + ", line " + (i + 1), line));
            }
        }
        return problems;
    }

    /** The problem of this name in {@link #read a list}. */
    static Problem find(String source, String name) {
        List<Problem> problems = read(source);
        return problems.stream()
                .filter(problem -> problem.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("There is no problem '" + name + "' in " + source + "; choose one of "
                        + String.join(", ", problems.stream().map(Problem::name).toList()) + "."));
    }

    private static Problem problem(String where, String line) {
        String[] words = line.split("\\s+");
        if (words.length != COLUMNS) {
            throw new IllegalArgumentException(where + ": there are " + words.length + " columns; give " + COLUMNS
                    + ": name count H W C K R S stride top bottom left right.");
        }
        int[] v;
        try {
            v = Arrays.stream(words).skip(1).mapToInt(Integer::parseInt).toArray();
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(where + ": all columns behind the name are whole numbers (" + e.getMessage() + ").", e);
        }
        for (int i = 0; i < v.length; i++) {
            if (v[i] < (i < 8 ? 1 : 0)) {
                throw new IllegalArgumentException(where + ": column " + (i + 2) + " is " + v[i] + "; counts and sizes are at least 1, pads at least 0.");
            }
        }
        return new Problem(words[0], v[0],
                new Conv2dShape(1, v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[7], v[8], v[9], v[10], v[11], Type.F32));
    }
}
