package org.angulus.loss;

import org.angulus.device.CenterOperands;
import org.angulus.device.Matrix;
import org.angulus.device.MetricKind;
import org.angulus.device.MetricOperands;
import org.angulus.device.NormGuard;
import org.angulus.device.Op;
import org.angulus.device.Ops;
import org.angulus.device.PairDistance;
import org.angulus.device.PairSelection;
import org.angulus.device.Type;
import org.angulus.device.Write;
import org.angulus.model.ArenaPlanner;
import org.angulus.model.ArenaPlanner.Place;

/**
 * A {@link MetricLoss} for N embeddings: emits lengths, distances of all pairs, loss and gradient, or center loss and the update of the centres. Its memory is
 * O(N^2).
 */
public final class MetricPlan {
    /** Tells its draws from those of dropout. */
    private static final int PURPOSE = 1_000_003;

    private final MetricLoss loss;
    private final double weight;
    private final int classes;
    private final int images;
    private final int n;
    private final int d;
    private final long seed;
    private final Matrix shape;
    private final boolean normalized;
    private final PairDistance distance;
    private final long workspaceBytes;
    private Scratch scratch;

    /** {@code unit}, {@code inverse} and {@code dunit} are null without normalisation, {@code dbeta} without a beta. */
    private record Scratch(Place unit, Place inverse, Place dunit, Place distances, Place coefficients, Place dbeta) {}

    /**
     * Device addresses that the ops read and write; 0 where the loss has no such thing.
     *
     * @param x embeddings, f32 (N, D)
     * @param dx their gradient
     * @param labels int32 (N)
     * @param scalars step scalars
     * @param summary {@link org.angulus.device.MetricSummary}: output
     * @param margin f32 (1)
     * @param beta f32 (1)
     * @param dbeta its gradient, where it is learned
     * @param betaClass f32 (classes)
     * @param dbetaClass its gradient
     * @param image int32 (N), numbers of the images in the training set
     * @param betaImage f32 (images)
     * @param dbetaImage its gradient
     * @param centers f32 (classes, D) as they persist
     * @param candidates the centres after this step
     * @param arena the arena that {@link #reserve} planned
     * @param workspace {@link #workspaceBytes()}
     */
    public record Addresses(
            long x, long dx, long labels, long scalars, long summary, long margin, long beta, long dbeta, long betaClass, long dbetaClass, long image,
            long betaImage, long dbetaImage, long centers,
            long candidates, long arena, long workspace) {}

    /**
     * @param weight of the loss beside another
     * @param images of the training set
     * @param n embeddings of a micro-batch
     * @param d numbers of an embedding
     * @param seed start value of the draws
     */
    public MetricPlan(Ops ops, MetricLoss loss, double weight, int classes, int images, int n, int d, long seed) {
        this.loss = loss;
        this.weight = weight;
        this.classes = classes;
        this.images = images;
        this.n = n;
        this.d = d;
        this.seed = seed;
        shape = new Matrix(n, d, Type.F32);
        normalized = switch (loss) {
            case MetricLoss.Contrastive own -> own.normalized();
            case MetricLoss.Triplet own -> own.normalized();
            case MetricLoss.MarginBased _ -> true;
            case MetricLoss.None _, MetricLoss.Center _ -> false;
        };
        distance = switch (loss) {
            case MetricLoss.Contrastive own -> own.distance();
            case MetricLoss.Triplet own -> own.distance();
            case MetricLoss.MarginBased own -> own.distance();
            case MetricLoss.None _, MetricLoss.Center _ -> null;
        };
        workspaceBytes = switch (loss) {
            case MetricLoss.None _ -> 0;
            case MetricLoss.Center _ -> ops.workspaceBytes(Op.CENTER_LOSS, n, d);
            default -> Math.max(Math.max(ops.workspaceBytes(Op.METRIC_DISTANCES, n, d), ops.workspaceBytes(Op.METRIC_LOSS, n, n)),
                    ops.workspaceBytes(Op.METRIC_BACKWARD, n, d));
        };
    }

    /** Takes what lives between the ops, and gives it back: what is taken later may lie there. Of several calls the last one counts. */
    public void reserve(ArenaPlanner arena) {
        if (distance == null) {
            return;
        }
        long rows = (long) Float.BYTES * n * d;
        long pairs = (long) Float.BYTES * n * n;
        Place unit = normalized ? arena.take(rows) : null;
        Place inverse = normalized ? arena.take((long) Float.BYTES * n) : null;
        Place dunit = normalized ? arena.take(rows) : null;
        Place dbeta = loss instanceof MetricLoss.MarginBased ? arena.take((long) Float.BYTES * n) : null;
        scratch = new Scratch(unit, inverse, dunit, arena.take(pairs), arena.take(pairs), dbeta);
        for (Place place : new Place[] {unit, inverse, dunit, dbeta, keepsDistances() ? null : scratch.distances, scratch.coefficients}) {
            if (place != null) {
                arena.release(place);
            }
        }
    }

