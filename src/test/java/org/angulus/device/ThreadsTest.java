package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Assumptions;

/** The number of threads changes no bit of any op that sums. */
class ThreadsTest {
    @OnEveryDevice
    void threadsChangeNoBit(String name) {
        try (Device device = TestDevices.open(name)) {
            Map<String, Supplier<double[]>> runs = runs(device);
            Map<String, double[]> first = new LinkedHashMap<>();
            for (int threads : new int[] {1, 2, 3, 5}) {
                setOrAbort(device, threads);
                assertEquals(threads, name.startsWith("cpu") ? device.info().threads() : threads);
                runs.forEach((what, run) -> {
                    double[] result = run.get();
                    double[] before = first.putIfAbsent(what, result);
                    if (before != null) {
                        assertArrayEquals(before, result, what + " with " + threads + " threads");
                    }
                });
            }
        }
    }

    private static void setOrAbort(Device device, int threads) {
        try {
            device.setThreads(threads);
        } catch (DeviceUnavailableException noWorkers) {
            Assumptions.abort(noWorkers.getMessage());
        }
    }

    private static Map<String, Supplier<double[]>> runs(Device device) {
        Map<String, Supplier<double[]>> runs = new LinkedHashMap<>();
        boolean simt = device.name().equals("simt");
        for (int filter : new int[] {3, 5}) { // no kernel of Winograd's takes both
            putConvolutions(runs, device, simt
                    ? Conv2dShape.square(2, 6, 5, 8, 12, filter, 1, filter / 2, Type.F32)
                    : Conv2dShape.square(5, 13, 11, 24, 36, filter, 1, filter / 2, Type.F32));
        }
        if (!simt) {
            putConvolutions(runs, device, Conv2dShape.square(5, 13, 11, 72, 36, 3, 1, 1, Type.BF16));
            putConvolutions(runs, device, Conv2dShape.linear(5, 500, 700, Type.BF16)); // many panels: the input is packed first
        }
        for (Op op : List.of(Op.CONV2D_FORWARD, Op.CONV2D_BACKWARD_INPUT, Op.CONV2D_BACKWARD_WEIGHT)) {
            device.kernels(op).stream().filter(kernel -> KernelWalk.isFor(kernel, Type.F32) || !simt && KernelWalk.isFor(kernel, Type.BF16)).forEach(kernel ->
                    assertTrue(runs.keySet().stream().anyMatch(what -> what.startsWith(kernel)), kernel + " takes none of the shapes"));
        }
        if (!device.kernels(Op.CHANNEL_SUM).isEmpty()) {
            runs.put("channel_sum", () -> channelSum(device));
        }
        if (!device.kernels(Op.BATCH_NORM_STATISTICS).isEmpty()) {
            runs.put("batch_norm_statistics", () -> statistics(device));
        }
        putEach(runs, device, Op.BATCH_NORM_BACKWARD_REDUCE, ThreadsTest::batchNormBackwardReduce);
        putEach(runs, device, Op.BATCH_NORM_BACKWARD_INPUT, ThreadsTest::batchNormBackwardInput);
        if (!device.kernels(Op.GRADIENT_NORM).isEmpty()) {
            runs.put("gradient_norm", () -> norm(device));
        }
        putEach(runs, device, Op.MARGIN_FORWARD, ThreadsTest::marginForward);
        putEach(runs, device, Op.MARGIN_BACKWARD, ThreadsTest::marginBackward);
        putEach(runs, device, Op.METRIC_DISTANCES, ThreadsTest::metric);
        putEach(runs, device, Op.METRIC_LOSS, ThreadsTest::metric);
        putEach(runs, device, Op.METRIC_BACKWARD, ThreadsTest::metric);
        putEach(runs, device, Op.CENTER_UPDATE, ThreadsTest::centers);
        return runs;
    }

    private static void putConvolutions(Map<String, Supplier<double[]>> runs, Device device, Conv2dShape shape) {
        Numbers numbers = new Numbers(2);
        double[] x = numbers.signed(shape.type(), shape.inputs());
        double[] w = numbers.signed(Type.F32, shape.weights());
        double[] dy = numbers.signed(shape.type(), shape.outputs());
        for (ConvolutionRun run : List.of(ConvolutionRun.forward(x, w), ConvolutionRun.backwardInput(dy, w), ConvolutionRun.backwardWeight(x, dy))) {
            List<String> kernels = device.kernels(run.direction().op());
            for (int kernel = 0; kernel < kernels.size(); kernel++) {
                int k = kernel;
                if (KernelWalk.isFor(kernels.get(kernel), shape.type()) && takes(device, shape, run.direction(), kernel)) {
                    runs.put(kernels.get(kernel) + " " + shape.r() + " " + shape.c(), () -> run.on(device, shape, k).output());
                }
            }
        }
    }

