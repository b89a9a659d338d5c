package org.angulus.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class TimingTest {
    @Test
    void medianOfOddAndEvenCounts() {
        assertEquals(2, Timing.medianOf(3, 1, 2));
        assertEquals(2.5, Timing.medianOf(4, 1, 2, 3));
        assertTrue(Double.isNaN(Timing.medianOf()));
    }

    @Test
    void callsThreeTimesAtLeast() {
        var calls = new int[1];
        Timing timing = Timing.of(0, () -> calls[0]++);
        assertEquals(3, calls[0]);
        assertEquals(3, timing.calls());
        assertTrue(timing.least() <= timing.median() && timing.median() <= timing.most());
    }
}
