package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.angulus.device.MetricReference.Rules;
import org.junit.jupiter.api.Test;

/** The losses on distances: distances, choices, coefficients and gradients against the reference, and the reference against finite differences. */
class MetricTest {
    private static final StepScalars SCALARS = new StepScalars(3, MetricReference.COUNTER, 0, 0, 0, 0);

    /**
     * identities: how many labels there are; rows come one of each in turn, so that the last identities may have one row less. 0: rows as they are chosen before,
     * of which the second triplet has no negative, the third no positive, and the last is cut off.
     */
    private record Batch(String name, int n, int d, int identities) {
        int[] labels() {
            if (identities == 0) {
                return new int[] {4, 4, 1, 2, 2, 2, 1, 3, 4, 1, 1, 2, 0, 0};
            }
            int[] labels = new int[n];
            Arrays.setAll(labels, i -> i % identities * 7 - 3);
            return labels;
        }

        /** Near to length 1, so that distances lie around what the margins are made for. */
        double[] rows() {
            double[] x = new Numbers(name.hashCode()).signed(Type.F32, (long) n * d);
            for (int i = 0; i < n; i++) {
                double square = 0;
                for (int k = 0; k < d; k++) {
                    square += x[i * d + k] * x[i * d + k];
                }
                for (int k = 0; k < d; k++) {
                    x[i * d + k] = Numbers.round(Type.F32, x[i * d + k] / Math.sqrt(square));
                }
            }
            return x;
        }
    }

    private static final List<Batch> BATCHES = List.of(
            new Batch("one row", 1, 5, 1),
            new Batch("one identity", 6, 3, 1),
            new Batch("no positive", 7, 4, 7),
            new Batch("no negative for most", 2, 3, 2),
            new Batch("P x K of 6 x 3", 18, 7, 6),
            new Batch("around a panel", 33, 17, 8),
            new Batch("two identities", 24, 2, 2),
            new Batch("a tile and one", 65, 65, 16),
            new Batch("a block of threads and one", 129, 10, 30));

    private static List<Rules> rules() {
        List<Rules> all = new ArrayList<>();
        for (PairSelection selection : PairSelection.values()) {
            if (selection != PairSelection.PAIRS && selection != PairSelection.TRIPLETS) {
                all.add(triplet(PairDistance.SQUARED, selection, false, false));
                all.add(triplet(PairDistance.EUCLIDEAN, selection, true, true));
            }
        }
        all.add(triplet(PairDistance.COSINE, PairSelection.ALL, false, true));
        for (PairSelection selection : new PairSelection[] {PairSelection.ALL, PairSelection.PAIRS, PairSelection.DISTANCE_WEIGHTED}) {
            all.add(new Rules(MetricKind.CONTRASTIVE, PairDistance.EUCLIDEAN, selection, false, false, false, 1.25, 0.05, 0, 0, 7));
            all.add(new Rules(MetricKind.MARGIN, PairDistance.EUCLIDEAN, selection, false, true, false, 0.2, 1, 0, 0.01, 64));
        }
        all.add(new Rules(MetricKind.CONTRASTIVE, PairDistance.COSINE, PairSelection.ALL, false, false, false, 0.1, 1, 0, 0, 7));
        all.add(new Rules(MetricKind.MARGIN, PairDistance.COSINE, PairSelection.ALL, false, true, false, 0.05, 1, 0, 0, 7));
        return all;
    }

    private static Rules triplet(PairDistance distance, PairSelection selection, boolean soft, boolean second) {
        return new Rules(MetricKind.TRIPLET, distance, selection, soft, second, second, distance == PairDistance.COSINE ? 0.06 : 0.2, second ? 2 : 1,
                soft ? 0.001 : 0, 0, 128);
    }

    private record Case(Batch batch, Rules rules) {
    }

    private static double[] rounded(double[] values) {
        return Arrays.stream(values).map(v -> Numbers.round(Type.F32, v)).toArray();
    }

