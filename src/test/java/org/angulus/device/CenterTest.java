package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Center loss: value, gradient and both updates against plain formulas. */
class CenterTest {
    private static final StepScalars SCALARS = new StepScalars(3, 0, 0, 0, 0, 0);

    private record Sizes(int n, int d, int classes, boolean meanOfNumbers, boolean counted) {
    }

    private static final List<Sizes> SIZES = List.of(new Sizes(1, 1, 1, false, true), new Sizes(5, 7, 3, true, false), new Sizes(40, 33, 6, false, true),
            new Sizes(9, 300, 100, true, true), new Sizes(130, 2, 4, false, false));

    private static double loss(Sizes z, double[] x, double[] centers, int[] labels) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            double difference = x[i] - centers[labels[i / z.d] * z.d + i % z.d];
            sum += difference * difference;
        }
        return sum / z.n / (z.meanOfNumbers ? z.d : 2);
    }

    private static Expected gradient(Sizes z, double[] x, double[] centers, int[] labels, double weight) {
        Expected dx = new Expected(x.length, 4);
        double factor = weight * (z.meanOfNumbers ? 2.0 / z.d : 1) / z.n;
        for (int i = 0; i < x.length; i++) {
            double center = centers[labels[i / z.d] * z.d + i % z.d];
            dx.add(i, factor * x[i]);
            dx.add(i, -factor * center);
        }
        return dx;
    }

    private static Expected updated(Sizes z, double[] x, double[] centers, int[] labels, double rate) {
        Expected now = new Expected(centers.length, z.n);
        int[] rows = new int[z.classes];
        for (int label : labels) {
            rows[label]++;
        }
        for (int i = 0; i < centers.length; i++) {
            now.add(i, centers[i]);
        }
        for (int i = 0; i < x.length; i++) {
            int label = labels[i / z.d];
            int at = label * z.d + i % z.d;
            now.add(at, -rate / (z.counted ? 1 + rows[label] : 1) * (centers[at] - x[i]));
        }
        return now;
    }

    @Test
    void referenceGradient() {
        for (Sizes z : SIZES) {
            Numbers numbers = new Numbers(z.hashCode());
            double[] x = numbers.signed(Type.F32, (long) z.n * z.d);
            double[] centers = numbers.signed(Type.F32, (long) z.classes * z.d);
            int[] labels = numbers.labels(z.n, z.classes);
            FiniteDifference.check(z + " dx", rows -> loss(z, rows, centers, labels), x, gradient(z, x, centers, labels, 1).value);
        }
    }

    @OnEveryDevice
    void lossAndGradient(String name) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.CENTER_LOSS, Type.F32, SIZES, z -> {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    Numbers numbers = new Numbers(z.hashCode());
                    double[] x = numbers.signed(Type.F32, (long) z.n * z.d);
                    double[] centers = numbers.signed(Type.F32, (long) z.classes * z.d);
                    int[] labels = numbers.labels(z.n, z.classes);
                    double[] before = numbers.signed(Type.F32, x.length);
                    CenterOperands operands = operands(memory, z, x, labels);
                    Expected expected = gradient(z, x, centers, labels, 0.25);
                    long dx = memory.output(x.length);
                    long added = memory.inOut(before);
                    long summary = memory.bytes(MetricSummary.BYTES);
                    long workspace = memory.workspace(Op.CENTER_LOSS, z.n, z.d);
                    long at = memory.input(centers);
                    device.ops().centerLoss(operands, Write.OVERWRITE, at, dx, summary, workspace);
                    device.ops().centerLoss(operands, Write.ACCUMULATE, at, added, summary, workspace);
                    Tolerance.check("dx", Type.F32, memory.read(dx, x.length), expected);
                    Tolerance.check("dx added", Type.F32, memory.read(added, x.length), expected.accumulatedOnto(before));
                    double loss = loss(z, x, centers, labels);
                    assertEquals(loss, device.transfers().metricSummary(summary).loss(), 1e-6 * loss);
                }
            });
        }
    }

    private static CenterOperands operands(GuardedMemory memory, Sizes z, double[] x, int[] labels) {
        return new CenterOperands(z.n, z.d, z.classes, z.meanOfNumbers, 0.25f, 0.5f, z.counted, memory.input(x), memory.input(labels), memory.input(SCALARS));
    }

    @OnEveryDevice
    void update(String name) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.CENTER_UPDATE, Type.F32, SIZES, z -> {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    Numbers numbers = new Numbers(z.hashCode());
                    double[] x = numbers.signed(Type.F32, (long) z.n * z.d);
                    double[] centers = numbers.signed(Type.F32, (long) z.classes * z.d);
                    int[] labels = numbers.labels(z.n, z.classes);
                    long at = memory.inOut(centers);
                    device.ops().centerUpdate(operands(memory, z, x, labels), at);
                    Tolerance.check("centers", Type.F32, memory.read(at, centers.length), updated(z, x, centers, labels, 0.5));
                }
            });
        }
    }

    /** A row whose label is none adds nothing, and is a fault. */
    @OnEveryDevice
    void badLabels(String name) {
        try (Device device = TestDevices.open(name); GuardedMemory memory = new GuardedMemory(device)) {
            KernelWalk.require(device, Op.CENTER_LOSS, Type.F32);
            Sizes z = new Sizes(3, 2, 2, false, true);
            double[] x = {0.5, 0.25, 1, 1, 0.75, 1};
            CenterOperands operands = operands(memory, z, x, new int[] {1, 2, -1});
            long dx = memory.output(6);
            device.ops().centerLoss(operands, Write.OVERWRITE, memory.input(new double[4]), dx, memory.bytes(MetricSummary.BYTES),
                    memory.workspace(Op.CENTER_LOSS, 3, 2));
            DeviceFaultException fault = assertThrows(DeviceFaultException.class, device::sync);
            assertEquals("center_loss met a label outside [0, classes) at index 1 in step 3", fault.fault().orElseThrow().words());
            assertEquals(0, memory.read(dx, 6)[2]);
            long centers = memory.inOut(new double[] {0.5, 0.5, 0.5, 0.5});
            device.ops().centerUpdate(operands, centers);
            assertThrows(DeviceFaultException.class, device::sync);
            double[] now = memory.read(centers, 4);
            assertEquals(0.5, now[0]);
            assertEquals(0.4375, now[3]);
        }
    }
}
