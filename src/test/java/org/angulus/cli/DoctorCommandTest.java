package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class DoctorCommandTest {
    @Test
    void theMachineIsDescribed() {
        String out = Outcome.of("doctor", "--device", "cpu:baseline").succeeds().out();
        for (String word : new String[] {"Java 2", "processors", "cuda", "Device cpu: ", ", baseline, ", "CONV2D_FORWARD"}) {
            assertTrue(out.contains(word), word + " is missing in: " + out);
        }
    }

    @Test
    void aDeviceThatIsNotThereIsRefusedWithTheCause() {
        Outcome.of("doctor", "--device", "cuda:99").fails(ExitCode.FAILED, "cuda:99");
        Outcome.of("doctor", "--device", "cpu:mmx").fails(ExitCode.FAILED, "cpu:mmx");
    }
}
