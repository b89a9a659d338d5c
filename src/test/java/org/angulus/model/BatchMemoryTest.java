package org.angulus.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.angulus.device.Device;
import org.angulus.device.OutOfDeviceMemoryException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A batch for which a device has no memory. */
class BatchMemoryTest {
    private static final Pattern SENTENCE = Pattern.compile(
            "embedding with 4096 images at a time takes ([0-9.]+) GiB of memory, and .* of .* are free on (cpu|simt); (\\d+) at a time fit");

    /** A picture of 128x128 is small, and takes 128 MiB behind the first layer. */
    @ParameterizedTest
    @ValueSource(strings = {"cpu", "simt"})
    void anAbsurdBatchIsRefusedWithOneThatFitsAndGivesEverythingBack(String name) {
        ResFaceConfig config = ResFaceConfig.of("resface4", Variant.ARTICLE).withWidths(List.of(8192, 8, 8, 8)).withCrop(128, 128).withEmbeddingSize(8);
        var network = new ResFace(config);
        Weights weights = Weights.draw(
                Stream.concat(network.parameters().stream(), network.statistics().entries().stream().map(FlatLayout.Entry::spec)).toList(), 1);
        try (Device device = Device.open(name)) {
            long before = device.info().allocatedBytes();
            OutOfDeviceMemoryException refused = assertThrows(
                    OutOfDeviceMemoryException.class, () -> new EmbeddingNetwork(device, config, InputFormat.DEFAULT, weights, 4096));
            Matcher sentence = SENTENCE.matcher(refused.getMessage());
            assertTrue(sentence.matches(), refused.getMessage());
            double images = 4096 * 64.0 * 64 * 8192 * 4 / (1L << 30);
            assertTrue(Double.parseDouble(sentence.group(1)) > images, refused.getMessage());
            assertTrue(Integer.parseInt(sentence.group(3)) < 4096, refused.getMessage());
            assertNotNull(refused.getCause());
            assertEquals(before, device.info().allocatedBytes());
        }
    }

    @Test
    void theSuggestionIsTheLargestHalfThatFits() {
        try (Device device = Device.open("cpu")) {
            var full = assertThrows(OutOfDeviceMemoryException.class, () -> device.allocate(1L << 60));
            long free = device.info().freeBytes();
            long one = free / 20; // what is free may change meanwhile; 16 of them fit, and 32 do not
            OutOfDeviceMemoryException refused = BatchMemory.refused(device, "training", 256, n -> n * one, full);
            assertTrue(refused.getMessage().endsWith("; 16 at a time fit"), refused.getMessage());
            OutOfDeviceMemoryException hopeless = BatchMemory.refused(device, "training", 256, n -> n * (free + (1L << 40)), full);
            assertTrue(hopeless.getMessage().endsWith("not even one image fits: take a smaller network"), hopeless.getMessage());
        }
    }
}
