package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;

/** The four ops of the head, for every kind, over all classes and over ranges of them. */
class HeadTest {
    /** What the rows of x are like. */
    private enum Rows {
        /** Random, and so are those of w. */
        RANDOM,
        /** The first row of x and of w is so short that a clamp holds. */
        SHORT,
        /** Row i is turned towards its class until its loss is 10^(-4 - i % 3): where p_y - 1 is lost if it is taken from a rounded log-sum-exp. */
        LEARNT
    }

    /** ranges: first classes of the ranges. */
    private record Sizes(String name, int n, int d, int classes, List<Integer> ranges, NormGuard guard, Rows rows) {
        Sizes(String name, int n, int d, int classes, List<Integer> ranges) {
            this(name, n, d, classes, ranges, NormGuard.CLAMP_LENGTH, Rows.RANDOM);
        }

        double scale() {
            return rows == Rows.LEARNT ? 64 : 8;
        }

        @Override
        public String toString() {
            return name + " (" + n + " x " + d + ", " + classes + " classes)";
        }
    }

    private static final List<Sizes> SIZES = List.of(
            new Sizes("a single class", 2, 3, 1, List.of(0)),
            new Sizes("two classes", 1, 2, 2, List.of(0)),
            new Sizes("odd everything", 5, 7, 13, List.of(0)),
            new Sizes("ranges, one of a single class", 7, 10, 29, List.of(0, 11, 12)),
            new Sizes("around a tile", 65, 28, 63, List.of(0)),
            new Sizes("a tile and one", 3, 64, 65, List.of(0, 64)),
            new Sizes("long embeddings", 4, 515, 9, List.of(0)),
            new Sizes("TensorFlow's guard holds", 4, 6, 5, List.of(0), NormGuard.CLAMP_SQUARE, Rows.SHORT),
            new Sizes("NormFace's guard dominates", 4, 6, 5, List.of(0, 2), NormGuard.ADD, Rows.SHORT),
            new Sizes("losses of 1e-4 to 1e-6", 6, 32, 13, List.of(0, 7), NormGuard.CLAMP_LENGTH, Rows.LEARNT),
            new Sizes("half a panel of rows, a tile of classes less one", 16, 15, 13, List.of(0)),
            new Sizes("half a panel and one, a tile and one", 17, 17, 15, List.of(0)),
            new Sizes("a panel of rows less one, a panel of columns less one", 31, 31, 47, List.of(0)),
            new Sizes("a panel of rows and of columns", 32, 32, 49, List.of(0)),
            new Sizes("a panel and one, classes beyond a walk", 33, 33, 113, List.of(0)),
            new Sizes("sums longer than a run", 260, 300, 10, List.of(0)),
            new Sizes("more rows than the fast kernels take", 4097, 2, 3, List.of(0)),
            new Sizes("several spans", 33, 8, 2100, List.of(0, 1030)),
            new Sizes("several pieces of classes", 3, 4, 1100, List.of(0)),
            new Sizes("a tensor core's tile of rows and one, of classes less one", 129, 20, 127, List.of(0)),
            new Sizes("a tensor core's tile of rows less one, of classes and one", 127, 12, 257, List.of(0, 128)),
            new Sizes("a tensor core's tile of D and four", 6, 132, 17, List.of(0)));

    /** For the heads that go the same way through the kernels as another one. */
    private static final Set<String> FEW = Set.of("two classes", "odd everything", "ranges, one of a single class", "TensorFlow's guard holds", "a panel and one, classes beyond a walk");

    private record Case(HeadFormula head, Type type, Sizes sizes) {
        HeadKind kind() {
            return head.kind();
        }

        @Override
        public String toString() {
            return head + " " + type + " " + sizes;
        }
    }

