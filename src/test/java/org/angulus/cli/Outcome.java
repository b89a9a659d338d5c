package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;

/**
 * What a command did.
 *
 * @param code exit code
 * @param out standard output
 * @param err standard error
 */
record Outcome(int code, String out, String err) {
    /** Runs a command in this process. */
    static Outcome of(Object... arguments) {
        var out = new StringWriter();
        var err = new StringWriter();
        String[] texts = List.of(arguments).stream().map(Object::toString).toArray(String[]::new);
        int code = Main.run(new PrintWriter(out), new PrintWriter(err), texts);
        return new Outcome(code, out.toString(), err.toString());
    }

    /** Asserts success without a word on standard error. */
    Outcome succeeds() {
        assertEquals("", err, "standard error");
        assertEquals(ExitCode.OK, code, out);
        return this;
    }

    /** Asserts this exit code and, as the last line of standard error, one sentence that holds every one of {@code words}. */
    Outcome fails(int expected, String... words) {
        String sentence = err.lines().reduce("", (before, line) -> line);
        assertTrue(sentence.startsWith("angulus: "), err);
        for (String word : words) {
            assertTrue(sentence.contains(word), () -> "'" + word + "' is missing in: " + sentence);
        }
        // What Java says of itself is no sentence for a user.
        for (String trace : List.of("Exception", "\tat ", "null", "java.", "..;", ".;", ";;")) {
            assertFalse(err.contains(trace), () -> "'" + trace + "' stands in: " + err);
        }
        assertEquals(expected, code, err);
        return this;
    }

    /** As {@link #fails}, and nothing else stands on standard error. */
    Outcome failsOnly(int expected, String... words) {
        assertEquals(1, err.lines().count(), err);
        return fails(expected, words);
    }
}
