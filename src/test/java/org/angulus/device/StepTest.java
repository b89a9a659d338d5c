package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** gradient_norm, the optimizers and the exponential average. */
class StepTest {
    private static final List<Integer> COUNTS = List.of(1, 7, 16, 1025, 40003);
    private static final StepControl APPLY = new StepControl(2, 0.5f, true, 6, 1);
    private static final StepScalars SCALARS = new StepScalars(7, 0, 0.125f, 0, 0, 0);

    @OnEveryDevice
    void gradientNorm(String name) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.GRADIENT_NORM, Type.F32, COUNTS, count -> {
                double[] g = new Numbers(count).signed(Type.F32, count);
                double norm = 0.25 * Math.sqrt(Arrays.stream(g).map(v -> v * v).sum());
                for (double most : new double[] {0, Numbers.round(Type.F32, norm / 2), Numbers.round(Type.F32, norm * 2)}) {
                    StepControl said = norm(device, g, 0.25f, (float) most);
                    assertEquals(norm, said.gradientNorm(), norm * 1e-6);
                    double factor = most > 0 && norm > most ? 0.25 * most / norm : 0.25;
                    assertEquals(factor, said.gradientFactor(), factor * 1e-6, "factor with max_norm " + most);
                    assertTrue(said.apply());
                    assertEquals(6, said.appliedSteps());
                    assertEquals(1, said.skippedSteps());
                }
                for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
                    double[] broken = g.clone();
                    broken[count / 2] = bad;
                    assertFalse(norm(device, broken, 0.25f, 1).apply(), "a step with " + bad);
                }
            });
        }
    }

    private static StepControl norm(Device device, double[] gradients, float scale, float most) {
        try (GuardedMemory memory = new GuardedMemory(device)) {
            long control = memory.inOut(APPLY);
            device.ops().gradientNorm(gradients.length, scale, most, memory.input(gradients), control,
                    memory.workspace(Op.GRADIENT_NORM, gradients.length, 1));
            return device.transfers().control(control);
        }
    }

    /** Large gradients whose squares leave f32 are finite all the same. */
    @OnEveryDevice
    void gradientNormOfLargeGradients(String name) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.require(device, Op.GRADIENT_NORM, Type.F32);
            StepControl said = norm(device, new double[] {0x1p100, 0x1p100, -0x1p100, 0x1p100}, 1, 1);
            assertEquals(0x1p101, said.gradientNorm(), 0x1p80);
            assertTrue(said.apply());
        }
    }

    /** Segments with gaps between them, of one element, with and without decay, factor and bound; of 1025 numbers more of them than one launch takes. */
    private static List<Segment> segments(int count) {
        if (count == 1025) {
            return IntStream.range(0, 70).mapToObj(i -> new Segment(14L * i + i % 3, 1 + i % 12, i % 5 * 0.125f, 1 + i % 2)).toList();
        }
        if (count < 16) {
            return List.of(new Segment(0, count, 0.01f, 1, -0.3f));
        }
        int half = count / 2;
        return List.of(new Segment(half, count - half - 1, 0, 2), new Segment(0, 3, 0.5f, 1, 0.4f), new Segment(4, 1, 0.25f, 0.5f, -0.5f),
                new Segment(6, half - 6, 0.125f, 1));
    }

    private record Rule<R>(R rule, int count) {
    }

    private static <R> List<Rule<R>> all(List<R> rules) {
        List<Rule<R>> cases = new ArrayList<>();
        for (R rule : rules) {
            COUNTS.forEach(count -> cases.add(new Rule<>(rule, count)));
        }
        return cases;
    }

    @OnEveryDevice
    void sgd(String name) {
        List<SgdRule> rules = List.of(new SgdRule(0, SgdRule.Convention.TORCH, false), new SgdRule(0.9f, SgdRule.Convention.TORCH, false),
                new SgdRule(0.9f, SgdRule.Convention.TORCH, true), new SgdRule(0.9f, SgdRule.Convention.CAFFE, false));
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.SGD_UPDATE, Type.F32, all(rules), one -> {
                int count = one.count;
                Numbers numbers = new Numbers(count);
                double[] w = numbers.signed(Type.F32, count);
                double[] g = numbers.signed(Type.F32, count);
                double[] v = numbers.signed(Type.F32, count);
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    long parameters = memory.inOut(w);
                    long velocity = memory.inOut(v);
                    long control = memory.inOut(APPLY);
                    device.ops().sgdUpdate(one.rule, count, new SegmentTable(segments(count)), parameters, memory.input(g), velocity,
                            memory.input(SCALARS), control);
                    Expected nextW = Expected.exact(w.clone());
                    Expected nextV = Expected.exact(v.clone());
                    for (Segment segment : segments(count)) {
                        OptimizerReference.Updated updated = OptimizerReference.sgd(one.rule, segment, SCALARS.learningRate(), 0.5, w, g, v);
                        take(segment, updated.parameters(), nextW);
                        take(segment, updated.first(), nextV);
                    }
                    Tolerance.check("parameters", Type.F32, memory.read(parameters, count), wide(nextW));
                    Tolerance.check("velocity", Type.F32, memory.read(velocity, count), wide(nextV));
                    assertEquals(APPLY, device.transfers().control(control));
                }
            });
        }
    }

    @OnEveryDevice
    void adam(String name) {
        List<AdamRule> rules = new ArrayList<>();
        for (AdamRule.Form form : AdamRule.Form.values()) {
            rules.add(new AdamRule(0.9f, 0.999f, 1e-8f, form, false));
            rules.add(new AdamRule(0.5f, 0.75f, 0.125f, form, true));
        }
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.ADAM_UPDATE, Type.F32, all(rules), one -> {
                int count = one.count;
                Numbers numbers = new Numbers(count);
                double[] w = numbers.signed(Type.F32, count);
                double[] g = numbers.signed(Type.F32, count);
                double[] m = numbers.signed(Type.F32, count);
                double[] v = numbers.positive(Type.F32, count);
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    long parameters = memory.inOut(w);
                    long first = memory.inOut(m);
                    long second = memory.inOut(v);
                    device.ops().adamUpdate(one.rule, count, new SegmentTable(segments(count)), parameters, memory.input(g), first, second,
                            memory.input(SCALARS), memory.inOut(APPLY));
                    Expected nextW = Expected.exact(w.clone());
                    Expected nextM = Expected.exact(m.clone());
                    Expected nextV = Expected.exact(v.clone());
                    for (Segment segment : segments(count)) {
                        OptimizerReference.Updated updated = OptimizerReference.adam(one.rule, segment, SCALARS.learningRate(), 0.5,
                                APPLY.appliedSteps() + 1, w, g, m, v);
                        take(segment, updated.parameters(), nextW);
                        take(segment, updated.first(), nextM);
                        take(segment, updated.second(), nextV);
                    }
                    Tolerance.check("parameters", Type.F32, memory.read(parameters, count), wide(nextW));
                    Tolerance.check("first moment", Type.F32, memory.read(first, count), wide(nextM));
                    Tolerance.check("second moment", Type.F32, memory.read(second, count), wide(nextV));
                }
            });
        }
    }

    @OnEveryDevice
    void adagrad(String name) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.ADAGRAD_UPDATE, Type.F32, all(List.of(1e-10f, 0.125f)), one -> {
                int count = one.count;
                Numbers numbers = new Numbers(count);
                double[] w = numbers.signed(Type.F32, count);
                double[] g = numbers.signed(Type.F32, count);
                double[] s = numbers.positive(Type.F32, count);
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    long parameters = memory.inOut(w);
                    long squares = memory.inOut(s);
                    device.ops().adagradUpdate(one.rule, count, new SegmentTable(segments(count)), parameters, memory.input(g), squares,
                            memory.input(SCALARS), memory.inOut(APPLY));
                    Expected nextW = Expected.exact(w.clone());
                    Expected nextS = Expected.exact(s.clone());
                    for (Segment segment : segments(count)) {
                        OptimizerReference.Updated updated = OptimizerReference.adagrad(one.rule, segment, SCALARS.learningRate(), 0.5, w, g, s);
                        take(segment, updated.parameters(), nextW);
                        take(segment, updated.second(), nextS);
                    }
                    Tolerance.check("parameters", Type.F32, memory.read(parameters, count), wide(nextW));
                    Tolerance.check("sum of squares", Type.F32, memory.read(squares, count), wide(nextS));
                }
            });
        }
    }

    @OnEveryDevice
    void rmsprop(String name) {
        List<RmspropRule> rules = new ArrayList<>();
        for (RmspropRule.Form form : RmspropRule.Form.values()) {
            rules.add(new RmspropRule(0.99f, 0, 1e-8f, form));
            rules.add(new RmspropRule(0.9f, 0.9f, 1, form));
        }
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.RMSPROP_UPDATE, Type.F32, all(rules), one -> {
                int count = one.count;
                Numbers numbers = new Numbers(count);
                double[] w = numbers.signed(Type.F32, count);
                double[] g = numbers.signed(Type.F32, count);
                double[] s = numbers.positive(Type.F32, count);
                double[] v = numbers.signed(Type.F32, count);
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    long parameters = memory.inOut(w);
                    long squares = memory.inOut(s);
                    long velocity = memory.inOut(v);
                    device.ops().rmspropUpdate(one.rule, count, new SegmentTable(segments(count)), parameters, memory.input(g), squares, velocity,
                            memory.input(SCALARS), memory.inOut(APPLY));
                    Expected nextW = Expected.exact(w.clone());
                    Expected nextS = Expected.exact(s.clone());
                    Expected nextV = Expected.exact(v.clone());
                    for (Segment segment : segments(count)) {
                        OptimizerReference.Updated updated = OptimizerReference.rmsprop(one.rule, segment, SCALARS.learningRate(), 0.5, w, g, s, v);
                        take(segment, updated.parameters(), nextW);
                        take(segment, updated.first(), nextV);
                        take(segment, updated.second(), nextS);
                    }
                    Tolerance.check("parameters", Type.F32, memory.read(parameters, count), wide(nextW));
                    Tolerance.check("mean of squares", Type.F32, memory.read(squares, count), wide(nextS));
                    Tolerance.check("velocity", Type.F32, memory.read(velocity, count), wide(nextV));
                }
            });
        }
    }

    private static void take(Segment segment, Expected from, Expected to) {
        for (int i = (int) segment.offset(); i < segment.offset() + segment.count(); i++) {
            to.value[i] = from.value[i];
            to.magnitude[i] = from.magnitude[i];
        }
    }

    /** The roundings of a dozen operations on one element. */
    private static Expected wide(Expected e) {
        return new Expected(e.value, e.magnitude, 12);
    }

    @OnEveryDevice
    void average(String name) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.EMA_UPDATE, Type.F32, COUNTS, count -> {
                for (long applied : new long[] {0, 6, 1_000_000}) {
                    Numbers numbers = new Numbers(count);
                    double[] x = numbers.signed(Type.F32, count);
                    double[] before = numbers.signed(Type.F32, count);
                    try (GuardedMemory memory = new GuardedMemory(device)) {
                        long average = memory.inOut(before);
                        device.ops().emaUpdate(count, 0.96875f, memory.input(x), average, memory.inOut(new StepControl(1, 1, true, applied, 0)));
                        Tolerance.check("average", Type.F32, memory.read(average, count), OptimizerReference.average(0.96875, applied, x, before));
                    }
                }
            });
        }
    }

    @OnEveryDevice
    void commitCopyAndEnd(String name) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.require(device, Op.COMMIT_END, Type.F32);
            KernelWalk.each(device, Op.COMMIT_COPY, Type.F32, COUNTS, count -> {
                for (boolean apply : new boolean[] {true, false}) {
                    try (GuardedMemory memory = new GuardedMemory(device)) {
                        double[] x = new Numbers(count).signed(Type.F32, count);
                        double[] before = new Numbers(count + 1).signed(Type.F32, count);
                        long y = memory.inOut(before);
                        long control = memory.inOut(new StepControl(1, 1, apply, 10, 20));
                        device.ops().commitCopy(y, memory.input(x), 4L * count, control);
                        device.ops().commitEnd(control);
                        assertArrayEquals(apply ? x : before, memory.read(y, count));
                        assertEquals(new StepControl(1, 1, apply, apply ? 11 : 10, apply ? 20 : 21), device.transfers().control(control));
                    }
                }
            });
        }
    }
}
