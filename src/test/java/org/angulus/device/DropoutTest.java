package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;

/** dropout: the very mask of the generator, on every device. */
class DropoutTest {
    private static final long SEED = 0x0123456789abcdefL;
    private static final int PURPOSE = 7;
    private static final long COUNTER = 0x500000003L;

    @OnEveryDeviceAndType
    void keepsWhatTheGeneratorSays(String name, Type type) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.DROPOUT, type, MatrixCase.ALL, one -> {
                for (float keep : new float[] {0.2f, 0.8f, 1}) {
                    try (GuardedMemory memory = new GuardedMemory(device)) {
                        int count = one.elements();
                        double[] x = new Numbers(one.seed()).signed(type, count);
                        Expected y = new Expected(count, 1);
                        for (int i = 0; i < count; i++) {
                            y.add(i, PhiloxReference.uniform(SEED, PURPOSE, COUNTER, i) < keep ? x[i] / keep : 0);
                        }
                        long scalars = memory.input(new StepScalars(3, COUNTER, 0, 0, 0, 0));
                        long out = memory.output(type, count);
                        device.ops().dropout(one.matrix(type), keep, SEED, PURPOSE, memory.input(type, x), scalars, out);
                        Tolerance.compare("y, keep " + keep, type, memory.read(type, out, count), y);
                        long inPlace = memory.inOut(type, x);
                        device.ops().dropout(one.matrix(type), keep, SEED, PURPOSE, inPlace, scalars, inPlace);
                        assertArrayEquals(memory.read(type, out, count), memory.read(type, inPlace, count), "y in the place of x");
                    }
                }
            });
        }
    }

    @OnEveryDevice
    void drawsDifferByEachOfTheirNumbers(String name) {
        try (Device device = TestDevices.open(name); GuardedMemory memory = new GuardedMemory(device)) {
            KernelWalk.require(device, Op.DROPOUT, Type.F32);
            double[] ones = new double[4096];
            Arrays.fill(ones, 1);
            long x = memory.input(ones);
            double[] first = mask(memory, x, SEED, PURPOSE, COUNTER);
            double kept = Arrays.stream(first).filter(v -> v != 0).count() / 4096.0;
            assertEquals(0.5, kept, 0.04, "share of kept elements"); // five standard deviations
            double[][] others = {mask(memory, x, SEED + 1, PURPOSE, COUNTER), mask(memory, x, SEED, PURPOSE + 1, COUNTER),
                    mask(memory, x, SEED, PURPOSE, COUNTER + 1), mask(memory, x, SEED + (1L << 32), PURPOSE, COUNTER)};
            for (double[] other : others) {
                int same = 0;
                for (int i = 0; i < 4096; i++) {
                    same += first[i] == other[i] ? 1 : 0;
                }
                int agreeing = same;
                assertTrue(agreeing > 1850 && agreeing < 2250, () -> "two draws agree in " + agreeing + " of 4096 elements");
            }
        }
    }

    private static double[] mask(GuardedMemory memory, long x, long seed, int purpose, long counter) {
        long y = memory.output(4096);
        memory.device().ops().dropout(new Matrix(64, 64, Type.F32), 0.5f, seed, purpose, x, memory.input(new StepScalars(0, counter, 0, 0, 0, 0)), y);
        return memory.read(y, 4096);
    }
}
