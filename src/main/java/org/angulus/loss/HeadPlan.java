package org.angulus.loss;

import java.util.ArrayList;
import java.util.Arrays;
import org.angulus.device.Device;
import org.angulus.device.HeadKind;
import org.angulus.device.HeadOperands;
import org.angulus.device.HeadSummary;
import org.angulus.device.Matrix;
import org.angulus.device.Op;
import org.angulus.device.Ops;
import org.angulus.device.Transfers;
import org.angulus.device.Type;
import org.angulus.device.Write;
import org.angulus.model.ArenaPlanner;
import org.angulus.model.ArenaPlanner.Place;

/**
 * A {@link MarginHead} for N embeddings: emits row lengths, target, forward over the classes, loss and backward. While the cosines of all classes
 * fit a cap they are kept for backward; beyond it the classes are cut into ranges and backward computes their cosines again, so N x C numbers are
 * never needed.
 */
public final class HeadPlan {
    /** Ranges start at multiples of this, so that every row of class vectors and biases is aligned. */
    private static final int RANGE_UNIT = 64;

    private static final int LEAST_RANGE = 1024;
    /** Lengths of class vectors that a report reads. */
    private static final int MOST_READ = 1 << 16;

    private final MarginHead head;
    private final int n;
    private final int d;
    private final int classes;
    private final Type precision;
    private final int range;
    private final boolean keepsCosines;
    private final long seed;
    private final long workspaceBytes;
    private Scratch scratch;

    /** What the ops hand on; {@code biases} is null but for SPHEREFACE2, whose bias's gradient is the sum of them, {@code cosines} if not kept. */
    private record Scratch(Place inverseX, Place inverseW, Place target, Place partial, Place best, Place logSumExp, Place losses, Place scales, Place biases,
                           Place cosines) {}

    /**
     * Device addresses that the head's ops read and write.
     *
     * @param x embeddings, f32 (N, D)
     * @param dx their gradient
     * @param w class vectors, f32 (classes, D)
     * @param dw their gradient
     * @param bias (classes) SOFTMAX, (1) SPHEREFACE2, else 0
     * @param dbias its gradient
     * @param scale (1), a learnt s, else 0
     * @param dscale its gradient
     * @param state of the head: brought up to date; 0 where it has none
     * @param labels int32 (N)
     * @param scalars step scalars
     * @param summary {@link HeadSummary}: output
     * @param arena the arena that {@link #reserve} planned
     * @param workspace {@link #workspaceBytes()}
     */
    public record Addresses(
            long x, long dx, long w, long dw, long bias, long dbias, long scale, long dscale, long state, long labels, long scalars, long summary, long arena,
            long workspace) {}

    /**
     * @param n embeddings of a micro-batch
     * @param d numbers of an embedding
     * @param precision of the factors of the N x C products; all else is f32
     * @param cap bytes up to which cosines are kept
     * @param seed of a head's random margins
     */
    public HeadPlan(Ops ops, MarginHead head, int classes, int n, int d, Type precision, long cap, long seed) {
        if (classes < 2) {
            throw new IllegalArgumentException("The head has " + classes + " classes; it needs at least 2 people to tell apart.");
        }
        this.head = head;
        this.n = n;
        this.d = d;
        this.classes = classes;
        this.precision = precision;
        long row = (long) Float.BYTES * n;
        keepsCosines = row * classes <= cap;
        this.seed = seed;
        long fitting = Math.max(LEAST_RANGE, cap / row / RANGE_UNIT * RANGE_UNIT);
        range = keepsCosines ? classes : (int) Math.min(classes, fitting);
        long sums = Math.max(ops.workspaceBytes(Op.CHANNEL_SUM, n, 1), ops.workspaceBytes(Op.CHANNEL_SUM, classes, 1));
        workspaceBytes = Math.max(sums, Math.max(ops.workspaceBytes(Op.MARGIN_FORWARD, n, range, d), ops.workspaceBytes(Op.MARGIN_BACKWARD, n, range, d)));
    }