    private static boolean takes(Device device, Conv2dShape shape, Direction direction, int kernel) {
        try {
            device.ops().conv2dPlan(shape, direction, Epilogue.NONE, Write.OVERWRITE, kernel);
            return true;
        } catch (DeviceUnavailableException another) {
            return false;
        }
    }

    private static double[] channelSum(Device device) {
        try (GuardedMemory memory = new GuardedMemory(device)) {
            long y = memory.output(17);
            device.ops().channelSum(new Matrix(3001, 17, Type.F32), Write.OVERWRITE, memory.input(new Numbers(3).signed(Type.F32, 3001 * 17)), y,
                    memory.workspace(Op.CHANNEL_SUM, 3001, 17));
            return memory.read(y, 17);
        }
    }

    private static double[] statistics(Device device) {
        try (GuardedMemory memory = new GuardedMemory(device)) {
            long y = memory.output(34);
            device.ops().batchNormStatistics(new Matrix(3001, 17, Type.F32), memory.input(new Numbers(4).signed(Type.F32, 3001 * 17)), y,
                    memory.workspace(Op.BATCH_NORM_STATISTICS, 3001, 17));
            return memory.read(y, 34);
        }
    }

    private static double[] norm(Device device) {
        try (GuardedMemory memory = new GuardedMemory(device)) {
            long control = memory.inOut(new StepControl(0, 0, false, 0, 0));
            device.ops().gradientNorm(100_003, 1, 1, memory.input(new Numbers(5).signed(Type.F32, 100_003)), control,
                    memory.workspace(Op.GRADIENT_NORM, 100_003, 1));
            return memory.read(control, 2);
        }
    }

    /** Many rows and, for the vectors' tails, an odd number of columns. */
    private static BatchNormLayer batchNorm(GuardedMemory memory, Numbers numbers) {
        int rows = 3001;
        int columns = 77;
        return new BatchNormLayer(new Matrix(rows, columns, Type.F32), 1e-3f, memory.input(numbers.signed(Type.F32, rows * columns)),
                memory.input(numbers.positive(Type.F32, 2 * columns)), memory.input(numbers.signed(Type.F32, columns)),
                memory.input(numbers.signed(Type.F32, columns)), memory.input(numbers.signed(Type.F32, columns)));
    }

    /** dgamma, dbeta, dslope and the two sums. */
    private static double[] batchNormBackwardReduce(GuardedMemory memory) {
        Numbers numbers = new Numbers(8);
        BatchNormLayer layer = batchNorm(memory, numbers);
        int columns = layer.shape().columns();
        int stride = (columns + 3) / 4 * 4; // addresses are multiples of 16 bytes
        long count = 3L * stride + 2L * columns;
        long out = memory.output(count);
        long bytes = (long) Float.BYTES * stride;
        memory.device().ops().batchNormBackwardReduce(layer, Write.OVERWRITE, memory.input(numbers.signed(Type.F32, layer.shape().rows() * columns)),
                out, out + bytes, out + 2 * bytes, out + 3 * bytes, memory.workspace(Op.BATCH_NORM_BACKWARD_REDUCE, layer.shape().rows(), columns));
        return memory.read(out, count);
    }

    private static double[] batchNormBackwardInput(GuardedMemory memory) {
        Numbers numbers = new Numbers(9);
        BatchNormLayer layer = batchNorm(memory, numbers);
        int elements = layer.shape().rows() * layer.shape().columns();
        long dx = memory.output(elements);
        memory.device().ops().batchNormBackwardInput(layer, memory.input(numbers.signed(Type.F32, elements)),
                memory.input(numbers.signed(Type.F32, 2 * layer.shape().columns())), dx);
        return memory.read(dx, elements);
    }

