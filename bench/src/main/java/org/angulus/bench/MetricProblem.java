package org.angulus.bench;

import java.util.SplittableRandom;
import org.angulus.device.Device;
import org.angulus.device.DeviceBuffer;
import org.angulus.device.Graph;
import org.angulus.device.Matrix;
import org.angulus.device.MetricKind;
import org.angulus.device.MetricOperands;
import org.angulus.device.MetricSummary;
import org.angulus.device.NormGuard;
import org.angulus.device.Op;
import org.angulus.device.Ops;
import org.angulus.device.PairDistance;
import org.angulus.device.PairSelection;
import org.angulus.device.StepScalars;
import org.angulus.device.Type;
import org.angulus.device.Write;

/** The triplet loss of FaceNet (alpha 0.2) on N drawn rows of length 1, four of each person, for any selection: the choice of triplets, and the whole loss. */
final class MetricProblem implements AutoCloseable {
    private static final int EACH = 4;
    private static final float ALPHA = 0.2f;

    private final Device device;
    private final DeviceBuffer memory;
    private final Graph selection;
    private final Graph whole;
    private final long summary;

    MetricProblem(Device device, int n, int d, PairSelection which) {
        this.device = device;
        Ops ops = device.ops();
        long row = 4L * n * d;
        long pairs = 4L * n * n;
        long workspace = Math.max(ops.workspaceBytes(Op.METRIC_DISTANCES, n, d), Math.max(ops.workspaceBytes(Op.METRIC_LOSS, n, n),
                ops.workspaceBytes(Op.METRIC_BACKWARD, n, d)));
        long[] sizes = {row, row, row, 4L * n, pairs, pairs, 4L * n, 4, StepScalars.BYTES, MetricSummary.BYTES, workspace};
        var at = new long[sizes.length];
        long bytes = 0;
        for (int i = 0; i < sizes.length; i++) {
            at[i] = bytes;
            bytes += (sizes[i] + 255) / 256 * 256;
        }
        memory = device.allocate(bytes);
        for (int i = 0; i < at.length; i++) {
            at[i] += memory.address();
        }
        var random = new SplittableRandom(3);
        var numbers = new float[n * d];
        var labels = new int[n];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) random.nextDouble(-1, 1);
            labels[i / d] = i / d / EACH;
        }
        device.transfers().upload(at[0], numbers);
        device.transfers().upload(at[6], labels);
        device.transfers().upload(at[7], new float[] {ALPHA});
        device.transfers().upload(at[8], new StepScalars(0, 0, 0, 0, 0, 0));
        summary = at[9];
        Matrix shape = new Matrix(n, d, Type.F32);
        var operands = new MetricOperands(MetricKind.TRIPLET, PairDistance.SQUARED, which, false, false, true, n, d, 0, 0, 0, 1, 0, 0, 0, at[4], at[6], at[7], 0, 0, 0, 0, at[8]);
        selection = device.record(() -> ops.metricLoss(operands, at[5], 0, summary, at[10]));
        whole = device.record(() -> {
            ops.normalizeForward(shape, NormGuard.CLAMP_LENGTH, at[0], at[3], at[1]);
            ops.metricDistances(shape, PairDistance.SQUARED, at[1], at[4], at[10]);
            ops.metricLoss(operands, at[5], 0, summary, at[10]);
            ops.metricBackward(shape, PairDistance.SQUARED, Write.OVERWRITE, at[1], at[4], at[5], at[2], at[10]);
            ops.normalizeBackward(shape, NormGuard.CLAMP_LENGTH, at[2], at[0], at[3], at[2]);
        });
        runWhole();
    }

    /** Selection, loss and coefficients from distances that stand there; waits. */
    void runSelection() {
        selection.launch();
        device.sync();
    }

    /** Rows to gradient; waits. */
    void runWhole() {
        whole.launch();
        device.sync();
    }

    /**
     * Every anchor has 3 positives, so there are 3 N pairs; drawn rows are about a right angle apart, so that the mean squared distance is 2.
     *
     * @throws IllegalStateException when the answer is another
     */
    void requireUntrained(int n) {
        MetricSummary said = device.transfers().metricSummary(summary);
        double pairs = 3.0 * n;
        if (!(Math.abs(said.negativeDistance() - 2) < 0.1) || !(said.terms() == pairs) || !(said.loss() > 0 && said.loss() < 2)) {
            throw new IllegalStateException("The triplets of drawn rows give " + said + "; " + pairs + " terms and distances of 2 were expected.");
        }
    }

    @Override
    public void close() {
        selection.close();
        whole.close();
        memory.close();
    }
}
