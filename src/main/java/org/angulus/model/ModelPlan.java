package org.angulus.model;

import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.angulus.device.Conv2dPlan;
import org.angulus.device.Conv2dShape;
import org.angulus.device.Device;
import org.angulus.device.Direction;
import org.angulus.device.Epilogue;
import org.angulus.device.ImageShape;
import org.angulus.device.Matrix;
import org.angulus.device.Op;
import org.angulus.device.Ops;
import org.angulus.device.Type;
import org.angulus.device.Write;
import org.angulus.model.ArenaPlanner.Place;
import org.angulus.model.PlannedConv.Offsets;
import org.angulus.model.PlannedConv.Plans;

/**
 * A network that trains with N images at a time: every tensor has its place, every convolution its plan. Activations and their gradients are stored in
 * the network's precision, all but those of the last layer behind its convolution: the embeddings and their gradient are f32. Emits the ops of one
 * micro-batch; it owns no memory. Frozen layers, the first ones, go forward only: backward ends above them, and nothing of theirs is kept for it.
 */
public final class ModelPlan {
    private final Network network;
    private final int n;
    private final InputFormat inputFormat;
    private final Type precision;
    private final int frozen;
    private final ActivationPlan activations;
    /** By number; null: a frozen dropout, which does nothing. */
    private final PlannedLayer[] layers;

    private long preparedBytes;
    private long workspaceBytes;

    /**
     * @param ops of the device it will run on
     * @param parameters flat layout that holds the network's parameters, and perhaps others
     * @param n images of one micro-batch
     * @param seed start value of dropout
     * @param precision of activations and their gradients
     * @param frozen layers, from the input on, whose weights stay
     * @param head takes what it needs between forward and backward from the arena, and releases it: more than once, and the last time counts
     */
    public ModelPlan(
            Ops ops, Network network, InputFormat inputFormat, FlatLayout parameters, int n, long seed, Type precision, int frozen,
            Consumer<ArenaPlanner> head) {
        this(ops, network, inputFormat, parameters, n, seed, precision, frozen,
                ActivationPlan.within(spare(ops.device()), network, n, precision, frozen, head));
    }

    /** What activations may take for the sake of speed: half of what a card has left, nothing of the processor's memory, which others use too. */
    private static long spare(Device device) {
        return device.isProcessor() ? 0 : device.info().freeBytes() / 2;
    }

    /** With activations that were planned for the same. */
    ModelPlan(
            Ops ops, Network network, InputFormat inputFormat, FlatLayout parameters, int n, long seed, Type precision, int frozen,
            ActivationPlan activations) {
        ops.device().requireTraining(precision);
        this.network = network;
        this.inputFormat = inputFormat;
        this.n = n;
        this.precision = precision;
        this.frozen = frozen;
        this.activations = activations;
        layers = new PlannedLayer[network.layers().size()];
        for (int i = 0; i < layers.length; i++) {
            layers[i] = plan(ops, i, parameters, seed);
        }
    }

    private PlannedLayer plan(Ops ops, int i, FlatLayout parameters, long seed) {
        ActivationPlaces.Forward forward = activations.forward(i);
        ActivationPlaces.Backward backward = activations.backward(i);
        return switch (network.layers().get(i)) {
            case ConvLayer conv -> new PlannedConv(
                    conv, matrix(i, conv), planConv(ops, i, conv), forward, backward, PlannedConv.Offsets.of(conv, parameters, network.statistics()));
            case PoolLayer pool -> new PlannedPool(pool.shape(n, precision), forward, backward);
            case DropoutLayer dropout -> i < frozen ? null : planDropout(dropout, i, forward.y(), backward == null ? null : backward.dy(), seed);
        };
    }

    private PlannedDropout planDropout(DropoutLayer dropout, int i, Place value, Place gradient, long seed) {
        var shape = new Matrix(n, Math.toIntExact(dropout.count()), precision);
        return new PlannedDropout(shape, (float) dropout.keep(), seed, i, value, gradient);
    }