    /**
     * Takes what lives between forward and backward, and gives back what is large or only backward reads: what is taken later may lie there. The rest
     * stays until the next micro-batch, for {@link #health}.
     */
    public void reserve(ArenaPlanner arena) {
        long row = (long) Float.BYTES * n;
        Place inverseX = arena.take(row);
        Place inverseW = arena.take((long) Float.BYTES * vectors());
        Place target = arena.take(HeadOperands.TARGET_ROWS * row);
        Place partial = arena.take(ranges() * HeadOperands.PARTIAL_ROWS * row);
        Place best = arena.take(row);
        Place logSumExp = arena.take(row);
        Place losses = arena.take(row);
        Place scales = arena.take(row);
        Place biases = head.kind() == HeadKind.SPHEREFACE2 ? arena.take((long) Float.BYTES * classes) : null;
        Place cosines = keepsCosines ? arena.take(row * classes) : null;
        scratch = new Scratch(inverseX, inverseW, target, partial, best, logSumExp, losses, scales, biases, cosines);
        for (Place place : new Place[] {logSumExp, scales, biases, cosines}) {
            if (place != null) {
                arena.release(place);
            }
        }
    }

    /** Bytes of {@link Addresses#workspace()}. */
    public long workspaceBytes() {
        return workspaceBytes;
    }

    /** Class ranges a pass is cut into. */
    public int ranges() {
        return (classes + range - 1) / range;
    }

    /** Embeddings and labels to the loss and its gradients; those of the class vectors and biases as {@code write} says. */
    public void run(Ops ops, Addresses a, Write write) {
        long inverseX = at(a, scratch.inverseX());
        long inverseW = at(a, scratch.inverseW());
        boolean lengths = head.kind().needsLengths();
        ops.rowNorm(new Matrix(n, d, Type.F32), head.guard(), a.x(), inverseX);
        if (lengths) {
            ops.rowNorm(new Matrix(vectors(), d, Type.F32), head.guard(), a.w(), inverseW);
        }
        var operands = new HeadOperands(head.kind(), head.constants(seed), n, d, classes, head.guard(), precision, a.x(), a.w(), a.bias(), a.labels(),
                lengths ? inverseX : 0, lengths ? inverseW : 0, a.scalars(), a.scale(), a.state());
        long target = at(a, scratch.target());
        long logSumExp = at(a, scratch.logSumExp());
        long losses = at(a, scratch.losses());
        long cosines = at(a, scratch.cosines());
        ops.marginTarget(operands, target);
        for (int i = 0; i < ranges(); i++) {
            long partial = at(a, scratch.partial()) + (long) i * HeadOperands.PARTIAL_ROWS * Float.BYTES * n;
            ops.marginForward(operands, first(i), count(i), target, cosines, partial, at(a, scratch.best()), a.workspace());
        }
        ops.marginLoss(operands, ranges(), target, at(a, scratch.partial()), logSumExp, losses, a.summary());
        long biases = scratch.biases() == null ? a.dbias() : at(a, scratch.biases());
        long scales = at(a, scratch.scales());
        if (scratch.biases() != null && write == Write.ACCUMULATE) {
            ops.fill(biases, (long) Float.BYTES * classes, 0);  // what they add to is the gradient of the bias, not what lies here
        }
        for (int i = 0; i < ranges(); i++) {
            long vectors = (long) first(i) * head.centres() * d * Float.BYTES;
            long dbias = biases == 0 ? 0 : biases + (long) first(i) * Float.BYTES;
            ops.marginBackward(
                    operands,
                    first(i),
                    count(i),
                    i == 0 ? Write.OVERWRITE : Write.ACCUMULATE,
                    write,
                    target,
                    logSumExp,
                    losses,
                    cosines,
                    a.dx(),
                    a.dw() + vectors,
                    dbias,
                    scales,
                    a.workspace());
        }
        if (scratch.biases() != null) {
            ops.channelSum(new Matrix(classes, 1, Type.F32), write, biases, a.dbias(), a.workspace());
        }
        if (a.dscale() != 0) {
            ops.channelSum(new Matrix(n, 1, Type.F32), write, scales, a.dscale(), a.workspace());
        }
    }

