package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** max_pool_forward and max_pool_backward. */
class MaxPoolTest {
    /** The name says what is hit. */
    private record Case(String name, int n, int h, int w, int c, int window, int stride, boolean ceil) {
        MaxPoolShape shape(Type type) {
            return ceil ? MaxPoolShape.ceil(n, h, w, c, window, stride, type) : new MaxPoolShape(n, h, w, c, window, stride, 0, 0, type);
        }

        @Override
        public String toString() {
            return name + " " + shape(Type.F32);
        }
    }

    private static final List<Case> CASES = List.of(
            new Case("one number", 1, 1, 1, 1, 1, 1, false),
            new Case("halves an even picture", 2, 8, 6, 16, 2, 2, false),
            new Case("drops an odd edge", 1, 5, 7, 8, 2, 2, false),
            new Case("keeps an odd edge", 2, 5, 7, 10, 2, 2, true),
            new Case("overlapping windows", 2, 7, 7, 8, 3, 2, true),
            new Case("overlapping windows, cut on one side", 1, 8, 7, 28, 3, 2, true),
            new Case("every place in nine windows", 1, 6, 5, 3, 3, 1, false),
            new Case("places that no window holds", 1, 9, 8, 32, 2, 3, false),
            new Case("a window as large as the picture", 3, 4, 4, 17, 4, 1, false),
            new Case("the largest window", 1, 16, 15, 2, 15, 1, false),
            new Case("more channels than a chunk", 1, 3, 2, 517, 2, 1, true));

    private static double[] output(MaxPoolShape z, double[] x) {
        return Arrays.stream(winners(z, x)).mapToDouble(i -> x[i]).toArray();
    }

    /** For each number of y the element of x that it is: the first of the largest. */
    private static int[] winners(MaxPoolShape z, double[] x) {
        int[] winner = new int[Math.toIntExact(z.outputs())];
        for (int at = 0; at < winner.length; at++) {
            int c = at % z.c();
            int q = at / z.c() % z.q();
            int p = at / z.c() / z.q() % z.p();
            int image = at / z.c() / z.q() / z.p();
            winner[at] = IntStream.range(0, z.window() * z.window())
                    .filter(i -> p * z.stride() + i / z.window() < z.h() && q * z.stride() + i % z.window() < z.w())
                    .map(i -> ((image * z.h() + p * z.stride() + i / z.window()) * z.w() + q * z.stride() + i % z.window()) * z.c() + c)
                    .reduce((first, second) -> x[second] > x[first] ? second : first).orElseThrow();
        }
        return winner;
    }

    private static Expected inputGradient(MaxPoolShape z, double[] x, double[] dy) {
        Expected dx = new Expected(x.length, (long) z.window() * z.window());
        int[] winners = winners(z, x);
        for (int at = 0; at < dy.length; at++) {
            dx.add(winners[at], dy[at]);
        }
        return dx;
    }

    @OnEveryDeviceAndType
    void forwardThenBackward(String name, Type type) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.require(device, Op.MAX_POOL_BACKWARD, type);
            for (Op forced : List.of(Op.MAX_POOL_FORWARD, Op.MAX_POOL_BACKWARD)) {
                KernelWalk.each(device, forced, type, CASES, one -> {
                    MaxPoolShape z = one.shape(type);
                    Numbers numbers = new Numbers(one.name().hashCode());
                    double[] x = numbers.signed(type, z.inputs());
                    double[] dy = numbers.signed(type, z.outputs());
                    try (GuardedMemory memory = new GuardedMemory(device)) {
                        long in = memory.input(type, x);
                        long winner = memory.bytes(z.outputs());
                        long y = memory.output(type, z.outputs());
                        device.ops().maxPoolForward(z, in, winner, y);
                        Tolerance.check("y", type, memory.read(type, y, z.outputs()), Expected.exact(output(z, x)));
                        long alone = memory.output(type, z.outputs());
                        device.ops().maxPoolForward(z, in, 0, alone);
                        assertArrayEquals(memory.read(type, y, z.outputs()), memory.read(type, alone, z.outputs()), "y without a winner");
                        long dx = memory.output(type, z.inputs());
                        device.ops().maxPoolBackward(z, memory.input(type, dy), winner, dx);
                        Tolerance.compare("dx", type, memory.read(type, dx, z.inputs()), inputGradient(z, x, dy));
                    }
                });
            }
        }
    }

    /** Equal numbers: the first wins. A NaN is never lost. */
    @OnEveryDevice
    void tiesAndWhatIsNoNumber(String name) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.MAX_POOL_FORWARD, Type.F32, List.of(1, 8, 19), channels -> {
                double[] picture = {3, 3, -1, Double.NaN, 3, 3, 5, 9, Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY, 7, -2, Double.NEGATIVE_INFINITY,
                        Double.NEGATIVE_INFINITY, -8, 7};
                double[] x = new double[picture.length * channels];
                Arrays.setAll(x, i -> picture[i / channels]);
                MaxPoolShape z = new MaxPoolShape(1, 4, 4, channels, 2, 2, 0, 0, Type.F32);
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    long winner = memory.bytes(z.outputs());
                    long y = memory.output(z.outputs());
                    device.ops().maxPoolForward(z, memory.input(x), winner, y);
                    double[] expected = {3, Double.NaN, Double.NEGATIVE_INFINITY, 7};
                    byte[] places = {0, 1, 0, 0};
                    byte[] found = device.transfers().bytes(winner, (int) z.outputs());
                    double[] values = memory.read(y, z.outputs());
                    for (int i = 0; i < values.length; i++) {
                        assertEquals(expected[i / channels], values[i], "y");
                        assertEquals(places[i / channels], found[i], "winner");
                    }
                }
            });
        }
    }

    @Test
    void referenceGradientIsThatOfTheReference() {
        for (Case one : CASES) {
            MaxPoolShape z = one.shape(Type.F32);
            if (z.inputs() < 2000) {
                Numbers numbers = new Numbers(one.name().hashCode());
                double[] x = numbers.signed(Type.F32, z.inputs());
                double[] dy = numbers.signed(Type.F32, z.outputs());
                double[] dx = inputGradient(z, x, dy).value;
                FiniteDifference.check(one.toString(), at -> {
                    double[] y = output(z, at);
                    return IntStream.range(0, y.length).mapToDouble(i -> y[i] * dy[i]).sum();
                }, x, dx);
            }
        }
    }

    @Test
    void ceilCountsAsCaffeDoes() {
        for (int size = 2; size < 30; size++) {
            for (int window = 2; window <= Math.min(3, size); window++) {
                assertEquals((int) Math.ceil((size - window) / 2.0) + 1, MaxPoolShape.ceil(1, size, size, 1, window, 2, Type.F32).p());
            }
        }
    }
}
