package org.angulus.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ScheduleTest {
    @Test
    void stepsAreReadFromLinesOfEpochAndRate() {
        Schedule schedule = Schedule.Steps.parse("# epoch: rate\n0: 0.1\n\n16: 0.01 # first drop\n24: 1e-3\n28:0.0001\n", 1000);
        assertEquals(0.1, schedule.at(0));
        assertEquals(0.1, schedule.at(15_999));
        assertEquals(0.01, schedule.at(16_000));
        assertEquals(0.001, schedule.at(27_999));
        assertEquals(0.0001, schedule.at(1_000_000));
        assertEquals(schedule, TrainingConfig.recipe("default").schedule());
    }

    @Test
    void curvesHaveTheirEndsAndTheirMiddle() {
        Schedule cosine = new Schedule.Cosine(0.1, 0.01, 100);
        assertEquals(0.1, cosine.at(0), 1e-15);
        assertEquals(0.055, cosine.at(50), 1e-15);
        assertEquals(0.01, cosine.at(100), 1e-15);
        assertEquals(0.01, cosine.at(1000), 1e-15);
        Schedule square = new Schedule.Polynomial(0.1, 0, 2, 100);
        assertEquals(0.1, square.at(0), 1e-15);
        assertEquals(0.1 * 0.25, square.at(50), 1e-15);
        assertEquals(0, square.at(100), 1e-15);
        assertEquals(0.5, new Schedule.Constant(0.5).at(123), 0);
    }

    @Test
    void warmUpRisesToTheScheduleItStandsBefore() {
        Schedule schedule = new Schedule.WarmUp(4, new Schedule.Constant(0.8));
        assertEquals(0.2, schedule.at(0), 1e-15);
        assertEquals(0.6, schedule.at(2), 1e-15);
        assertEquals(0.8, schedule.at(3), 1e-15);
        assertEquals(0.8, schedule.at(4), 1e-15);
        assertEquals(0.8, new Schedule.WarmUp(0, new Schedule.Constant(0.8)).at(0), 0);
    }

    @Test
    void badSchedulesAreRefusedInASentence() {
        assertRefused("line 2 is '16 = 0.01'; it must read 'epoch: rate'", () -> Schedule.Steps.parse("0: 0.1\n16 = 0.01", 1000));
        assertRefused("the first rate must hold from step 0", () -> Schedule.Steps.parse("1: 0.1", 1000));
        assertRefused("order them by step", () -> Schedule.Steps.parse("0: 0.1\n3: 1\n2: 1", 1000));
        assertRefused("the learning rate is NaN", () -> new Schedule.Constant(Double.NaN));
        assertRefused("the learning rate is -0.1", () -> new Schedule.Steps(List.of(new Schedule.RateFrom(0, -0.1))));
        assertRefused("it spans 0 steps", () -> new Schedule.Cosine(0.1, 0, 0));
    }

    private static void assertRefused(String words, org.junit.jupiter.api.function.Executable call) {
        String message = assertThrows(IllegalArgumentException.class, call).getMessage();
        assertTrue(message.contains(words) && message.endsWith("."), message);
    }
}
