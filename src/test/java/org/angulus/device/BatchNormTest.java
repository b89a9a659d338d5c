package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The batch-norm ops and the running statistics. */
class BatchNormTest {
    private static final float EPSILON = 1e-3f;

    /** Inputs and the reference of one case. */
    private record Layer(BatchNormReference reference, double[] dy, double[] residual) {
        static Layer of(MatrixCase one, Type type, boolean prelu) {
            Numbers numbers = new Numbers(one.seed() + 1);
            int columns = one.columns();
            BatchNormReference reference;
            double[] x;
            do {
                x = numbers.signed(type, one.elements());
                double[] statistics = new double[2 * columns];
                Arrays.setAll(statistics, c -> Numbers.round(Type.F32, c < columns ? numbers.random().nextDouble(-0.5, 0.5)
                        : numbers.random().nextDouble(0.1, 1)));
                reference = new BatchNormReference(one.rows(), columns, EPSILON, x, statistics, numbers.signed(Type.F32, columns),
                        numbers.signed(Type.F32, columns), prelu ? numbers.signed(Type.F32, columns) : null);
            } while (reference.distanceFromKink() < 1e-6);
            return new Layer(reference, numbers.signed(type, one.elements()), numbers.signed(type, one.elements()));
        }

        BatchNormLayer upload(GuardedMemory memory, Matrix shape, long x) {
            return new BatchNormLayer(shape, EPSILON, x, memory.input(reference.statistics()), memory.input(reference.gamma()),
                    memory.input(reference.beta()), reference.slope() == null ? 0 : memory.input(reference.slope()));
        }
    }