    /** One entry for each f32 kernel of an op, forced. */
    private static void putEach(Map<String, Supplier<double[]>> runs, Device device, Op op, Function<GuardedMemory, double[]> run) {
        List<String> kernels = device.kernels(op);
        for (int kernel = 0; kernel < kernels.size(); kernel++) {
            int k = kernel;
            if (!KernelWalk.isFor(kernels.get(kernel), Type.F32)) {
                continue;
            }
            runs.put(kernels.get(kernel), () -> {
                device.forceKernel(op, k);
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    return run.apply(memory);
                } finally {
                    device.forceKernel(op, -1);
                }
            });
        }
    }

    private static HeadOperands head(GuardedMemory memory, Numbers numbers) {
        int n = 9;
        int d = 16;
        int classes = memory.device().name().equals("simt") ? 70 : 700;
        double[] ones = new double[classes];
        Arrays.fill(ones, 0.25);
        return new HeadOperands(HeadKind.NORMFACE, n, d, classes, NormGuard.ADD, Type.F32, memory.input(numbers.signed(Type.F32, n * d)),
                memory.input(numbers.signed(Type.F32, classes * d)), 0, memory.input(numbers.labels(n, classes)), memory.input(Arrays.copyOf(ones, n)),
                memory.input(ones), memory.input(new StepScalars(0, 0, 0, 0, 4, 0)));
    }

    private static double[] marginForward(GuardedMemory memory) {
        Numbers numbers = new Numbers(6);
        HeadOperands head = head(memory, numbers);
        int n = head.n();
        long partial = memory.output((long) HeadOperands.PARTIAL_ROWS * n);
        memory.device().ops().marginForward(head, 0, head.classes(), memory.input(numbers.positive(Type.F32, HeadOperands.TARGET_ROWS * n)), 0, partial, memory.bytes(4L * n),
                memory.workspace(Op.MARGIN_FORWARD, n, head.classes(), head.d()));
        return memory.read(partial, (long) HeadOperands.PARTIAL_ROWS * n);
    }

    private static double[] marginBackward(GuardedMemory memory) {
        Numbers numbers = new Numbers(7);
        HeadOperands head = head(memory, numbers);
        int n = head.n();
        int byX = n * head.d();
        int byW = head.classes() * head.d();
        long dx = memory.output(byX);
        long dw = memory.output(byW);
        memory.device().ops().marginBackward(head, 0, head.classes(), Write.OVERWRITE, Write.OVERWRITE, memory.input(numbers.positive(Type.F32, HeadOperands.TARGET_ROWS * n)),
                memory.input(numbers.positive(Type.F32, n)), memory.input(numbers.positive(Type.F32, n)), 0, dx, dw, 0, memory.output(n),
                memory.workspace(Op.MARGIN_BACKWARD, n, head.classes(), head.d()));
        double[] all = Arrays.copyOf(memory.read(dx, byX), byX + byW);
        System.arraycopy(memory.read(dw, byW), 0, all, byX, byW);
        return all;
    }

    /** Rows to gradient, semi-hard. */
    private static double[] metric(GuardedMemory memory) {
        int n = 70;
        int d = 33;
        Ops ops = memory.device().ops();
        Numbers numbers = new Numbers(8);
        Matrix shape = new Matrix(n, d, Type.F32);
        long x = memory.input(numbers.signed(Type.F32, n * d));
        long distances = memory.output(n * n);
        long coefficients = memory.output(n * n);
        long dx = memory.output(n * d);
        ops.metricDistances(shape, PairDistance.SQUARED, x, distances, memory.workspace(Op.METRIC_DISTANCES, n, d));
        ops.metricLoss(new MetricOperands(MetricKind.TRIPLET, PairDistance.SQUARED, PairSelection.SEMI_HARD, true, false, true, n, d, 0, 0, 0, 1, 0.25f, 0, 0, distances,
                memory.input(numbers.labels(n, 3)), memory.input(new double[] {0.25}), 0, 0, 0, 0, memory.input(new StepScalars(0, 0, 0, 0, 0, 0))), coefficients, 0,
                memory.bytes(MetricSummary.BYTES), memory.workspace(Op.METRIC_LOSS, n, n));
        ops.metricBackward(shape, PairDistance.SQUARED, Write.OVERWRITE, x, distances, coefficients, dx, memory.workspace(Op.METRIC_BACKWARD, n, d));
        return memory.read(dx, n * d);
    }

    /** Few classes with many rows each. */
    private static double[] centers(GuardedMemory memory) {
        int n = 301;
        int d = 33;
        Numbers numbers = new Numbers(9);
        long centers = memory.inOut(numbers.signed(Type.F32, 5 * d));
        memory.device().ops().centerUpdate(new CenterOperands(n, d, 5, false, 1, 0.5f, true, memory.input(numbers.signed(Type.F32, n * d)),
                memory.input(numbers.labels(n, 5)), memory.input(new StepScalars(0, 0, 0, 0, 0, 0))), centers);
        return memory.read(centers, 5 * d);
    }

    @OnEveryDevice
    void numberOfThreadsIsChecked(String name) {
        try (Device device = TestDevices.open(name)) {
            for (int threads : new int[] {0, -1, 257, Integer.MIN_VALUE}) {
                DeviceException refused = assertThrows(DeviceException.class, () -> device.setThreads(threads));
                assertEquals("ag_device_set_threads: threads is " + threads + "; expected 1 to 256", refused.getMessage());
            }
        }
    }
}
