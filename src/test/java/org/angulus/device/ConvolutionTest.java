package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/** The convolutions in three directions: every kernel, every epilogue. */
class ConvolutionTest {
    /** One case's inputs and references, made once for all devices and kernels of a type. The weights are f32: the references multiply them as rounded to it. */
    private record Data(Conv2dShape shape, double[] x, double[] w, double[] dy, double[] bias, double[] slope, double[] outputResidual,
                        double[] inputResidual, double[] weightsBefore, Expected y, Expected dx, Expected dw) {
        static Data of(Conv2dCase one, Type type) {
            Conv2dShape z = one.shape(type);
            Numbers numbers = new Numbers(one.name().hashCode());
            double[] x = numbers.signed(type, z.inputs());
            double[] w = numbers.signed(Type.F32, z.weights());
            double[] factors = Arrays.stream(w).map(value -> Numbers.round(type, value)).toArray();
            double[] dy = numbers.signed(type, z.outputs());
            return new Data(z, x, w, dy, numbers.signed(Type.F32, z.k()), numbers.signed(Type.F32, z.k()), numbers.signed(type, z.outputs()),
                    numbers.signed(type, z.inputs()), numbers.signed(Type.F32, z.weights()), ConvolutionReference.forward(z, x, factors),
                    ConvolutionReference.backwardInput(z, dy, factors), ConvolutionReference.backwardWeight(z, x, dy));
        }
    }

    private static final Map<Type, Map<Conv2dCase, Data>> DATA = new HashMap<>();

    private static Data data(Conv2dCase one, Type type) {
        return DATA.computeIfAbsent(type, t -> new HashMap<>()).computeIfAbsent(one, c -> Data.of(c, type));
    }

