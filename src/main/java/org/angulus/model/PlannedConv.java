package org.angulus.model;

import org.angulus.device.BatchNormLayer;
import org.angulus.device.Conv2dOperands;
import org.angulus.device.Conv2dPlan;
import org.angulus.device.Matrix;
import org.angulus.device.Ops;
import org.angulus.device.Write;
import org.angulus.model.ArenaPlanner.Place;

/**
 * A {@link ConvLayer} for N images. Forward makes c = conv(x) (with its bias) and y = residual + prelu(batchNorm(c)), and makes them again where backward
 * needs what was not kept; backward turns dy into dc, and dc into dw and dx. Where the convolution stores another type than c has, c is converted from
 * its result, and dc back. A frozen layer goes forward only, and its batch norm takes the running statistics.
 */
final class PlannedConv implements PlannedLayer {
    private final ConvLayer layer;
    private final Conv2dPlan forward;
    private final Conv2dPlan backwardWeight;
    private final Conv2dPlan accumulateWeight;
    private final Conv2dPlan backwardInput;
    private final ActivationPlaces.Forward places;
    private final ActivationPlaces.Backward gradients; // null for a frozen layer
    private final Offsets offsets;
    private final Matrix matrix;

    /**
     * Where the layer's tensors lie, in elements of the flat buffers; -1: it has none.
     *
     * @param running mean and variance in the statistics
     */
    record Offsets(long weight, long bias, long gamma, long beta, long slope, long running) {
        static Offsets of(ConvLayer layer, FlatLayout parameters, FlatLayout statistics) {
            ConvLayer.BatchNormTensors norm = layer.norm();
            return new Offsets(
                    parameters.offset(layer.weight()),
                    layer.bias() == null ? -1 : parameters.offset(layer.bias()),
                    norm == null ? -1 : parameters.offset(norm.gamma()),
                    norm == null ? -1 : parameters.offset(norm.beta()),
                    layer.slope() == null ? -1 : parameters.offset(layer.slope()),
                    norm == null ? -1 : statistics.offset(norm.mean()));
        }
    }

    /**
     * The convolution's plans.
     *
     * @param backwardWeight null for a frozen layer, like accumulateWeight
     * @param backwardInput null for a frozen layer and the first one that is not
     */
    record Plans(Conv2dPlan forward, Conv2dPlan backwardWeight, Conv2dPlan accumulateWeight, Conv2dPlan backwardInput) {}

    /**
     * @param matrix what follows the convolution, as rows of channels
     */
    PlannedConv(
            ConvLayer layer, Matrix matrix, Plans plans, ActivationPlaces.Forward places, ActivationPlaces.Backward gradients, Offsets offsets) {
        this.layer = layer;
        this.forward = plans.forward();
        this.backwardWeight = plans.backwardWeight();
        this.accumulateWeight = plans.accumulateWeight();
        this.backwardInput = plans.backwardInput();
        this.places = places;
        this.gradients = gradients;
        this.offsets = offsets;
        this.matrix = matrix;
    }

    /** Brings the weights into the plan's own form, right before they are read: one place serves all layers. Gives it, or 0 where there is none. */
    private long prepare(Conv2dPlan plan, PlanMemory memory) {
        if (plan.preparedBytes() == 0) {
            return 0;
        }
        plan.prepare(element(memory.parameters(), offsets.weight()), memory.prepared());
        return memory.prepared();
    }

    @Override
    public void forward(Ops ops, PlanMemory memory) {
        long result = at(memory, places.result());
        long c = at(memory, places.c());
        convolve(memory, places.x(), result);
        if (c != result) {
            ops.convert(forward.shape().outputs(), forward.shape().type(), result, matrix.type(), c);
        }
        if (layer.norm() != null && !isFrozen()) {
            ops.runningStatistics(
                    matrix,
                    (float) layer.norm().constants().decay(),
                    layer.norm().constants().unbiasedVariance(),
                    at(memory, places.statistics()),
                    element(memory.statistics(), offsets.running()));
        }
        finish(ops, memory, places.c(), places.residual(), places.y());
    }