    /** Bytes of {@link Addresses#workspace()}. */
    public long workspaceBytes() {
        return workspaceBytes;
    }

    /**
     * Embeddings and labels to the loss and its gradients.
     *
     * @param writeX of dx: accumulate where another loss has written it
     * @param write of the gradients of the betas
     */
    public void run(Ops ops, Addresses a, Write writeX, Write write) {
        switch (loss) {
            case MetricLoss.None _ -> {}
            case MetricLoss.Center own -> {
                var center = new CenterOperands(n, d, classes, own.meanOfNumbers(), (float) weight, (float) own.rate(), own.counted(), a.x, a.labels, a.scalars);
                ops.centerLoss(center, writeX, a.centers, a.dx, a.summary, a.workspace);
                ops.centerUpdate(center, a.candidates);
            }
            default -> runPairs(ops, a, writeX, write);
        }
    }

    private void runPairs(Ops ops, Addresses a, Write writeX, Write write) {
        long distances = at(a, scratch.distances);
        long coefficients = at(a, scratch.coefficients);
        long dbeta = at(a, scratch.dbeta);
        long rows = normalized ? at(a, scratch.unit) : a.x;
        if (normalized) {
            ops.normalizeForward(shape, NormGuard.CLAMP_LENGTH, a.x, at(a, scratch.inverse), rows);
        }
        ops.metricDistances(shape, distance, rows, distances, a.workspace);
        MetricOperands operands = operands(a, distances);
        ops.metricLoss(operands, coefficients, dbeta, a.summary, a.workspace);
        if (a.dbeta != 0) {
            ops.metricBeta(operands, write, dbeta, a.dbeta, a.dbetaClass, a.dbetaImage);
        }
        if (!normalized) {
            ops.metricBackward(shape, distance, writeX, rows, distances, coefficients, a.dx, a.workspace);
            return;
        }
        long dunit = at(a, scratch.dunit);
        ops.metricBackward(shape, distance, Write.OVERWRITE, rows, distances, coefficients, dunit, a.workspace);
        boolean added = writeX == Write.ACCUMULATE;
        ops.normalizeBackward(shape, NormGuard.CLAMP_LENGTH, dunit, a.x, at(a, scratch.inverse), added ? dunit : a.dx);
        if (added) {
            ops.add(Type.F32, (long) n * d, a.dx, dunit, a.dx);
        }
    }

    private MetricOperands operands(Addresses a, long distances) {
        return switch (loss) {
            case MetricLoss.Contrastive own -> new MetricOperands(MetricKind.CONTRASTIVE, distance, own.pairs() ? PairSelection.PAIRS : PairSelection.ALL,
                    false, false, false, n, d, 0, 0, PURPOSE, (float) weight, 0, 0, seed, distances, a.labels, a.margin, 0, 0, 0, 0, a.scalars);
            case MetricLoss.Triplet own -> new MetricOperands(MetricKind.TRIPLET, distance, own.selection(), own.soft(), own.ofActive(), own.farthest(), n, d,
                    0, 0, PURPOSE, (float) weight, (float) own.pull(), 0, seed, distances, a.labels, a.margin, 0, 0, 0, 0, a.scalars);
            case MetricLoss.MarginBased own -> new MetricOperands(MetricKind.MARGIN, distance, own.selection(), false, true, false, n, d,
                    a.betaClass == 0 ? 0 : classes, a.betaImage == 0 ? 0 : images, PURPOSE, (float) weight, 0, (float) own.nu(), seed, distances, a.labels, a.margin, a.beta,
                    a.betaClass, a.betaImage, a.betaImage == 0 ? 0 : a.image, a.scalars);
            case MetricLoss.None _, MetricLoss.Center _ -> throw new IllegalStateException(loss + " has no pairs.");
        };
    }

    /** Those of pair batches stay until the next run, since a margin is set by them. */
    private boolean keepsDistances() {
        return loss instanceof MetricLoss.Contrastive own && own.pairs();
    }

    /** Where the distances (N,N) of the last run lie, of a contrastive loss on pairs. */
    public long distances(Addresses a) {
        return at(a, scratch.distances);
    }

    private static long at(Addresses a, Place place) {
        return place == null ? 0 : a.arena + place.offset();
    }
}