    /** Every kernel of a direction with every case; a kernel must accept one case at least, the plain one all. */
    private static void walk(String name, Type type, Direction direction, BiConsumer<Device, Attempt> body) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.require(device, direction.op(), type);
            List<String> kernels = device.kernels(direction.op());
            List<Conv2dCase> cases = Conv2dCase.ALL.stream().filter(one -> TestDevices.affords(device, one.work())).toList();
            int last = KernelWalk.last(kernels, type);
            var problems = new KernelWalk.Problems();
            for (int i = 0; i < kernels.size(); i++) {
                int kernel = i;
                String where = device + " " + kernels.get(kernel);
                if (KernelWalk.takes(kernels.get(kernel), type)) {
                    problems.collect(() -> {
                        int accepted = 0;
                        for (Conv2dCase one : cases) {
                            Attempt attempt = new Attempt(data(one, type), kernel);
                            accepted += KernelWalk.attempt(where + " " + one, a -> body.accept(device, a), attempt) ? 1 : 0;
                        }
                        KernelWalk.requireAccepted(where, accepted, cases.size(), kernel == last);
                    });
                }
            }
            problems.fail();
        }
    }

    private record Attempt(Data data, int kernel) {
        double[] output(Device device, ConvolutionRun run) {
            return run.on(device, data.shape, kernel).output();
        }
    }

    @OnEveryDeviceAndType
    void forwardWithEveryEpilogue(String name, Type type) {
        walk(name, type, Direction.FORWARD, (device, attempt) -> {
            Data d = attempt.data;
            for (int flags = 0; flags < Epilogue.STATISTICS; flags++) {
                ConvolutionRun run = ConvolutionRun.forward(d.x, d.w).with(flags, d.bias, d.slope, d.outputResidual);
                Expected y = ConvolutionReference.epilogue(d.y, run.bias(), run.slope(), run.residual());
                Tolerance.check("y, epilogue " + flags, type, attempt.output(device, run), y);
                if (run.residual() != null) {
                    Tolerance.check("y in the place of the residual, epilogue " + flags, type, attempt.output(device, run.residualInPlace()), y);
                }
            }
        });
    }

    @OnEveryDeviceAndType
    void forwardWithStatistics(String name, Type type) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.require(device, Op.BATCH_NORM_STATISTICS, type);
        }
        walk(name, type, Direction.FORWARD, (device, attempt) -> {
            Data d = attempt.data;
            ConvolutionRun run = ConvolutionRun.forward(d.x, d.w).with(Epilogue.STATISTICS, null, null, null);
            ConvolutionRun.Result result = run.on(device, d.shape, attempt.kernel);
            Tolerance.check("y", type, result.output(), d.y);
            int k = d.shape.k();
            Expected ofStored = BatchNormReference.statistics(result.output().length / k, k, result.output());
            Tolerance.compare("statistics of y as stored", Type.F32, result.statistics(), ofStored);
        });
    }

    @OnEveryDeviceAndType
    void backwardInput(String name, Type type) {
        walk(name, type, Direction.BACKWARD_INPUT, (device, attempt) -> {
            Data d = attempt.data;
            ConvolutionRun run = ConvolutionRun.backwardInput(d.dy, d.w);
            // A 1x1 filter with stride 2 reaches a quarter of dx.
            Tolerance.compare("dx", type, attempt.output(device, run), d.dx);
            Expected sum = ConvolutionReference.epilogue(d.dx, null, null, d.inputResidual);
            ConvolutionRun added = run.with(Epilogue.RESIDUAL, null, null, d.inputResidual);
            Tolerance.check("dx + residual", type, attempt.output(device, added), sum);
            Tolerance.check("dx in the place of the residual", type, attempt.output(device, added.residualInPlace()), sum);
        });
    }

    @OnEveryDeviceAndType
    void backwardWeight(String name, Type type) {
        walk(name, type, Direction.BACKWARD_WEIGHT, (device, attempt) -> {
            Data d = attempt.data;
            ConvolutionRun run = ConvolutionRun.backwardWeight(d.x, d.dy);
            Tolerance.check("dw", Type.F32, attempt.output(device, run), d.dw);
            Tolerance.check("dw accumulated", Type.F32, attempt.output(device, run.accumulating(d.weightsBefore)), d.dw.accumulatedOnto(d.weightsBefore));
        });
    }

    /** The plain kernel is the only one that must reach every shape: what the device chooses must too. */
    @OnEveryDeviceAndType
    void chosenKernelIsTheFirstThatAccepts(String name, Type type) {
        try (Device device = TestDevices.open(name)) {
            for (Direction direction : Direction.values()) {
                KernelWalk.require(device, direction.op(), type);
                for (Conv2dCase one : Conv2dCase.ALL) {
                    Conv2dShape shape = one.shape(type);
                    int chosen = device.ops().conv2dPlan(shape, direction, Epilogue.NONE).kernel();
                    int first = IntStream.range(0, device.kernels(direction.op()).size()).filter(kernel -> accepts(device, shape, direction, kernel))
                            .findFirst().orElseThrow();
                    assertEquals(first, chosen, () -> direction + " " + one);
                }
            }
        }
    }

    private static boolean accepts(Device device, Conv2dShape shape, Direction direction, int kernel) {
        try {
            return device.ops().conv2dPlan(shape, direction, Epilogue.NONE, Write.OVERWRITE, kernel).kernel() == kernel;
        } catch (DeviceUnavailableException refused) {
            return false;
        }
    }

    /** {@code <conv(x, w), dy> = <x, dx(dy, w)> = <w, dw(x, dy)>} on random shapes: needs no reference. */
    @OnEveryDevice
    void directionsAreAdjoint(String name) {
        try (Device device = TestDevices.open(name)) {
            for (Direction direction : Direction.values()) {
                KernelWalk.require(device, direction.op(), Type.F32);
            }
            Numbers numbers = Numbers.printed("ConvolutionTest.directionsAreAdjoint " + name);
            for (int round = 0; round < 25; round++) {
                Conv2dShape z = randomShape(numbers);
                if (TestDevices.affords(device, 2.0 * z.outputs() * z.r() * z.s() * z.c())) {
                    checkAdjoint(device, z, numbers);
                }
            }
        }
    }

    private static Conv2dShape randomShape(Numbers numbers) {
        var random = numbers.random();
        int r = random.nextInt(1, 6);
        int s = random.nextInt(1, 6);
        return new Conv2dShape(random.nextInt(1, 4), random.nextInt(r, 14), random.nextInt(s, 14), random.nextInt(1, 40), random.nextInt(1, 40), r, s,
                random.nextInt(1, 4), random.nextInt(1, 4), random.nextInt(r), random.nextInt(r), random.nextInt(s), random.nextInt(s), Type.F32);
    }

    private static void checkAdjoint(Device device, Conv2dShape z, Numbers numbers) {
        double[] x = numbers.signed(Type.F32, z.inputs());
        double[] w = numbers.signed(Type.F32, z.weights());
        double[] dy = numbers.signed(Type.F32, z.outputs());
        double[] y = ConvolutionRun.forward(x, w).on(device, z, -1).output();
        double[] dx = ConvolutionRun.backwardInput(dy, w).on(device, z, -1).output();
        double[] dw = ConvolutionRun.backwardWeight(x, dy).on(device, z, -1).output();
        double[] byOutput = inner(y, dy);
        double[] byInput = inner(x, dx);
        double[] byWeight = inner(w, dw);
        double terms = (double) z.outputs() * z.r() * z.s() * z.c();
        double tolerance = Tolerance.of(Type.F32, (long) terms, byOutput[1] + byInput[1] + byWeight[1], byOutput[0]);
        assertTrue(Math.abs(byOutput[0] - byInput[0]) <= tolerance, () -> z + ": <y, dy> = " + byOutput[0] + ", <x, dx> = " + byInput[0]);
        assertTrue(Math.abs(byOutput[0] - byWeight[0]) <= tolerance, () -> z + ": <y, dy> = " + byOutput[0] + ", <w, dw> = " + byWeight[0]);
    }

    /** The inner product, and the sum of its terms' magnitudes. */
    private static double[] inner(double[] a, double[] b) {
        double[] sum = new double[2];
        for (int i = 0; i < a.length; i++) {
            sum[0] += a[i] * b[i];
            sum[1] += Math.abs(a[i] * b[i]);
        }
        return sum;
    }
}
