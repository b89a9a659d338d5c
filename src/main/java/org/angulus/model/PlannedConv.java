package org.angulus.model;

import org.angulus.device.BatchNormLayer;
import org.angulus.device.Conv2dOperands;
import org.angulus.device.Conv2dPlan;
import org.angulus.device.Matrix;
import org.angulus.device.Ops;
import org.angulus.device.Write;
import org.angulus.model.ArenaPlanner.Place;

/**
 * A {@link ConvLayer} for N images. Forward keeps c = conv(x) (with its bias) and makes y = residual + prelu(batchNorm(c)); backward turns dy into
 * dc, and dc into dw and dx. Where the convolution stores another type than c has, c is converted from its result, and dc back. A frozen layer goes
 * forward only, and its batch norm takes the running statistics.
 */
final class PlannedConv implements PlannedLayer {
    private final ConvLayer layer;
    private final Conv2dPlan forward;
    private final Conv2dPlan backwardWeight;
    private final Conv2dPlan accumulateWeight;
    private final Conv2dPlan backwardInput;
    private final Places places;
    private final Offsets offsets;
    private final Matrix matrix;

    /**
     * Where the layer's activations lie in the arena.
     *
     * @param x input
     * @param result of the convolution
     * @param c the result as all that follows reads it, result itself where the types are the same; y itself where nothing follows
     * @param y output
     * @param residual what is added, or null
     * @param statistics (2, K) of the batch, or null
     * @param sums (2, K) of batch norm's backward, or null
     * @param dy gradient of y
     * @param dc gradient of c; may be dy
     * @param dResult gradient of the result; dc itself where the types are the same
     * @param dx gradient of x, or null for the first layer
     * @param skip gradient that the block adds to dx (dx itself), or null
     */
    record Places(
            Place x, Place result, Place c, Place y, Place residual, Place statistics, Place sums, Place dy, Place dc, Place dResult, Place dx,
            Place skip) {}

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
    PlannedConv(ConvLayer layer, Matrix matrix, Plans plans, Places places, Offsets offsets) {
        this.layer = layer;
        this.forward = plans.forward();
        this.backwardWeight = plans.backwardWeight();
        this.accumulateWeight = plans.accumulateWeight();
        this.backwardInput = plans.backwardInput();
        this.places = places;
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
        long y = at(memory, places.y());
        long residual = at(memory, places.residual());
        forward.run(new Conv2dOperands()
                .x(at(memory, places.x()))
                .w(element(memory.parameters(), offsets.weight()))
                .y(result)
                .prepared(prepare(forward, memory))
                .workspace(workspace(memory, forward))
                .bias(element(memory.parameters(), offsets.bias()))
                .statistics(isFrozen() ? 0 : at(memory, places.statistics())));
        if (c != result) {
            ops.convert(forward.shape().outputs(), forward.shape().type(), result, matrix.type(), c);
        }
        if (layer.norm() != null) {
            if (!isFrozen()) {
                ops.runningStatistics(
                        matrix,
                        (float) layer.norm().constants().decay(),
                        layer.norm().constants().unbiasedVariance(),
                        at(memory, places.statistics()),
                        element(memory.statistics(), offsets.running()));
            }
            ops.batchNormForward(batchNorm(memory), residual, y);
        } else if (layer.slope() != null) {
            ops.preluForward(matrix, c, element(memory.parameters(), offsets.slope()), residual, y);
        }
    }

    @Override
    public void backward(Ops ops, PlanMemory memory, Write write) {
        long dy = at(memory, places.dy());
        long dc = at(memory, places.dc());
        if (layer.norm() != null) {
            ops.batchNormBackwardReduce(
                    batchNorm(memory),
                    write,
                    dy,
                    element(memory.gradients(), offsets.gamma()),
                    element(memory.gradients(), offsets.beta()),
                    element(memory.gradients(), offsets.slope()),
                    at(memory, places.sums()),
                    memory.workspace());
            ops.batchNormBackwardInput(batchNorm(memory), dy, at(memory, places.sums()), dc);
        } else if (layer.slope() != null) {
            ops.preluBackward(
                    matrix,
                    write,
                    dy,
                    at(memory, places.c()),
                    element(memory.parameters(), offsets.slope()),
                    dc,
                    element(memory.gradients(), offsets.slope()),
                    memory.workspace());
        }
        if (layer.bias() != null) {
            ops.channelSum(matrix, write, dc, element(memory.gradients(), offsets.bias()), memory.workspace());
        }
        long dResult = at(memory, places.dResult());
        if (dResult != dc) {
            ops.convert(forward.shape().outputs(), matrix.type(), dc, forward.shape().type(), dResult);
        }
        Conv2dPlan weights = write == Write.ACCUMULATE ? accumulateWeight : backwardWeight;
        weights.run(new Conv2dOperands()
                .x(at(memory, places.x()))
                .w(element(memory.gradients(), offsets.weight()))
                .y(dResult)
                .workspace(workspace(memory, weights)));
        if (backwardInput != null) {
            backwardInput.run(new Conv2dOperands()
                    .x(at(memory, places.dx()))
                    .w(element(memory.parameters(), offsets.weight()))
                    .y(dResult)
                    .prepared(prepare(backwardInput, memory))
                    .workspace(workspace(memory, backwardInput))
                    .residual(at(memory, places.skip())));
        }
    }

    private BatchNormLayer batchNorm(PlanMemory memory) {
        return new BatchNormLayer(
                matrix,
                (float) layer.norm().constants().epsilon(),
                at(memory, places.c()),
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