    /** A loss in device memory beside its reference: three rows share each image number, betas differ. */
    private record Given(GuardedMemory memory, MetricOperands operands, MetricReference reference, int[] image) {
        static Given of(GuardedMemory memory, Case one, double[] distances, int[] labels) {
            Rules r = one.rules;
            int n = labels.length;
            boolean margin = r.kind() == MetricKind.MARGIN;
            int classes = Arrays.stream(labels).max().orElseThrow() + 4;
            int[] numbers = Arrays.stream(labels).map(label -> label + 3).toArray();
            int[] image = new int[n];
            Arrays.setAll(image, i -> i / 3);
            Numbers random = new Numbers(5);
            double[] byClass = rounded(Arrays.stream(random.signed(Type.F32, classes)).map(v -> v / 8).toArray());
            double[] byImage = rounded(Arrays.stream(random.signed(Type.F32, n)).map(v -> v / 8).toArray());
            double[] beta = new double[n];
            Arrays.setAll(beta, i -> (r.distance() == PairDistance.COSINE ? 0.75 : 1.25) + byClass[numbers[i]] + byImage[image[i]]);
            MetricReference reference = new MetricReference(r, n, distances, numbers, beta);
            return new Given(memory, new MetricOperands(r.kind(), r.distance(), r.selection(), r.soft(), r.ofActive(), r.farthest(), n, r.d(),
                    margin ? classes : 0, margin ? n : 0, MetricReference.PURPOSE, (float) r.weight(), (float) r.pull(), (float) r.nu(), MetricReference.SEED,
                    memory.input(distances), memory.input(numbers), memory.input(new double[] {Numbers.round(Type.F32, r.margin())}),
                    margin ? memory.input(new double[] {r.distance() == PairDistance.COSINE ? 0.75 : 1.25}) : 0, margin ? memory.input(byClass) : 0,
                    margin ? memory.input(byImage) : 0, margin ? memory.input(image) : 0, memory.input(SCALARS)), reference, image);
        }
    }

    @OnEveryDevice
    void distances(String name) {
        try (Device device = TestDevices.open(name)) {
            for (PairDistance kind : PairDistance.values()) {
                List<Batch> batches = BATCHES.stream().filter(z -> TestDevices.affords(device, 3.0 * z.n * z.n * z.d)).toList();
                KernelWalk.each(device, Op.METRIC_DISTANCES, Type.F32, batches, z -> {
                    try (GuardedMemory memory = new GuardedMemory(device)) {
                        double[] x = z.rows();
                        if (z.n > 4) {
                            System.arraycopy(x, 0, x, 3 * z.d, z.d); // a duplicate
                            Arrays.fill(x, z.d, 2 * z.d, 0); // a zero vector
                        }
                        long all = memory.output((long) z.n * z.n);
                        device.ops().metricDistances(new Matrix(z.n, z.d, Type.F32), kind, memory.input(x), all, memory.workspace(Op.METRIC_DISTANCES, z.n, z.d));
                        double[] came = memory.read(all, (long) z.n * z.n);
                        Tolerance.compare("distances", Type.F32, came, MetricReference.distances(kind, z.n, z.d, x));
                        if (kind != PairDistance.COSINE && z.n > 4) {
                            assertEquals(0, came[3], "equal rows are exactly 0 apart");
                            assertEquals(0, came[z.n + 1]);
                        }
                    }
                });
            }
        }
    }

