package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** Int8 inference: every kernel gives the bits of a reference that adds whole numbers. */
class Int8Test {
    /** A convolution and whether it has a slope and a residual and what it leaves. */
    private record Case(Conv2dCase shape, boolean slope, boolean residual, boolean rounded) {
        Conv2dShape z() {
            return shape.shape(Type.F32);
        }
    }

    private static List<Case> cases(Device device) {
        List<Case> all = new ArrayList<>();
        for (Conv2dCase one : Stream.concat(Conv2dCase.ALL.stream(), INT8.stream()).toList()) {
            if (TestDevices.affords(device, one.work())) {
                all.add(new Case(one, true, true, true));
                all.add(new Case(one, all.size() % 4 == 1, all.size() % 8 == 3, all.size() % 3 != 0));
            }
        }
        return all;
    }

    /** What only the int8 kernels' blocks of 16 quads and tiles see. */
    private static final List<Conv2dCase> INT8 = List.of(
            Conv2dCase.square("a block of 64 channels, two rows in a tile", 2, 6, 7, 64, 32, 3, 1, 1),
            Conv2dCase.square("two blocks less a quad", 1, 5, 14, 124, 33, 3, 1, 1),
            Conv2dCase.square("two blocks and a quad", 1, 5, 15, 132, 16, 3, 1, 1),
            Conv2dCase.square("a patch of quads", 1, 9, 30, 4, 40, 3, 2, 1),
            Conv2dCase.square("slots: rows cut into pieces, the last with fewer, stride 2", 1, 65, 63, 64, 33, 3, 2, 1),
            Conv2dCase.square("slots: pictures that share a piece", 70, 3, 3, 64, 40, 3, 1, 1),
            Conv2dCase.square("many inputs", 3, 1, 1, 4608, 48, 1, 1, 0));

    /** Its inputs and what must come out. */
    private static final class Data {
        final Conv2dShape z;
        final byte[] x;
        final byte[] w;
        final byte[] residual;
        final float[] scale;
        final float[] bias;
        final float[] slope;
        final int xZero;
        final int yZero;
        final int residualZero;
        final float residualScale = 0.37f;

        Data(Conv2dShape z, SplittableRandom random) {
            this.z = z;
            x = new byte[(int) z.inputs()];
            w = new byte[(int) z.weights()];
            residual = new byte[(int) z.outputs()];
            random.nextBytes(x);
            random.nextBytes(residual);
            for (int i = 0; i < w.length; i++) {
                w[i] = (byte) random.nextInt(-127, 128);
            }
            scale = new float[z.k()];
            bias = new float[z.k()];
            slope = new float[z.k()];
            xZero = random.nextInt(256);
            yZero = random.nextInt(256);
            residualZero = random.nextInt(256);
            // Sums spread by about 70 * 75 * sqrt(terms): results reach over both ends of 0 to 255.
            double unit = 100 / (5000 * Math.sqrt((double) z.r() * z.s() * z.c()));
            for (int k = 0; k < z.k(); k++) {
                scale[k] = (float) (unit * random.nextDouble(0.5, 1.5));
                bias[k] = (float) random.nextDouble(-60, 60);
                slope[k] = (float) random.nextDouble(-0.5, 0.5);
            }
        }

        long sum(int n, int p, int q, int k) {
            long sum = 0;
            for (int r = 0; r < z.r(); r++) {
                for (int s = 0; s < z.s(); s++) {
                    long h = (long) p * z.strideH() + r - z.padTop();
                    long v = (long) q * z.strideW() + s - z.padLeft();
                    if (h >= 0 && h < z.h() && v >= 0 && v < z.w()) {
                        for (int c = 0; c < z.c(); c++) {
                            int at = (int) (((n * z.h() + h) * z.w() + v) * z.c() + c);
                            sum += (long) ((x[at] & 255) - xZero) * w[((k * z.r() + r) * z.s() + s) * z.c() + c];
                        }
                    }
                }
            }
            return sum;
        }

        /** v of every output. */
        float[] values(Case one) {
            float[] values = new float[(int) z.outputs()];
            int at = 0;
            for (int n = 0; n < z.n(); n++) {
                for (int p = 0; p < z.p(); p++) {
                    for (int q = 0; q < z.q(); q++) {
                        for (int k = 0; k < z.k(); k++, at++) {
                            float v = scale[k] * Math.toIntExact(sum(n, p, q, k)) + bias[k];
                            v = one.slope() && !(v > 0) ? slope[k] * v : v;
                            values[at] = one.residual() ? v + residualScale * ((residual[at] & 255) - residualZero) : v;
                        }
                    }
                }
            }
            return values;
        }
    }