    private static List<Case> cases(Type type) {
        List<Case> cases = new ArrayList<>();
        for (HeadFormula head : HeadFormulas.ofKernels()) {
            SIZES.stream().filter(sizes -> sizes.rows != Rows.LEARNT || head.kind() != HeadKind.CURRICULARFACE && head.kind() != HeadKind.L_SOFTMAX)
                    .forEach(sizes -> cases.add(new Case(head, type, sizes)));
        }
        for (HeadFormula head : HeadFormulas.others()) {
            SIZES.stream().filter(sizes -> FEW.contains(sizes.name)).forEach(sizes -> cases.add(new Case(head, type, sizes)));
        }
        return cases;
    }

    /** One head in device memory, beside its reference. */
    private record Given(GuardedMemory memory, HeadReference reference, HeadOperands operands) {
        static final double MARGIN = 0.25;
        private static final double[] STATE = {0.125, 1.5};

        static Given of(GuardedMemory memory, Case one, int[] labels) {
            Sizes z = one.sizes;
            Numbers numbers = new Numbers(one.toString().hashCode());
            int vectors = z.classes * one.head.constants().centres();
            double[] x = numbers.signed(Type.F32, (long) z.n * z.d);
            double[] w = numbers.signed(Type.F32, (long) vectors * z.d);
            for (int k = 0; z.rows == Rows.SHORT && k < z.d; k++) {
                x[k] *= 0x1p-30;
                w[k] *= 0x1p-30;
            }
            double[] bias = numbers.signed(Type.F32, z.classes);
            int[] good = numbers.labels(z.n, z.classes);
            for (int i = 0; z.rows == Rows.LEARNT && i < z.n; i++) {
                double[] row = learnt(one, Arrays.copyOfRange(x, i * z.d, (i + 1) * z.d), w, bias, good[i], Math.pow(10, -4 - i % 3));
                System.arraycopy(row, 0, x, i * z.d, z.d);
            }
            HeadReference reference = reference(one, z.n, x, w, bias, good);
            return new Given(memory, reference, operands(memory, one, reference, memory.input(x), labels == null ? good : labels, STATE));
        }

        static HeadOperands operands(GuardedMemory memory, Case one, HeadReference r, long x, int[] labels, double[] state) {
            HeadKind kind = one.kind();
            double[] bias = kind == HeadKind.SPHEREFACE2 ? Arrays.copyOf(r.bias, 1) : r.bias;
            StepScalars scalars = new StepScalars(41, HeadReference.RANDOM_COUNTER, 0, (float) MARGIN, (float) r.scale, (float) one.head.lambda());
            return new HeadOperands(kind, one.head.constants(), r.n, r.d, r.classes, r.guard, one.type, x, memory.input(r.w), kind.hasBias() ? memory.input(bias) : 0,
                    memory.input(labels), kind.needsLengths() ? memory.input(rounded(r.inverseX)) : 0, kind.needsLengths() ? memory.input(rounded(r.inverseW)) : 0,
                    memory.input(scalars), 0, kind.hasState() ? memory.inOut(rounded(state)) : 0);
        }

        private static HeadReference reference(Case one, int n, double[] x, double[] w, double[] bias, int[] labels) {
            return new HeadReference(one.head, one.type, n, one.sizes.d, one.sizes.classes, one.sizes.guard, x, w, bias, labels, one.sizes.scale(), MARGIN, STATE);
        }

        /** The same with the state that the batch left, as the ops after the target's see it. */
        HeadOperands after(Case one) {
            return operands(memory, one, reference, operands.x(), reference.labels, reference.state);
        }

        /** The row plus so much of its class's vector that its loss is the wanted one. */
        private static double[] learnt(Case one, double[] row, double[] w, double[] bias, int label, double loss) {
            Sizes z = one.sizes;
            double[] learnt = row;
            double low = 0;
            double high = 100;
            for (int step = 0; step < 40; step++) {
                double share = (low + high) / 2;
                double[] x = new double[z.d];
                Arrays.setAll(x, k -> Numbers.round(Type.F32, row[k] + share * w[label * z.d + k]));
                double now = reference(one, 1, x, w, bias, new int[] {label}).loss();
                low = now > loss ? share : low;
                high = now > loss ? high : share;
                learnt = x;
            }
            return learnt;
        }

