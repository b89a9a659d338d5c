package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;

/** The commit phase as a whole: a step whose gradient is not finite leaves every persistent byte as it was, but for the count of skipped steps. */
class CommitTest {
    private static final int COUNT = 3000;

    /** Everything that outlives a step, in one stretch, and the step that changes it. */
    private static final class Step implements AutoCloseable {
        private static final long ARRAY = 4L * COUNT;
        private final GuardedMemory memory;
        private final long parameters;
        private final long velocity;
        private final long first;
        private final long second;
        private final long sumOfSquares;
        private final long meanOfSquares;
        private final long rmspropVelocity;
        private final long average;
        private final long running;
        private final long control;
        private final long gradients;

        Step(Device device) {
            memory = new GuardedMemory(device);
            Numbers numbers = new Numbers(1);
            parameters = memory.inOut(numbers.signed(Type.F32, COUNT));
            velocity = memory.inOut(numbers.signed(Type.F32, COUNT));
            first = memory.inOut(numbers.signed(Type.F32, COUNT));
            second = memory.inOut(numbers.positive(Type.F32, COUNT));
            sumOfSquares = memory.inOut(numbers.positive(Type.F32, COUNT));
            meanOfSquares = memory.inOut(numbers.positive(Type.F32, COUNT));
            rmspropVelocity = memory.inOut(numbers.signed(Type.F32, COUNT));
            average = memory.inOut(numbers.signed(Type.F32, COUNT));
            running = memory.inOut(numbers.signed(Type.F32, COUNT));
            control = memory.inOut(new StepControl(0, 0, false, 3, 4));
            gradients = memory.inOut(numbers.signed(Type.F32, COUNT));
        }

        byte[] persistent() {
            var all = new java.io.ByteArrayOutputStream();
            for (long array : new long[] {parameters, velocity, first, second, sumOfSquares, meanOfSquares, rmspropVelocity, average, running}) {
                all.writeBytes(memory.device().transfers().bytes(array, (int) ARRAY));
            }
            return all.toByteArray();
        }

        void plant(double value) {
            memory.device().transfers().upload(gradients + 4L * 1234, new float[] {(float) value});
        }

        void run() {
            Ops ops = memory.device().ops();
            long scalars = memory.input(new StepScalars(7, 0, 0.125f, 0, 0, 0));
            long candidate = memory.input(new Numbers(8).signed(Type.F32, COUNT));
            SegmentTable segments = new SegmentTable(List.of(new Segment(0, 1000, 0.01f, 1), new Segment(1000, 2000, 0, 2, 0)));
            ops.gradientNorm(COUNT, 1, 5, gradients, control, memory.workspace(Op.GRADIENT_NORM, COUNT, 1));
            ops.sgdUpdate(new SgdRule(0.9f, SgdRule.Convention.TORCH, false), COUNT, segments, parameters, gradients, velocity, scalars, control);
            ops.adamUpdate(new AdamRule(0.9f, 0.999f, 1e-8f, AdamRule.Form.TORCH, true), COUNT, segments, parameters, gradients, first, second, scalars,
                    control);
            ops.adagradUpdate(1e-10f, COUNT, segments, parameters, gradients, sumOfSquares, scalars, control);
            ops.rmspropUpdate(new RmspropRule(0.9f, 0.9f, 1, RmspropRule.Form.TENSORFLOW), COUNT, segments, parameters, gradients, meanOfSquares,
                    rmspropVelocity, scalars, control);
            ops.emaUpdate(COUNT, 0.9f, parameters, average, control);
            ops.commitCopy(running, candidate, ARRAY, control);
            ops.commitEnd(control);
        }

        StepControl control() {
            return memory.device().transfers().control(control);
        }

        @Override
        public void close() {
            memory.close();
        }
    }

    private static void requireAll(Device device) {
        for (Op op : List.of(Op.GRADIENT_NORM, Op.SGD_UPDATE, Op.ADAM_UPDATE, Op.ADAGRAD_UPDATE, Op.RMSPROP_UPDATE, Op.EMA_UPDATE, Op.COMMIT_COPY,
                Op.COMMIT_END)) {
            KernelWalk.require(device, op, Type.F32);
        }
    }

    @OnEveryDevice
    void aStepThatIsNotFiniteChangesNoByte(String name) {
        try (Device device = TestDevices.open(name); Step step = new Step(device)) {
            requireAll(device);
            byte[] before = step.persistent();
            int skipped = 4;
            for (double bad : new double[] {Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.NaN}) {
                step.plant(bad);
                step.run();
                assertArrayEquals(before, step.persistent(), "after a gradient of " + bad);
                StepControl control = step.control();
                assertFalse(control.apply());
                assertEquals(3, control.appliedSteps());
                assertEquals(++skipped, control.skippedSteps());
            }
        }
    }

    @OnEveryDevice
    void aFiniteStepChangesAllOfThem(String name) {
        try (Device device = TestDevices.open(name); Step step = new Step(device)) {
            requireAll(device);
            byte[] before = step.persistent();
            step.run();
            byte[] after = step.persistent();
            for (int array = 0; array < 9; array++) {
                int from = array * 4 * COUNT;
                int same = 0;
                for (int i = from; i < from + 4 * COUNT; i += 4) {
                    same += Arrays.equals(before, i, i + 4, after, i, i + 4) ? 1 : 0;
                }
                int unchanged = same;
                assertTrue(unchanged < COUNT / 50, () -> unchanged + " numbers of an array did not change");
            }
            StepControl control = step.control();
            assertTrue(control.apply());
            assertEquals(4, control.appliedSteps());
            assertEquals(4, control.skippedSteps());
        }
    }
}