    /** Makes during backward what forward made, to the same bits; running statistics do not move again. */
    void forwardAgain(Ops ops, PlanMemory memory, ActivationPlaces.Again again) {
        if (again.x() != null) {
            convolve(memory, again.x(), at(memory, again.c()));
        }
        if (again.y() != null) {
            finish(ops, memory, again.c(), again.residual(), again.y());
        }
    }

    private void convolve(PlanMemory memory, Place x, long result) {
        forward.run(new Conv2dOperands()
                .x(at(memory, x))
                .w(element(memory.parameters(), offsets.weight()))
                .y(result)
                .prepared(prepare(forward, memory))
                .workspace(workspace(memory, forward))
                .bias(element(memory.parameters(), offsets.bias()))
                .statistics(isFrozen() ? 0 : at(memory, places.statistics())));
    }

    /** All that follows the convolution. */
    private void finish(Ops ops, PlanMemory memory, Place c, Place residual, Place y) {
        if (layer.norm() != null) {
            ops.batchNormForward(batchNorm(memory, c), at(memory, residual), at(memory, y));
        } else if (layer.slope() != null) {
            ops.preluForward(matrix, at(memory, c), element(memory.parameters(), offsets.slope()), at(memory, residual), at(memory, y));
        }
    }

    @Override
    public void backward(Ops ops, PlanMemory memory, Write write) {
        long dy = at(memory, gradients.dy());
        long dc = at(memory, gradients.dc());
        if (layer.norm() != null) {
            ops.batchNormBackwardReduce(
                    batchNorm(memory, gradients.c()),
                    write,
                    dy,
                    element(memory.gradients(), offsets.gamma()),
                    element(memory.gradients(), offsets.beta()),
                    element(memory.gradients(), offsets.slope()),
                    at(memory, places.sums()),
                    memory.workspace());
            ops.batchNormBackwardInput(batchNorm(memory, gradients.c()), dy, at(memory, places.sums()), dc);
        } else if (layer.slope() != null) {
            ops.preluBackward(
                    matrix,
                    write,
                    dy,
                    at(memory, gradients.c()),
                    element(memory.parameters(), offsets.slope()),
                    dc,
                    element(memory.gradients(), offsets.slope()),
                    memory.workspace());
        }
        if (layer.bias() != null) {
            ops.channelSum(matrix, write, dc, element(memory.gradients(), offsets.bias()), memory.workspace());
        }
        long dResult = at(memory, gradients.dResult());
        if (dResult != dc) {
            ops.convert(forward.shape().outputs(), matrix.type(), dc, forward.shape().type(), dResult);
        }
        Conv2dPlan weights = write == Write.ACCUMULATE ? accumulateWeight : backwardWeight;
        weights.run(new Conv2dOperands()
                .x(at(memory, gradients.x()))
                .w(element(memory.gradients(), offsets.weight()))
                .y(dResult)
                .workspace(workspace(memory, weights)));
        if (backwardInput != null) {
            backwardInput.run(new Conv2dOperands()
                    .x(at(memory, gradients.dx()))
                    .w(element(memory.parameters(), offsets.weight()))
                    .y(dResult)
                    .prepared(prepare(backwardInput, memory))
                    .workspace(workspace(memory, backwardInput))
                    .residual(at(memory, gradients.skip())));
        }
    }

    private BatchNormLayer batchNorm(PlanMemory memory, Place c) {
        return new BatchNormLayer(
                matrix,
                (float) layer.norm().constants().epsilon(),
                at(memory, c),
                isFrozen() ? element(memory.statistics(), offsets.running()) : at(memory, places.statistics()),
                element(memory.parameters(), offsets.gamma()),
                element(memory.parameters(), offsets.beta()),
                element(memory.parameters(), offsets.slope()));
    }

    private boolean isFrozen() {
        return backwardWeight == null;
    }

    private static long workspace(PlanMemory memory, Conv2dPlan plan) {
        return plan.workspaceBytes() > 0 ? memory.workspace() : 0;
    }

    /** Address of a place, 0 for none. */
    private static long at(PlanMemory memory, Place place) {
        return place == null ? 0 : memory.arena() + place.offset();
    }

    /** Address of an element of a flat buffer, 0 for none. */
    private static long element(long base, long offset) {
        return offset < 0 ? 0 : base + Float.BYTES * offset;
    }
}