    @OnEveryDeviceAndType
    void statistics(String name, Type type) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.BATCH_NORM_STATISTICS, type, MatrixCase.ALL, one -> {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    double[] x = new Numbers(one.seed()).signed(type, one.elements());
                    long out = memory.output(2L * one.columns());
                    device.ops().batchNormStatistics(one.matrix(type), memory.input(type, x), out,
                            memory.workspace(Op.BATCH_NORM_STATISTICS, one.rows(), one.columns()));
                    Tolerance.check("statistics", Type.F32, memory.read(out, 2L * one.columns()),
                            BatchNormReference.statistics(one.rows(), one.columns(), x));
                }
            });
        }
    }

    /** Where E[x^2] - E[x]^2 would lose every digit: values around 1000 that vary by 1. */
    @OnEveryDevice
    void statisticsFarFromZero(String name) {
        try (Device device = TestDevices.open(name); GuardedMemory memory = new GuardedMemory(device)) {
            KernelWalk.require(device, Op.BATCH_NORM_STATISTICS, Type.F32);
            int rows = 2000;
            double[] x = new Numbers(5).signed(Type.F32, rows);
            Arrays.setAll(x, i -> Numbers.round(Type.F32, 1000 + x[i]));
            long out = memory.output(2);
            device.ops().batchNormStatistics(new Matrix(rows, 1, Type.F32), memory.input(x), out, memory.workspace(Op.BATCH_NORM_STATISTICS, rows, 1));
            double variance = BatchNormReference.statistics(rows, 1, x).value[1];
            double error = Math.abs(memory.read(out, 2)[1] - variance) / variance;
            assertTrue(error <= 1e-4, () -> "relative error of the variance: " + error);
        }
    }

    @OnEveryDeviceAndType
    void forward(String name, Type type) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.BATCH_NORM_FORWARD, type, MatrixCase.ALL, one -> {
                for (boolean prelu : new boolean[] {false, true}) {
                    try (GuardedMemory memory = new GuardedMemory(device)) {
                        Layer layer = Layer.of(one, type, prelu);
                        int count = one.elements();
                        BatchNormLayer given = layer.upload(memory, one.matrix(type), memory.input(type, layer.reference.x()));
                        long y = memory.output(type, count);
                        device.ops().batchNormForward(given, 0, y);
                        Tolerance.check("y", type, memory.read(type, y, count), layer.reference.forward(null));
                        Expected sum = layer.reference.forward(layer.residual);
                        long residual = memory.inOut(type, layer.residual);
                        device.ops().batchNormForward(given, residual, residual);
                        Tolerance.check("y in the place of the residual", type, memory.read(type, residual, count), sum);
                        long x = memory.inOut(type, layer.reference.x());
                        device.ops().batchNormForward(layer.upload(memory, one.matrix(type), x), memory.input(type, layer.residual), x);
                        Tolerance.check("y in the place of x", type, memory.read(type, x, count), sum);
                    }
                }
            });
        }
    }

    @OnEveryDeviceAndType
    void backwardReduce(String name, Type type) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.BATCH_NORM_BACKWARD_REDUCE, type, MatrixCase.ALL, one -> {
                for (boolean prelu : new boolean[] {false, true}) {
                    for (Write write : Write.values()) {
                        reduce(device, type, one, prelu, write);
                    }
                }
            });
        }
    }

    private static void reduce(Device device, Type type, MatrixCase one, boolean prelu, Write write) {
        try (GuardedMemory memory = new GuardedMemory(device)) {
            Layer layer = Layer.of(one, type, prelu);
            int columns = one.columns();
            double[] before = new Numbers(3).signed(Type.F32, columns);
            long[] gradients = new long[3];
            for (int i = 0; i < 3; i++) {
                gradients[i] = write == Write.OVERWRITE ? memory.output(columns) : memory.inOut(before);
            }
            long sums = memory.output(2L * columns);
            BatchNormLayer given = layer.upload(memory, one.matrix(type), memory.input(type, layer.reference.x()));
            device.ops().batchNormBackwardReduce(given, write, memory.input(type, layer.dy), gradients[0], gradients[1], prelu ? gradients[2] : 0, sums,
                    memory.workspace(Op.BATCH_NORM_BACKWARD_REDUCE, one.rows(), columns));
            Expected expected = layer.reference.sums(layer.dy);
            Tolerance.check("sums", Type.F32, memory.read(sums, 2L * columns), expected);
            check(memory, "dbeta", gradients[1], half(expected, 0), write, before);
            check(memory, "dgamma", gradients[0], half(expected, columns), write, before);
            if (prelu) {
                check(memory, "dslope", gradients[2], layer.reference.slopeGradient(layer.dy), write, before);
            }
        }
    }

    private static Expected half(Expected sums, int from) {
        int columns = sums.value.length / 2;
        return new Expected(Arrays.copyOfRange(sums.value, from, from + columns), Arrays.copyOfRange(sums.magnitude, from, from + columns), sums.length);
    }

    private static void check(GuardedMemory memory, String what, long address, Expected gradient, Write write, double[] before) {
        double[] actual = memory.read(address, before.length);
        Tolerance.compare(what + " " + write, Type.F32, actual, write == Write.OVERWRITE ? gradient : gradient.accumulatedOnto(before));
    }

    @OnEveryDeviceAndType
    void backwardInput(String name, Type type) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.BATCH_NORM_BACKWARD_INPUT, type, MatrixCase.ALL, one -> {
                for (boolean prelu : new boolean[] {false, true}) {
                    try (GuardedMemory memory = new GuardedMemory(device)) {
                        Layer layer = Layer.of(one, type, prelu);
                        double[] sums = layer.reference.sums(layer.dy).value;
                        Arrays.setAll(sums, i -> Numbers.round(Type.F32, sums[i]));
                        Expected dx = layer.reference.inputGradient(layer.dy, sums);
                        BatchNormLayer given = layer.upload(memory, one.matrix(type), memory.input(type, layer.reference.x()));
                        long sumsAddress = memory.input(sums);
                        long out = memory.output(type, one.elements());
                        device.ops().batchNormBackwardInput(given, memory.input(type, layer.dy), sumsAddress, out);
                        Tolerance.check("dx", type, memory.read(type, out, one.elements()), dx);
                        long inPlace = memory.inOut(type, layer.dy);
                        device.ops().batchNormBackwardInput(given, inPlace, sumsAddress, inPlace);
                        Tolerance.check("dx in the place of dy", type, memory.read(type, inPlace, one.elements()), dx);
                    }
                }
            });
        }
    }

    @OnEveryDevice
    void runningStatistics(String name) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.RUNNING_STATISTICS, Type.F32, MatrixCase.ALL, one -> {
                for (boolean unbiased : new boolean[] {false, true}) {
                    try (GuardedMemory memory = new GuardedMemory(device)) {
                        Numbers numbers = new Numbers(one.seed());
                        double[] statistics = numbers.positive(Type.F32, 2L * one.columns());
                        double[] before = numbers.positive(Type.F32, 2L * one.columns());
                        long running = memory.inOut(before);
                        device.ops().runningStatistics(one.matrix(Type.F32), 0.875f, unbiased, memory.input(statistics), running);
                        Tolerance.check("running", Type.F32, memory.read(running, 2L * one.columns()),
                                BatchNormReference.running(one.rows(), 0.875, unbiased, statistics, before));
                    }
                }
            });
        }
    }

    /** Elementwise and not contracted: every instruction set gives the bits of the plain kernel. */
    @Test
    void forwardHasTheSameBitsOnEveryInstructionSet() {
        for (MatrixCase one : MatrixCase.ALL) {
            for (boolean prelu : new boolean[] {false, true}) {
                Layer layer = Layer.of(one, Type.F32, prelu);
                for (double[] residual : new double[][] {null, layer.residual()}) {
                    double[] plain = forward("cpu:baseline", one, layer, residual);
                    assertArrayEquals(plain, forward("cpu:avx2", one, layer, residual));
                    assertArrayEquals(plain, forward("cpu:avx512", one, layer, residual));
                }
            }
        }
    }

    private static double[] forward(String name, MatrixCase one, Layer layer, double[] residual) {
        try (Device device = TestDevices.open(name); GuardedMemory memory = new GuardedMemory(device)) {
            long y = memory.output(one.elements());
            device.ops().batchNormForward(layer.upload(memory, one.matrix(Type.F32), memory.input(layer.reference().x())),
                    residual == null ? 0 : memory.input(residual), y);
            return memory.read(y, one.elements());
        }
    }
}
