package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TerminalBarTest {
    /** Speed and time left stand as long as there is any room; first the bar goes, then count and remark, then the name. */
    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
        "120; Training 25% [==========                              ] 500/2000  137 images/s  1:05 left  loss 0.854",
        "80; Training 25% [====               ] 500/2000  137 images/s  1:05 left  loss 0.854",
        "70; Training 25%  500/2000  137 images/s  1:05 left  loss 0.854",
        "40; Training 25%  137 images/s  1:05 left",
        "34; 25%  137 images/s  1:05 left",
        "10; 25%  137 i"
    })
    void theLineFitsItsTerminal(int width, String expected) {
        String line = TerminalBar.line("Training", 500, 2000, "137 images/s  1:05 left", "loss 0.854", width);
        assertEquals(expected.strip(), line.stripTrailing());
        assertEquals(width, line.length(), "padded, to cover what stood there");
    }

    @Test
    void beforeTheFirstStepThereIsNoSpeed() {
        assertEquals("Packing 0% [" + " ".repeat(18) + "] 0/7", TerminalBar.line("Packing", 0, 7, "", "", 37).stripTrailing());
        assertEquals(1, TerminalBar.line("Packing", 0, 0, "", "", 1).length(), "no terminal is too narrow");
    }

    @Test
    void times() {
        assertEquals("0:00", TerminalBar.time(0.4));
        assertEquals("59:59", TerminalBar.time(3599.4));
        assertEquals("1:00:00", TerminalBar.time(3599.6));
    }

    /** The suite runs without a terminal. */
    @Test
    void nothingIsDrawnWhereNobodyLooks() {
        var out = new StringWriter();
        try (var bar = new TerminalBar(true, "Embedding", "images", 1, 0, 10)) {
            assertFalse(bar.isShown());
            bar.reached(5, "half");
            bar.println(new PrintWriter(out), "a line");
        }
        assertEquals("a line" + System.lineSeparator(), out.toString());
    }
}
