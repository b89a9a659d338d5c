package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;

class DoctorCommandTest {
    @Test
    void theMachineIsDescribed() {
        String out = Outcome.of("doctor", "--device", "cpu:baseline").succeeds().out();
        for (String word : new String[] {"Java 2", "processors", "cuda", "Device cpu: ", ", baseline, ", "CONV2D_FORWARD"}) {
            assertTrue(out.contains(word), word + " is missing in: " + out);
        }
    }

    /** Card and driver, or what is missing and which driver is needed. */
    @Test
    void theLineOfTheCardsSaysWhatIsThereOrWhyNot() {
        String line = Outcome.of("doctor", "--device", "cpu").succeeds().out().lines().filter(l -> l.startsWith("cuda: ")).findFirst().orElseThrow();
        assertTrue(line.matches("cuda: (ready \\(driver .*; \\d+ cards?, the first: .*, compute capability .*, .* GiB\\)"
                + "|not available: (.*580 or later|.*libangulus_cuda\\.so .*|the driver .* shows no card: .*))"), line);
    }

    @Test
    void aDeviceThatIsNotThereIsRefusedWithTheCause() {
        Outcome.of("doctor", "--device", "cuda:99").fails(ExitCode.FAILED, "cuda:99");
        Outcome.of("doctor", "--device", "cpu:mmx").fails(ExitCode.FAILED, "cpu:mmx");
    }

    /** Every kernel that a convolution of ResFace20 takes is one of the listed ones. */
    @Test
    void theJsonNamesTheKernelsOfResFace20() {
        JsonObject json = JsonParser.parseString(Outcome.of("doctor", "--device", "cpu", "--json").succeeds().out()).getAsJsonObject();
        JsonObject kernels = json.getAsJsonObject("kernels");
        int count = 0;
        for (JsonElement item : json.getAsJsonArray("convolutions")) {
            JsonObject convolution = item.getAsJsonObject();
            count += convolution.get("count").getAsInt();
            assertTrue(kernels.getAsJsonArray("CONV2D_FORWARD").contains(convolution.get("forward")), convolution.toString());
            assertTrue(kernels.getAsJsonArray("CONV2D_BACKWARD_INPUT").contains(convolution.get("backwardInput")), convolution.toString());
            assertTrue(kernels.getAsJsonArray("CONV2D_BACKWARD_WEIGHT").contains(convolution.get("backwardWeight")), convolution.toString());
        }
        assertEquals(21, count, "4 stages, 8 blocks of two, the FC");
        assertEquals(Runtime.version().toString(), json.get("java").getAsString());
        assertTrue(json.getAsJsonObject("libraries").get("libangulus").getAsString().endsWith("libangulus.so"));
        assertEquals("cpu", json.getAsJsonObject("device").get("name").getAsString());
    }
}
