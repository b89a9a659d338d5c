package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
        "tarin; tarin",
        "train --dta x; --dta",
        "train x; x",
        "train --data; --data",
        "train --least-images many; many",
        "train --set steps; steps",
        "train --fit STRETCH --data x; STRETCH",
        "train --centre 112 --data x; 112",
        "train --centre 0x0 --data x; 0x0",
        "train --centre 0x96 --data x; 0x96",
        "train --least-images 0; --least-images",
        "train --hold-out -5; --hold-out",
        "train --hold-out 1; --hold-out",
        "train --threads 0; --threads",
        "train --config c.json --recipe default; --config and --recipe exclude each other",
        "train --resume x --data y; --data",
        "train --resume x --people y; --people",
        "train --resume x --hold-out 3; --hold-out",
        "train --resume x --fit RESIZE; --fit",
        "eval --data x; --model",
        "eval --model m --data x --flip SIDEWAYS; SIDEWAYS",
        "eval --model m --data x --threshold MINE; MINE",
        "eval --model m --data x --draw 9; --draw",
        "eval --model m --data x --pairs p --exclude e; --exclude",
        "eval --model m --data x --pairs p --draw 100; --draw",
        "doctor --verbose; --verbose"
    })
    void aWrongCommandLineIsRefusedInOneSentence(String line, String word) {
        Outcome outcome = Outcome.of((Object[]) line.split(" ")).failsOnly(ExitCode.USAGE, word, "--help");
        assertEquals("", outcome.out());
    }

    @Test
    void withoutArgumentsTheCommandsAreListed() {
        Outcome outcome = Outcome.of();
        assertEquals(ExitCode.USAGE, outcome.code());
        assertEquals("", outcome.err());
        assertTrue(outcome.out().contains("train") && outcome.out().contains("doctor"), outcome.out());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "--version"})
    void helpIsNoFailure(String line) {
        assertTrue(Outcome.of(line).succeeds().out().contains("angulus"));
    }

    /** At a terminal of 80 columns no line wraps: an example can be taken as it stands. */
    @ParameterizedTest
    @ValueSource(strings = {"train", "eval", "calibrate", "compare", "embed", "pack", "inspect", "export", "quantize", "self-test", "doctor"})
    void everyCommandHasExamplesAndExitCodes(String command) {
        var warnings = new ByteArrayOutputStream();
        PrintStream before = System.err;
        System.setErr(new PrintStream(warnings, true, StandardCharsets.UTF_8));
        String help;
        try {
            help = Outcome.of(command, "--help").succeeds().out();
        } finally {
            System.setErr(before);
        }
        assertEquals("", warnings.toString(StandardCharsets.UTF_8), "what the parser says of the descriptions");
        help.lines().forEach(line -> assertTrue(line.length() <= 80, line));
        for (String code : List.of("0", "1", "2", "70")) {
            assertTrue(Pattern.compile("(?m)^ +" + code + " +\\w").matcher(help.substring(help.indexOf("Exit codes:"))).find(), code + " is missing in: " + help);
        }
        List<String> examples = help.substring(help.indexOf("Examples:")).lines().skip(1).toList();
        assertTrue(examples.stream().anyMatch(line -> line.matches("  (angulus " + command + "|tools/train-native).*")), help);
        for (String line : examples) {
            assertTrue(line.startsWith("  "), "an example wraps: " + line);
        }
    }
}
