package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
    @ValueSource(strings = {"--help", "train --help", "eval --help", "doctor --help", "--version"})
    void helpIsNoFailure(String line) {
        assertTrue(Outcome.of((Object[]) line.split(" ")).succeeds().out().contains("angulus"));
    }
}