    private static byte[] rounded(float[] values, int zero) {
        byte[] result = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            result[i] = (byte) (int) Math.clamp(Math.rint(values[i]) + zero, 0, 255);
        }
        return result;
    }

    @OnEveryDevice
    void convolutionsAreExact(String name) {
        try (Device device = TestDevices.open(name)) {
            int[] middle = new int[1];
            KernelWalk.each(device, Op.INT8_CONV2D, Type.F32, cases(device), one -> {
                Data d = new Data(one.z(), new SplittableRandom(one.hashCode()));
                float[] values = d.values(one);
                byte[] expected = rounded(values, d.yZero);
                for (byte value : expected) {
                    middle[0] += value != 0 && value != -1 ? 1 : 0;
                }
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    if (one.rounded()) {
                        assertArrayEquals(expected, bytes(device, memory, one, d, false));
                        if (one.residual()) {
                            assertArrayEquals(expected, bytes(device, memory, one, d, true), "in the place of the residual");
                        }
                    } else {
                        long y = memory.output(d.z.outputs());
                        run(device, memory, one, d, y, one.residual() ? memory.input(d.residual) : 0);
                        assertArrayEquals(values, device.transfers().floats(y, values.length));
                    }
                }
            });
            assertTrue(middle[0] > 1000, "most results are no bound of the range");
        }
    }

    private static byte[] bytes(Device device, GuardedMemory memory, Case one, Data d, boolean inPlace) {
        long y = memory.bytes(d.residual.length);
        if (inPlace) {
            device.transfers().upload(y, d.residual);
        }
        run(device, memory, one, d, y, inPlace ? y : one.residual() ? memory.input(d.residual) : 0);
        return device.transfers().bytes(y, d.residual.length);
    }

    private static void run(Device device, GuardedMemory memory, Case one, Data d, long y, long residual) {
        long prepared = memory.bytes(device.ops().int8PreparedBytes(d.z));
        device.ops().int8Prepare(d.z, memory.input(d.w), prepared);
        device.ops().int8Conv2d(new Int8Conv2d(d.z, one.rounded(), d.xZero, d.yZero, d.residualZero, d.residualScale, memory.input(d.x), prepared,
                memory.input(doubles(d.scale)), memory.input(doubles(d.bias)), one.slope() ? memory.input(doubles(d.slope)) : 0, residual, y));
    }

    private static double[] doubles(float[] values) {
        double[] result = new double[values.length];
        Arrays.setAll(result, i -> values[i]);
        return result;
    }

    /** The largest sums that the header allows: 65536 products of 255 and 127, of both signs. */
    @OnEveryDevice
    void theLargestSumsFit(String name) {
        try (Device device = TestDevices.open(name)) {
            Conv2dShape z = Conv2dShape.linear(1, 65536, 2, Type.F32);
            Data d = new Data(z, new SplittableRandom(1));
            Arrays.fill(d.x, (byte) 255);
            Arrays.fill(d.w, 0, 65536, (byte) 127);
            Arrays.fill(d.w, 65536, 2 * 65536, (byte) -127);
            Case one = new Case(new Conv2dCase("largest", 1, 1, 1, 65536, 2, 1, 1, 1, 1, 0, 0, 0, 0), false, false, false);
            KernelWalk.each(device, Op.INT8_CONV2D, Type.F32, List.of(one), largest -> {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    long y = memory.output(2);
                    run(device, memory, largest, d, y, 0);
                    assertArrayEquals(d.values(largest), device.transfers().floats(y, 2));
                }
            });
        }
    }

    @OnEveryDevice
    void quantizingRoundsTiesToEvenAndSaturates(String name) {
        try (Device device = TestDevices.open(name)) {
            SplittableRandom random = new SplittableRandom(5);
            double[] x = random.doubles(70_000, -60, 60).map(v -> (float) v).toArray();
            double[] special = {0, -0.0, 0.25, 0.75, 1.25, -0.25, -0.75, 1e30f, -1e30f, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
            System.arraycopy(special, 0, x, 0, special.length);
            KernelWalk.each(device, Op.QUANTIZE, Type.F32, List.of(0, 99, 255), zero -> {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    long y = memory.bytes(x.length);
                    device.ops().quantize(x.length, 2, zero, memory.input(x), y);
                    float[] steps = new float[x.length];
                    for (int i = 0; i < x.length; i++) {
                        steps[i] = 2 * (float) x[i];
                    }
                    assertArrayEquals(rounded(steps, zero), device.transfers().bytes(y, x.length));
                }
            });
        }
    }

    @OnEveryDevice
    void wrongCallsAreRefusedInASentence(String name) {
        try (Device device = TestDevices.open(name); DeviceBuffer buffer = device.allocate(4096)) {
            long a = buffer.address();
            Conv2dShape z = Conv2dShape.square(1, 4, 4, 4, 8, 3, 1, 1, Type.F32);
            if (device.kernels(Op.INT8_CONV2D).isEmpty()) {
                assertEquals("int8_prepare: device " + device + " has no int8 kernels; use the device cpu, or a model in f32",
                        assertThrows(DeviceUnavailableException.class, () -> device.ops().int8PreparedBytes(z)).getMessage());
                assertThrows(DeviceUnavailableException.class, () -> device.ops().quantize(4, 1, 0, a, a + 64));
                Assumptions.abort(device + " has no int8 kernels");
            }
            assertEquals(288 * 4 + 128, device.ops().int8PreparedBytes(z));
            assertEquals("int8_prepare: r * s * c is 65537; expected 1 to 65536",
                    refusal(() -> device.ops().int8PreparedBytes(Conv2dShape.linear(1, 65537, 1, Type.F32))));
            assertEquals("int8_prepare: type is 1; expected 0 to 0", refusal(() -> device.ops().int8PreparedBytes(z.withType(Type.BF16))));
            assertEquals("quantize: zero is 256; expected 0 to 255", refusal(() -> device.ops().quantize(4, 1, 256, a, a + 64)));
            assertEquals("int8_conv2d: x_zero is -1; expected 0 to 255",
                    refusal(() -> device.ops().int8Conv2d(new Int8Conv2d(z, true, -1, 0, 0, 0, a, a, a, a, 0, 0, a))));
            assertEquals("int8_conv2d: prepared is missing (address 0); expected 1280 bytes of device memory",
                    refusal(() -> device.ops().int8Conv2d(new Int8Conv2d(z, true, 0, 0, 0, 0, a, 0, a, a, 0, 0, a))));
        }
    }

    private static String refusal(Runnable call) {
        return assertThrows(DeviceException.class, call::run).getMessage();
    }
}