        long target() {
            return memory.input(rounded(reference.target().value));
        }

        long logSumExp() {
            return memory.input(rounded(reference.logSumExp));
        }

        long losses() {
            return memory.input(rounded(reference.losses));
        }

        int end(Sizes sizes, int range) {
            return range + 1 < sizes.ranges.size() ? sizes.ranges.get(range + 1) : sizes.classes;
        }
    }

    private static double[] rounded(double[] values) {
        return Arrays.stream(values).map(v -> Numbers.round(Type.F32, v)).toArray();
    }

    /** kernels: the type that the op's kernels are for; type: the head's. */
    private static void walk(String name, Op op, Type kernels, Type type, BiConsumer<Given, Case> body) {
        try (Device device = TestDevices.open(name)) {
            List<Case> cases = cases(type).stream().filter(one -> TestDevices.affords(device, 6.0 * one.sizes.n * one.sizes.d * one.sizes.classes)).toList();
            KernelWalk.each(device, op, kernels, cases, one -> {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    body.accept(Given.of(memory, one, null), one);
                }
            });
        }
    }

    @OnEveryDeviceAndType
    void target(String name, Type type) {
        walk(name, Op.MARGIN_TARGET, Type.F32, type, (given, one) -> {
            int count = HeadOperands.TARGET_ROWS * one.sizes.n;
            long target = given.memory.output(count);
            given.memory.device().ops().marginTarget(given.operands, target);
            Tolerance.compare("target", Type.F32, given.memory.read(target, count), given.reference.target());
            if (one.kind().hasState()) {
                double[] state = given.memory.read(given.operands.state(), HeadConstants.STATE);
                assertArrayEquals(given.reference.state, state, 1e-6 * Math.max(2, given.reference.d));
                assertNotEquals(Given.STATE[0], state[0], 1e-6, "the average moved");
            }
        });
    }

    @OnEveryDeviceAndType
    void forward(String name, Type type) {
        walk(name, Op.MARGIN_FORWARD, type, type, (given, one) -> {
            for (int range = 0; range < one.sizes.ranges.size(); range++) {
                int first = one.sizes.ranges.get(range);
                forward(given, one, first, given.end(one.sizes, range) - first);
            }
        });
    }

    private static void forward(Given given, Case one, int first, int count) {
        GuardedMemory memory = given.memory;
        int n = one.sizes.n;
        long cosines = memory.output((long) n * count);
        long workspace = memory.workspace(Op.MARGIN_FORWARD, n, count, one.sizes.d);
        Expected expected = given.reference.partial(first, count);
        double[][] partials = new double[2][];
        for (int stored = 0; stored < 2; stored++) {
            long partial = memory.output((long) HeadOperands.PARTIAL_ROWS * n);
            long best = memory.bytes(4L * n);
            memory.device().ops().marginForward(given.after(one), first, count, given.target(), stored == 0 ? cosines : 0, partial, best, workspace);
            partials[stored] = memory.read(partial, (long) HeadOperands.PARTIAL_ROWS * n);
            Tolerance.compare("partial", Type.F32, partials[stored], expected);
            int[] classes = memory.device().transfers().ints(best, n);
            for (int i = 0; i < n; i++) {
                assertEquals(given.reference.best(i, first, count), classes[i], "best class of row " + i);
            }
        }
        assertArrayEquals(partials[0], partials[1], "partials with and without stored cosines");
        double[] c = memory.read(cosines, (long) n * count);
        Expected all = new Expected(c.length, one.sizes.d);
        for (int i = 0; i < c.length; i++) {
            int from = i / count * one.sizes.classes + first + i % count;
            all.value[i] = given.reference.cosines.value[from];
            all.magnitude[i] = given.reference.cosines.magnitude[from];
        }
        Tolerance.check("cosines", Type.F32, c, all);
    }

    @OnEveryDeviceAndType
    void loss(String name, Type type) {
        walk(name, Op.MARGIN_LOSS, Type.F32, type, (given, one) -> {
            GuardedMemory memory = given.memory;
            HeadReference reference = given.reference;
            int n = one.sizes.n;
            int ranges = one.sizes.ranges.size();
            int rows = HeadOperands.PARTIAL_ROWS * n;
            double[] partials = new double[rows * ranges];
            for (int range = 0; range < ranges; range++) {
                int first = one.sizes.ranges.get(range);
                System.arraycopy(rounded(reference.partial(first, given.end(one.sizes, range) - first).value), 0, partials, rows * range, rows);
            }
            long logSumExp = memory.output(n);
            long losses = memory.output(n);
            long summary = memory.bytes(HeadSummary.BYTES);
            memory.device().ops().marginLoss(given.after(one), ranges, given.target(), memory.input(partials), logSumExp, losses, summary);
            Tolerance.check("logSumExp", Type.F32, memory.read(logSumExp, n), reference.expectedLogSumExps());
            Expected each = reference.expectedLosses();
            Tolerance.compare("losses", Type.F32, memory.read(losses, n), each);
            HeadSummary said = memory.device().transfers().summary(summary);
            assertEquals(reference.loss(), said.loss(), Tolerance.of(Type.F32, each.length, Arrays.stream(each.magnitude).max().orElseThrow(), reference.loss()));
            assertEquals(reference.accuracy(), said.accuracy(), 1e-6);
            assertEquals(reference.targetCosine(), said.targetCosine(), Tolerance.of(Type.F32, n, 4, 0));
            assertEquals(reference.otherCosine(), said.otherCosine(), Tolerance.of(Type.F32, n, 4, 0));
        });
    }

    @OnEveryDeviceAndType
    void backward(String name, Type type) {
        walk(name, Op.MARGIN_BACKWARD, type, type, (given, one) -> {
            backward(given, one, false);
            backward(given, one, true);
        });
    }

    /** Range after range: dx and dscale overwritten by the first and accumulated by the rest; dw overwritten, then accumulated. */
    private static void backward(Given given, Case one, boolean stored) {
        GuardedMemory memory = given.memory;
        HeadReference reference = given.reference;
        int n = one.sizes.n;
        int d = one.sizes.d;
        HeadOperands head = given.after(one);
        int centres = reference.centres;
        long dx = memory.output((long) n * d);
        long dscale = memory.output(n);
        for (int range = 0; range < one.sizes.ranges.size(); range++) {
            int first = one.sizes.ranges.get(range);
            int count = given.end(one.sizes, range) - first;
            double[] c = new double[n * count];
            Arrays.setAll(c, i -> Numbers.round(Type.F32, reference.c(i / count, first + i % count)));
            long cosines = stored ? memory.input(c) : 0;
            double[] before = new Numbers(9).signed(Type.F32, (long) count * centres * d);
            Write write = stored ? Write.ACCUMULATE : Write.OVERWRITE;
            long dw = stored ? memory.inOut(before) : memory.output((long) count * centres * d);
            double[] biasBefore = Arrays.copyOf(before, count);
            boolean biased = one.kind().hasBias();
            long dbias = !biased ? 0 : stored ? memory.inOut(biasBefore) : memory.output(count);
            memory.device().ops().marginBackward(head, first, count, range == 0 ? Write.OVERWRITE : Write.ACCUMULATE, write, given.target(),
                    given.logSumExp(), given.losses(), cosines, dx, dw, dbias, dscale, memory.workspace(Op.MARGIN_BACKWARD, n, count, d));
            Expected byW = reference.dw(first, count);
            Tolerance.compare("dw " + write, Type.F32, memory.read(dw, (long) count * centres * d), stored ? byW.accumulatedOnto(before) : byW);
            if (biased) {
                Expected byBias = reference.dbias(first, count);
                Tolerance.compare("dbias " + write, Type.F32, memory.read(dbias, count), stored ? byBias.accumulatedOnto(biasBefore) : byBias);
            }
        }
        Tolerance.compare("dx", Type.F32, memory.read(dx, (long) n * d), reference.dx(0, one.sizes.classes));
        Tolerance.compare("dscale", Type.F32, memory.read(dscale, n), reference.dscale(0, one.sizes.classes));
    }

    /** A row with a bad label gets no gradient, and what it holds changes no bit of the class vectors' gradient. */
    @OnEveryDeviceAndType
    void badLabelAddsNothing(String name, Type type) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.MARGIN_BACKWARD, type, HeadFormulas.all().toList(), formula -> {
                HeadKind kind = formula.kind();
                double[][] dw = new double[2][];
                for (int run = 0; run < 2; run++) {
                    try (GuardedMemory memory = new GuardedMemory(device)) {
                        Given given = Given.of(memory, new Case(formula, type, new Sizes("three rows", 3, 4, 6, List.of(0))), new int[] {2, 6, 5});
                        HeadOperands h = given.operands;
                        double[] x = given.reference.x.clone();
                        for (int k = 4; k < 8; k++) {
                            x[k] = run == 0 ? x[k] : 0.5;
                        }
                        HeadOperands head = new HeadOperands(kind, formula.constants(), 3, 4, 6, h.guard(), h.type(), memory.input(x), h.w(), h.bias(), h.labels(),
                                h.inverseX(), h.inverseW(), h.scalars(), 0, h.state());
                        long dx = memory.output(12);
                        int vectors = 24 * formula.constants().centres();
                        long byW = memory.output(vectors);
                        long dscale = memory.output(3);
                        device.ops().marginBackward(head, 0, 6, Write.OVERWRITE, Write.OVERWRITE, given.target(), given.logSumExp(), given.losses(), 0, dx, byW,
                                kind.hasBias() ? memory.output(6) : 0, dscale, memory.workspace(Op.MARGIN_BACKWARD, 3, 6, 4));
                        assertThrows(DeviceFaultException.class, device::sync);
                        assertArrayEquals(new double[4], Arrays.copyOfRange(memory.read(dx, 12), 4, 8), 0, "dx");
                        assertEquals(0, memory.read(dscale, 3)[1], 0, "dscale");
                        dw[run] = memory.read(byW, vectors);
                    }
                }
                assertArrayEquals(dw[0], dw[1], "dw");
            });
        }
    }

    /** A label outside the classes: the first row of it and the step are reported once. */
    @OnEveryDevice
    void badLabelIsAFault(String name) {
        try (Device device = TestDevices.open(name); GuardedMemory memory = new GuardedMemory(device)) {
            KernelWalk.require(device, Op.MARGIN_TARGET, Type.F32);
            Case one = new Case(new HeadFormula(HeadKind.AM_SOFTMAX), Type.F32, new Sizes("three rows", 3, 4, 6, List.of(0)));
            for (int bad : new int[] {6, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
                Given given = Given.of(memory, one, new int[] {2, bad, bad});
                long target = memory.output(3L * HeadOperands.TARGET_ROWS);
                device.ops().marginTarget(given.operands, target);
                DeviceFaultException fault = assertThrows(DeviceFaultException.class, device::sync);
                assertEquals(new Fault(Fault.Code.LABEL, "margin_target", 1, 41), fault.fault().orElseThrow());
                assertEquals("device " + name + ": margin_target met a label outside [0, classes) at index 1 in step 41", fault.getMessage());
                device.sync();
                double[] c = memory.read(target, 3);
                assertEquals(0, c[1]);
                assertEquals(Numbers.round(Type.F32, given.reference.targetCosine(0)), c[0], 1e-5);
            }
        }
    }
}