    private Plans planConv(Ops ops, int i, ConvLayer conv) {
        Conv2dShape shape = shape(conv.geometry(), n, precision);
        boolean learns = i >= frozen;
        int epilogue = conv.norm() != null && learns ? Epilogue.STATISTICS : conv.bias() != null ? Epilogue.BIAS : Epilogue.NONE;
        Conv2dPlan forward = ops.conv2dPlan(shape, Direction.FORWARD, epilogue);
        needPrepared(forward);
        if (!learns) {
            return new Plans(forward, null, null, null);
        }
        ActivationPlaces.Backward places = activations.backward(i);
        int residual = places.skip() == null ? Epilogue.NONE : Epilogue.RESIDUAL;
        var plans = new Plans(
                forward,
                ops.conv2dPlan(shape, Direction.BACKWARD_WEIGHT, Epilogue.NONE),
                ops.conv2dPlan(shape, Direction.BACKWARD_WEIGHT, Epilogue.NONE, Write.ACCUMULATE, -1),
                places.dx() == null ? null : ops.conv2dPlan(shape, Direction.BACKWARD_INPUT, residual));
        Matrix matrix = matrix(i, conv);
        needWorkspace(plans.backwardWeight().workspaceBytes());
        needWorkspace(plans.accumulateWeight().workspaceBytes());
        for (Op op : List.of(Op.CHANNEL_SUM, Op.PRELU_BACKWARD, Op.BATCH_NORM_BACKWARD_REDUCE)) {
            needWorkspace(ops.workspaceBytes(op, matrix.rows(), matrix.columns()));
        }
        if (plans.backwardInput() != null) {
            needPrepared(plans.backwardInput());
        }
        return plans;
    }

    /** What follows the convolution sees its result as rows of channels. */
    private Matrix matrix(int i, ConvLayer conv) {
        ConvGeometry geometry = conv.geometry();
        return new Matrix(Math.toIntExact((long) n * geometry.p() * geometry.q()), geometry.k(), activations.tailType(i));
    }

    /** The convolution of N images as the device names it. */
    static Conv2dShape shape(ConvGeometry g, int n, Type type) {
        return new Conv2dShape(
                n, g.h(), g.w(), g.c(), g.k(), g.r(), g.s(), g.stride(), g.stride(), g.padTop(), g.padBottom(), g.padLeft(), g.padRight(), type);
    }

    private void needPrepared(Conv2dPlan plan) {
        needWorkspace(plan.workspaceBytes());
        preparedBytes = Math.max(preparedBytes, plan.preparedBytes());
    }

    private void needWorkspace(long bytes) {
        workspaceBytes = Math.max(workspaceBytes, bytes);
    }

    /** Bytes of {@link PlanMemory#arena()}. */
    public long arenaBytes() {
        return activations.bytes();
    }

    /** Bytes of {@link PlanMemory#prepared()}; may be 0. */
    public long preparedBytes() {
        return preparedBytes;
    }

    /** Bytes of {@link PlanMemory#workspace()}; may be 0. */
    public long workspaceBytes() {
        return workspaceBytes;
    }

    /** Where forward leaves the embeddings, f32 (N, D), in the arena; valid until backward. */
    public Place embedding() {
        return activations.embedding();
    }

    /** Where backward expects the gradient of the embeddings, f32 (N, D), in the arena. */
    public Place embeddingGradient() {
        return activations.embeddingGradient();
    }

    /** Images to embeddings. */
    public void forward(Ops ops, PlanMemory memory) {
        NetworkConfig config = network.config();
        var shape = new ImageShape(
                n,
                config.height(),
                config.width(),
                config.channels(),
                precision,
                inputFormat.channelOrder() == InputFormat.ChannelOrder.BGR,
                inputFormat.mean(),
                inputFormat.factor());
        ops.imageNormalize(shape, memory.images(), memory.flips(), memory.arena() + activations.input().offset());
        Stream.of(layers).filter(Objects::nonNull).forEach(layer -> layer.forward(ops, memory));
    }

    /** Gradient of the embeddings to gradients of all parameters that are not frozen. */
    public void backward(Ops ops, PlanMemory memory, Write write) {
        for (int i = layers.length - 1; i >= activations.lowest(); i--) {
            for (ActivationPlaces.Again again : activations.backward(i).again()) {
                ((PlannedConv) layers[again.layer()]).forwardAgain(ops, memory, again);
            }
            layers[i].backward(ops, memory, write);
        }
    }
}