    @OnEveryDevice
    void lossesAndCoefficients(String name) {
        try (Device device = TestDevices.open(name)) {
            List<Case> cases = new ArrayList<>();
            for (Batch z : BATCHES) {
                if (TestDevices.affords(device, 40.0 * z.n * z.n * z.n / z.identities)) {
                    rules().forEach(r -> cases.add(new Case(z, r)));
                }
            }
            Batch chosen = new Batch("triplets chosen before", 14, 5, 0);
            cases.add(new Case(chosen, triplet(PairDistance.SQUARED, PairSelection.TRIPLETS, false, false)));
            cases.add(new Case(chosen, triplet(PairDistance.EUCLIDEAN, PairSelection.TRIPLETS, true, true)));
            KernelWalk.each(device, Op.METRIC_LOSS, Type.F32, cases, one -> {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    Batch z = one.batch;
                    Given given = Given.of(memory, one, rounded(MetricReference.distances(one.rules.distance(), z.n, z.d, z.rows()).value), z.labels());
                    if (z.identities == 0) {
                        assertEquals(2, given.reference.summary().terms());
                        assertEquals(0.5, given.reference.summary().skipped());
                    }
                    check(given, z.n);
                }
            });
        }
    }

    private static void check(Given given, int n) {
        GuardedMemory memory = given.memory;
        boolean margin = given.operands.kind() == MetricKind.MARGIN;
        long coefficients = memory.output((long) n * n);
        long dbeta = margin ? memory.output(n) : 0;
        long summary = memory.bytes(MetricSummary.BYTES);
        memory.device().ops().metricLoss(given.operands, coefficients, dbeta, summary, memory.workspace(Op.METRIC_LOSS, n, n));
        Tolerance.compare("coefficients", Type.F32, memory.read(coefficients, (long) n * n), given.reference.coefficients());
        if (margin) {
            Tolerance.compare("dbeta", Type.F32, memory.read(dbeta, n), given.reference.dbeta());
        }
        MetricSummary said = memory.device().transfers().metricSummary(summary);
        MetricSummary expected = given.reference.summary();
        assertEquals(expected.loss(), said.loss(), 2e-6 * Math.max(1, expected.loss()), "loss");
        assertEquals(expected.terms(), said.terms(), "terms");
        assertEquals(expected.active(), said.active(), 1e-6, "active");
        assertEquals(expected.skipped(), said.skipped(), 1e-6, "skipped");
        assertEquals(expected.positiveDistance(), said.positiveDistance(), 1e-6);
        assertEquals(expected.negativeDistance(), said.negativeDistance(), 1e-6);
        assertEquals(expected.collapsed(), said.collapsed(), 1e-6);
        assertEquals(expected.beta(), said.beta(), 1e-6);
    }

    @OnEveryDevice
    void backward(String name) {
        try (Device device = TestDevices.open(name)) {
            for (PairDistance kind : PairDistance.values()) {
                List<Batch> batches = BATCHES.stream().filter(z -> z.n > 1 && TestDevices.affords(device, 4.0 * z.n * z.n * z.d)).toList();
                KernelWalk.each(device, Op.METRIC_BACKWARD, Type.F32, batches, z -> {
                    try (GuardedMemory memory = new GuardedMemory(device)) {
                        double[] x = z.rows();
                        System.arraycopy(x, 0, x, z.d, z.d); // a duplicate: D is 0
                        double[] distances = rounded(MetricReference.distances(kind, z.n, z.d, x).value);
                        double[] coefficients = new Numbers(9).signed(Type.F32, (long) z.n * z.n);
                        for (int i = 0; i < coefficients.length; i += 3) {
                            coefficients[i] = 0;
                        }
                        Expected expected = MetricReference.backward(kind, z.n, z.d, x, distances, coefficients);
                        double[] before = new Numbers(4).signed(Type.F32, (long) z.n * z.d);
                        Matrix shape = new Matrix(z.n, z.d, Type.F32);
                        long rows = memory.input(x);
                        long all = memory.input(distances);
                        long slopes = memory.input(coefficients);
                        long workspace = memory.workspace(Op.METRIC_BACKWARD, z.n, z.d);
                        long dx = memory.output((long) z.n * z.d);
                        device.ops().metricBackward(shape, kind, Write.OVERWRITE, rows, all, slopes, dx, workspace);
                        Tolerance.compare("dx", Type.F32, memory.read(dx, (long) z.n * z.d), expected);
                        long added = memory.inOut(before);
                        device.ops().metricBackward(shape, kind, Write.ACCUMULATE, rows, all, slopes, added, workspace);
                        Tolerance.compare("dx added", Type.F32, memory.read(added, (long) z.n * z.d), expected.accumulatedOnto(before));
                    }
                });
            }
        }
    }

    @OnEveryDevice
    void betaGradients(String name) {
        try (Device device = TestDevices.open(name); GuardedMemory memory = new GuardedMemory(device)) {
            KernelWalk.require(device, Op.METRIC_BETA, Type.F32);
            Batch z = new Batch("betas", 40, 3, 7);
            int[] labels = Arrays.stream(z.labels()).map(label -> label + 3).toArray();
            Given given = Given.of(memory, new Case(z, rules().stream().filter(r -> r.kind() == MetricKind.MARGIN).findFirst().orElseThrow()),
                    rounded(MetricReference.distances(PairDistance.EUCLIDEAN, z.n, z.d, z.rows()).value), z.labels());
            double[] dbeta = new Numbers(8).signed(Type.F32, z.n);
            Expected all = new Expected(1, z.n);
            Expected byClass = new Expected(given.operands.classes(), z.n);
            Expected byImage = new Expected(z.n, z.n);
            for (int i = 0; i < z.n; i++) {
                all.add(0, dbeta[i]);
                byClass.add(labels[i], dbeta[i]);
                byImage.add(given.image[i], dbeta[i]);
            }
            long[] to = {memory.output(1), memory.output(byClass.value.length), memory.output(z.n)};
            for (Write write : Write.values()) {
                device.ops().metricBeta(given.operands, write, memory.input(dbeta), to[0], to[1], to[2]);
                double factor = write == Write.ACCUMULATE ? 2 : 1;
                Tolerance.compare("all", Type.F32, memory.read(to[0], 1), all.times(factor));
                Tolerance.compare("by class", Type.F32, memory.read(to[1], byClass.value.length), byClass.times(factor));
                Tolerance.compare("by image", Type.F32, memory.read(to[2], z.n), byImage.times(factor));
            }
        }
    }

    /** The whole way on the device, x to dx, and the reference's dx against finite differences of its loss. */
    @Test
    void referenceGradients() {
        for (Rules r : rules()) {
            Batch z = new Batch("gradient", 12, 5, 4);
            double[] x = z.rows();
            int[] labels = z.labels();
            double[] beta = new double[z.n];
            Arrays.fill(beta, r.distance() == PairDistance.COSINE ? 0.7 : 1.2);
            double[] distances = MetricReference.distances(r.distance(), z.n, z.d, x).value;
            MetricReference at = new MetricReference(r, z.n, distances, labels, beta);
            double[] dx = MetricReference.backward(r.distance(), z.n, z.d, x, distances, at.coefficients().value).value;
            FiniteDifference.check(r + " dx", rows -> r.weight() * new MetricReference(r, z.n, MetricReference.distances(r.distance(), z.n, z.d, rows).value, labels,
                    beta).loss(), x, dx);
            if (r.kind() == MetricKind.MARGIN) {
                FiniteDifference.check(r + " dbeta", b -> r.weight() * new MetricReference(r, z.n, distances, labels, b).loss(), beta, at.dbeta().value);
            }
        }
    }

    /** D = 0 everywhere: loss is the margin (ln 2 when soft), the gradient is 0 by convention for EUCLIDEAN, all is finite, and the summary says collapsed. */
    @OnEveryDevice
    void collapse(String name) {
        try (Device device = TestDevices.open(name)) {
            int n = 8;
            int d = 5;
            for (boolean soft : new boolean[] {false, true}) {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    double[] x = new double[n * d];
                    Arrays.fill(x, 0.5);
                    Rules r = new Rules(MetricKind.TRIPLET, PairDistance.EUCLIDEAN, PairSelection.BATCH_HARD, soft, false, false, 0.25, 1, 0, 0, d);
                    double[] dx = gradient(memory, r, n, d, x, new int[] {0, 0, 0, 0, 1, 1, 1, 1}, soft ? Math.log(2) : 0.25, 1);
                    assertArrayEquals(new double[n * d], dx);
                }
            }
        }
    }

    /** A hinge exactly at its kink, d_ap - d_an + m = 0, is not active: loss and gradient are 0. */
    @OnEveryDevice
    void kinkOfTheHinge(String name) {
        try (Device device = TestDevices.open(name); GuardedMemory memory = new GuardedMemory(device)) {
            Rules r = new Rules(MetricKind.TRIPLET, PairDistance.EUCLIDEAN, PairSelection.ALL, false, false, false, 0.25, 1, 0, 0, 1);
            double[] dx = gradient(memory, r, 3, 1, new double[] {0, 0.5, -0.75}, new int[] {0, 0, 1}, 0, 0);
            assertArrayEquals(new double[3], dx);
        }
    }

    /** Distances of 1e-4 to 1e-12, where a product of rows would lose all digits: a difference of unit length pulls with a force of at most 1 for each term. */
    @OnEveryDevice
    void nearDuplicatesStayBounded(String name) {
        try (Device device = TestDevices.open(name); GuardedMemory memory = new GuardedMemory(device)) {
            double[] x = rounded(new double[] {1, 0, 1, 1e-4, 1, -1e-7, 0, 1, 1e-12, 1, 0, 1});
            Rules r = new Rules(MetricKind.TRIPLET, PairDistance.EUCLIDEAN, PairSelection.BATCH_HARD, false, false, false, 2, 1, 0, 0, 2);
            double[] dx = gradient(memory, r, 6, 2, x, new int[] {0, 0, 0, 1, 1, 1}, Double.NaN, 0);
            for (double v : dx) {
                assertTrue(Math.abs(v) <= 2, () -> "a gradient of " + v);
            }
        }
    }

    /** dx of the device; loss NaN: not compared. */
    private static double[] gradient(GuardedMemory memory, Rules r, int n, int d, double[] x, int[] labels, double loss, double collapsed) {
        Ops ops = memory.device().ops();
        Matrix shape = new Matrix(n, d, Type.F32);
        long rows = memory.input(x);
        long distances = memory.output((long) n * n);
        ops.metricDistances(shape, r.distance(), rows, distances, memory.workspace(Op.METRIC_DISTANCES, n, d));
        MetricOperands operands = new MetricOperands(r.kind(), r.distance(), r.selection(), r.soft(), r.ofActive(), r.farthest(), n, d, 0, 0, 0, (float) r.weight(),
                (float) r.pull(), 0, 1, distances, memory.input(labels), memory.input(new double[] {r.margin()}), 0, 0, 0, 0, memory.input(SCALARS));
        long coefficients = memory.output((long) n * n);
        long summary = memory.bytes(MetricSummary.BYTES);
        ops.metricLoss(operands, coefficients, 0, summary, memory.workspace(Op.METRIC_LOSS, n, n));
        long dx = memory.output((long) n * d);
        ops.metricBackward(shape, r.distance(), Write.OVERWRITE, rows, distances, coefficients, dx, memory.workspace(Op.METRIC_BACKWARD, n, d));
        MetricSummary said = memory.device().transfers().metricSummary(summary);
        if (!Double.isNaN(loss)) {
            assertEquals(loss, said.loss(), 1e-6);
        }
        assertEquals(collapsed, said.collapsed(), 1e-6);
        return memory.read(dx, (long) n * d);
    }

    /** A NaN in the embeddings shows in the loss and spoils every gradient, so that the step is skipped. */
    @OnEveryDevice
    void notANumberShows(String name) {
        try (Device device = TestDevices.open(name)) {
            for (PairSelection selection : new PairSelection[] {PairSelection.SEMI_HARD, PairSelection.BATCH_HARD, PairSelection.ALL}) {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    double[] distances = new double[36];
                    Arrays.fill(distances, 0.5);
                    distances[4] = Double.NaN;
                    Case one = new Case(BATCHES.get(1), triplet(PairDistance.SQUARED, selection, false, false));
                    Given given = Given.of(memory, one, distances, new int[] {0, 0, 1, 1, 2, 2});
                    long coefficients = memory.output(36);
                    long summary = memory.bytes(MetricSummary.BYTES);
                    device.ops().metricLoss(given.operands, coefficients, 0, summary, memory.workspace(Op.METRIC_LOSS, 6, 6));
                    assertTrue(Float.isNaN(device.transfers().metricSummary(summary).loss()));
                    assertTrue(Arrays.stream(memory.read(coefficients, 36)).allMatch(Double::isNaN));
                }
            }
        }
    }

    @OnEveryDevice
    void labelsOutsideTheBetasAreAFault(String name) {
        try (Device device = TestDevices.open(name); GuardedMemory memory = new GuardedMemory(device)) {
            KernelWalk.require(device, Op.METRIC_LOSS, Type.F32);
            MetricOperands operands = new MetricOperands(MetricKind.MARGIN, PairDistance.EUCLIDEAN, PairSelection.ALL, false, true, false, 3, 4, 2, 0, 0, 1, 0, 0, 1,
                    memory.input(new double[9]), memory.input(new int[] {0, 5, 1}), memory.input(new double[] {0.25}), memory.input(new double[] {1.25}),
                    memory.input(new double[2]), 0, 0, memory.input(SCALARS));
            device.ops().metricLoss(operands, memory.output(9), memory.output(3), memory.bytes(MetricSummary.BYTES), memory.workspace(Op.METRIC_LOSS, 3, 3));
            DeviceFaultException fault = assertThrows(DeviceFaultException.class, device::sync);
            assertEquals("metric_loss met a label outside [0, classes) at index 1 in step 3", fault.fault().orElseThrow().words());
        }
    }

    @OnEveryDevice
    void selectionsThatDoNotFitAreRefused(String name) {
        try (Device device = TestDevices.open(name); GuardedMemory memory = new GuardedMemory(device)) {
            Case one = new Case(BATCHES.get(4), new Rules(MetricKind.TRIPLET, PairDistance.SQUARED, PairSelection.PAIRS, false, false, false, 0.2, 1, 0, 0, 7));
            Given given = Given.of(memory, new Case(one.batch, triplet(PairDistance.SQUARED, PairSelection.ALL, false, false)), new double[9], new int[] {0, 0, 1});
            MetricOperands o = given.operands;
            MetricOperands wrong = new MetricOperands(o.kind(), o.distance(), PairSelection.PAIRS, false, false, false, o.n(), o.d(), 0, 0, 0, 1, 0, 0, 0, o.distances(),
                    o.labels(), o.margin(), 0, 0, 0, 0, o.scalars());
            DeviceException refused = assertThrows(DeviceException.class, () -> device.ops().metricLoss(wrong, memory.output(9), 0,
                    memory.bytes(MetricSummary.BYTES), memory.workspace(Op.METRIC_LOSS, 3, 3)));
            assertTrue(refused.getMessage().contains("TRIPLET takes all but PAIRS"), refused.getMessage());
        }
    }

    /** 4,096 rows: memory beside the matrices of pairs is O(N), and semi-hard selection of two identities, 2,047 positives for each anchor, is done in seconds. */
    @Test
    void manyRows() {
        try (Device device = Device.open("cpu")) {
            Ops ops = device.ops();
            int n = 4096;
            int d = 4;
            long square = 4L * n * n;
            long most = ops.workspaceBytes(Op.METRIC_LOSS, n, n) + ops.workspaceBytes(Op.METRIC_DISTANCES, n, d) + ops.workspaceBytes(Op.METRIC_BACKWARD, n, d);
            assertTrue(most < 2 * square, () -> "the workspaces take " + most + " bytes");
            double[] x = new Batch("many", n, d, 2).rows();
            float[] rows = new float[n * d];
            for (int i = 0; i < rows.length; i++) {
                rows[i] = (float) x[i];
            }
            int[] labels = new int[n];
            Arrays.setAll(labels, i -> i % 2);
            try (DeviceBuffer memory = device.allocate(3 * square + (4L << 20)); DeviceBuffer workspace = device.allocate(most)) {
                long[] at = {memory.address(), memory.address() + square, memory.address() + 2 * square, memory.address() + 3 * square};
                long small = at[3] + 4L * n * d * 2;
                device.transfers().upload(at[3], rows);
                device.transfers().upload(small, labels);
                device.transfers().upload(small + 4L * n, new float[] {0.2f});
                device.transfers().upload(small + 4L * n + 256, SCALARS);
                Matrix shape = new Matrix(n, d, Type.F32);
                ops.metricDistances(shape, PairDistance.SQUARED, at[3], at[0], workspace.address());
                ops.metricLoss(new MetricOperands(MetricKind.TRIPLET, PairDistance.SQUARED, PairSelection.SEMI_HARD, false, false, false, n, d, 0, 0, 0, 1, 0, 0, 0, at[0],
                        small, small + 4L * n, 0, 0, 0, 0, small + 4L * n + 256), at[1], 0, small + 4L * n + 512, workspace.address());
                ops.metricBackward(shape, PairDistance.SQUARED, Write.OVERWRITE, at[3], at[0], at[1], at[3] + 4L * n * d, workspace.address());
                MetricSummary said = device.transfers().metricSummary(small + 4L * n + 512);
                assertEquals((double) n * (n / 2 - 1), said.terms() / (1 - said.skipped()), 5);
                assertTrue(said.loss() > 0.15 && said.loss() < 0.2, () -> "dense neighbours leave nearly the whole margin: " + said.loss());
            }
        }
    }
}
