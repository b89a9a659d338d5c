package org.angulus.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.angulus.device.Device;
import org.angulus.device.DeviceBuffer;
import org.angulus.device.TestDevices;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tensors smaller than what goes at a time, larger, with rows that are larger, and dense neighbours. */
class FlatBufferTest {
    private static final Start DRAWN = Start.normal(1);
    private static final int NAN = Float.floatToRawIntBits(Float.NaN);

    private final TensorSpec mean = TensorSpec.vector("mean", ParameterKind.STATISTICS, 10, DRAWN);
    private final TensorSpec variance = TensorSpec.vector("variance", ParameterKind.STATISTICS, 10, DRAWN);
    private final List<TensorSpec> aligned = List.of(
            TensorSpec.filter("filter", 3, 5, 3, 3, DRAWN),
            TensorSpec.classes("classes", 1001, 200, DRAWN),
            TensorSpec.linear("linear", 2, 1111, 63, DRAWN),
            TensorSpec.vector("bias", ParameterKind.BIAS, 70_001, DRAWN));
    private final FlatLayout layout = new FlatLayout();

    @BeforeEach
    void layOut() {
        layout.add(mean);
        layout.addDense(variance);
        aligned.forEach(layout::add);
    }

    @ParameterizedTest
    @MethodSource("org.angulus.device.TestDevices#all")
    void whatIsWrittenIsReadAndTheGapsAreZero(String name) {
        try (Device device = TestDevices.open(name);
                DeviceBuffer memory = device.allocate(Float.BYTES * layout.count())) {
            var buffer = new FlatBuffer(device, layout, memory.address());
            Weights drawn = Weights.draw(Stream.concat(Stream.of(mean, variance), aligned.stream()).toList(), 5);
            device.ops().fill(memory.address(), memory.bytes(), NAN);
            buffer.write(drawn);
            assertSame(drawn, buffer.read());
            assertGapsAreZero(drawn, device.transfers().floats(memory.address(), Math.toIntExact(layout.count())));
            device.ops().fill(memory.address(), memory.bytes(), NAN);
            buffer.start(5);
            assertSame(drawn, buffer.read());
            assertGapsAreZero(drawn, device.transfers().floats(memory.address(), Math.toIntExact(layout.count())));
        }
    }

    private static void assertSame(Weights expected, Weights actual) {
        assertEquals(expected.specs(), actual.specs());
        expected.specs().forEach(spec -> assertArrayEquals(expected.get(spec), actual.get(spec), spec.name()));
    }

    /** All that is not 0 lies in tensors, which begin at multiples of 64 but for the dense one. */
    private void assertGapsAreZero(Weights weights, float[] memory) {
        double inTensors = 0;
        for (FlatLayout.Entry entry : layout.entries()) {
            assertEquals(entry.spec().equals(variance) ? 10 : 0, entry.offset() % 64, entry.spec().name());
            for (float value : weights.get(entry.spec())) {
                inTensors += Math.abs(value);
            }
        }
        double inMemory = 0;
        for (float value : memory) {
            inMemory += Math.abs(value);
        }
        assertTrue(inTensors > 100_000);
        assertEquals(inTensors, inMemory, 1e-9 * inTensors);
    }
}