    /** Rows of w. */
    private int vectors() {
        return classes * head.centres();
    }

    /**
     * How the micro-batch that ran last did. Waits; not while recording. Of softmax, lengths of the class vectors are those after the step.
     *
     * @param margin of that step
     */
    public HeadHealth health(Device device, Addresses a, double margin) {
        Transfers transfers = device.transfers();
        float[] target = transfers.floats(at(a, scratch.target()), HeadOperands.TARGET_ROWS * n);
        float[] losses = transfers.floats(at(a, scratch.losses()), n);
        float[] x = transfers.floats(at(a, scratch.inverseX()), n);
        double[] largest = largestOther(transfers.floats(at(a, scratch.partial()), ranges() * HeadOperands.PARTIAL_ROWS * n));
        boolean normalizes = head.kind().normalizes();
        if (!head.kind().needsLengths()) {
            device.ops().rowNorm(new Matrix(classes, d, Type.F32), head.guard(), a.w(), at(a, scratch.inverseW()));
        }
        float[] w = transfers.floats(at(a, scratch.inverseW()), normalizes ? Math.min(vectors(), MOST_READ) : classes);
        var rows = new ArrayList<HeadHealth.Row>(n);
        if (normalizes) {
            for (int i = 0; i < n; i++) {
                double scale = target[HeadOperands.TARGET_SCALE * n + i];
                rows.add(new HeadHealth.Row(target[i], head.keepsOthers() ? largest[i] / scale : Double.NaN, scale * gradient(target, losses, i)));
            }
        } else {
            int[] labels = transfers.ints(a.labels(), n);
            int[] best = transfers.ints(at(a, scratch.best()), n);
            float[] bias = a.bias() == 0 ? new float[classes] : transfers.floats(a.bias(), classes);
            for (int i = 0; i < n; i++) {
                double own = (double) x[i] * w[labels[i]];
                // The best class is that of the last range only; there is none among logits that are no numbers.
                double nearest = ranges() == 1 && best[i] >= 0 ? (largest[i] - bias[best[i]]) * x[i] * w[best[i]] : Double.NaN;
                rows.add(new HeadHealth.Row((target[i] - bias[labels[i]]) * own, nearest, gradient(target, losses, i) / own));
            }
        }
        return HeadHealth.of(rows, meanLength(x), meanLength(w), lowestLoss(target, margin));
    }

    /** (1 - p) phi' of a row, without its sign; NaN where the loss is no softmax's. */
    private double gradient(float[] target, float[] losses, int i) {
        return head.kind().isSoftmax() ? -Math.expm1(-losses[i]) * Math.abs(target[HeadOperands.TARGET_DPHI * n + i]) : Double.NaN;
    }

    /** The largest wrong logit of each row, over all ranges. */
    private double[] largestOther(float[] partial) {
        var largest = new double[n];
        Arrays.fill(largest, Double.NEGATIVE_INFINITY);
        for (int range = 0; range < ranges(); range++) {
            for (int i = 0; i < n; i++) {
                largest[i] = Math.max(largest[i], partial[range * HeadOperands.PARTIAL_ROWS * n + i]);
            }
        }
        return largest;
    }

    /** With the mean scale of the rows. */
    private double lowestLoss(float[] target, double margin) {
        double scale = 0;
        for (int i = 0; i < n; i++) {
            scale += target[HeadOperands.TARGET_SCALE * n + i] / (double) n;
        }
        double phi = head.bestTarget(margin);
        return Double.isNaN(phi) ? Double.NaN : ScaleBound.lowestLoss(classes, scale, 1 - phi);
    }

    private static double meanLength(float[] inverse) {
        double sum = 0;
        for (float value : inverse) {
            sum += 1.0 / value;
        }
        return sum / inverse.length;
    }

    private int first(int i) {
        return i * range;
    }

    private int count(int i) {
        return Math.min(range, classes - first(i));
    }

    private static long at(Addresses a, Place place) {
        return place == null ? 0 : a.arena() + place.offset();
    }
}
