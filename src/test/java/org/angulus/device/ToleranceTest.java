package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The suite's own instruments see what they must: numbers that differ, NaN, tests that prove nothing, bytes written outside. */
class ToleranceTest {
    private static double[] actual(double value) {
        return new double[] {1, value, 3};
    }

    @Test
    void numbersThatDifferFail() {
        Expected expected = new Expected(new double[] {1, 2, 3}, new double[] {1, 2, 3}, 4);
        Tolerance.check("same", Type.F32, actual(2), expected);
        Tolerance.check("rounded", Type.F32, actual(2 + 0x1p-23), expected);
        Tolerance.check("rounded to bf16", Type.BF16, actual(2 + 0x1p-8), expected);
        for (double wrong : new double[] {2.0001, -2, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThrows(AssertionError.class, () -> Tolerance.check("wrong", Type.F32, actual(wrong), expected), () -> String.valueOf(wrong));
        }
        assertThrows(AssertionError.class, () -> Tolerance.check("fewer", Type.F32, new double[] {1, 2}, expected));
    }

    @Test
    void infinityIsOnlyItself() {
        Expected expected = Expected.exact(new double[] {Double.NEGATIVE_INFINITY});
        Tolerance.check("same", Type.F32, new double[] {Double.NEGATIVE_INFINITY}, expected);
        assertThrows(AssertionError.class, () -> Tolerance.check("other", Type.F32, new double[] {Double.POSITIVE_INFINITY}, expected));
        assertThrows(AssertionError.class, () -> Tolerance.check("finite", Type.F32, new double[] {-1e38}, expected));
    }

    @Test
    void mostlyZerosProveNothing() {
        assertThrows(AssertionError.class, () -> Tolerance.check("zeros", Type.F32, new double[] {0, 0, 1}, Expected.exact(new double[] {0, 0, 1})));
    }

    @Test
    void toleranceGrowsWithLengthAndMagnitudeOnly() {
        double one = Tolerance.of(Type.F32, 16, 1, 0);
        assertTrue(one < 2e-6, () -> "16 terms of magnitude sum 1: " + one);
        assertTrue(Tolerance.of(Type.F32, 1600, 1, 0) < 8 * one);
        assertTrue(Tolerance.of(Type.F32, 16, 100, 0) > 99 * one);
        assertTrue(Tolerance.of(Type.BF16, 16, 1, 1) > 0x1p-9 && Tolerance.of(Type.BF16, 16, 1, 1) < 0x1p-6);
    }

    @OnEveryDevice
    void bytesWrittenOutsideAreSeen(String name) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.require(device, Op.FILL, Type.F32);
            for (long offset : new long[] {-16, 48, 64}) {
                GuardedMemory memory = new GuardedMemory(device);
                long y = memory.bytes(48);
                device.ops().fill(y + offset, 4, 1);
                AssertionError seen = assertThrows(AssertionError.class, memory::close);
                assertTrue(seen.getMessage().contains("the byte at " + offset + ", outside of it, was written"), seen::getMessage);
            }
            GuardedMemory memory = new GuardedMemory(device);
            long x = memory.input(new double[] {1, 2, 3, 4});
            device.ops().fill(x, 8, 1);
            assertTrue(assertThrows(AssertionError.class, memory::close).getMessage().contains("an input, but its byte 0 was written"));
        }
    }
}
