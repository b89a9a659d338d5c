package org.angulus.model;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.angulus.device.Conv2dPlan;
import org.angulus.device.Conv2dShape;
import org.angulus.device.Direction;
import org.angulus.device.Epilogue;
import org.angulus.device.ImageShape;
import org.angulus.device.Matrix;
import org.angulus.device.Op;
import org.angulus.device.Ops;
import org.angulus.device.Type;
import org.angulus.device.Write;
import org.angulus.model.ArenaPlanner.Place;
import org.angulus.model.ConvLayer.Role;
import org.angulus.model.PlannedConv.Offsets;
import org.angulus.model.PlannedConv.Places;
import org.angulus.model.PlannedConv.Plans;

/**
 * A network that trains with N images at a time: every tensor has its place, every convolution its plan. Activations that backward needs stay in
 * the arena until backward has used them; gradients of activations take the places that become free. Activations and their gradients are stored in
 * the network's precision, all but those of the last layer behind its convolution: the embeddings and their gradient are f32. Emits the ops of one
 * micro-batch; it owns no memory. Frozen layers, the first ones, go forward only: backward ends above them, and nothing of theirs is kept for it.
 */
public final class ModelPlan {
    private final Network network;
    private final int n;
    private final InputFormat inputFormat;
    private final Type precision;
    private final int frozen;
    private final int lowest;
    private final List<PlannedLayer> layers = new ArrayList<>();
    private List<PlannedLayer> trained;
    private final Place input;
    private final Place embedding;
    private final Place embeddingGradient;
    private final long arenaBytes;
    private long preparedBytes;
    private long workspaceBytes;

    /** What forward leaves for backward, layer by layer. */
    private record Forward(Place x, Place result, Place c, Place y, Place residual, Place statistics, Place sums, Place winner) {
        static Forward inPlace(Place x) {
            return new Forward(x, null, null, x, null, null, null, null);
        }

        static Forward pooled(Place x, Place winner, Place y) {
            return new Forward(x, null, null, y, null, null, null, winner);
        }
    }

    /**
     * @param ops of the device it will run on
     * @param parameters flat layout that holds the network's parameters, and perhaps others
     * @param n images of one micro-batch
     * @param seed start value of dropout
     * @param precision of activations and their gradients
     * @param frozen layers, from the input on, whose weights stay
     * @param head takes what it needs between forward and backward from the arena, and releases it
     */
    public ModelPlan(
            Ops ops, Network network, InputFormat inputFormat, FlatLayout parameters, int n, long seed, Type precision, int frozen,
            Consumer<ArenaPlanner> head) {
        ops.device().require(precision);
        this.network = network;
        this.inputFormat = inputFormat;
        this.n = n;
        this.precision = precision;
        this.frozen = frozen;
        lowest = firstConv(frozen);
        var arena = new ArenaPlanner();
        input = arena.take(bytes(precision, network.config().inputCount()));
        var kept = new ArrayList<Forward>();
        Place value = input;
        Place blockInput = null;
        for (Layer layer : network.layers()) {
            int i = kept.size();
            Forward forward = switch (layer) {
                case ConvLayer conv -> {
                    blockInput = conv.role() == Role.FIRST_OF_BLOCK ? value : blockInput;
                    yield planForward(arena, conv, value, conv.role() == Role.LAST_OF_BLOCK ? blockInput : null, i >= frozen);
                }
                case PoolLayer pool -> planForward(arena, pool, value, i >= lowest);
                case DropoutLayer dropout -> Forward.inPlace(value);
            };
            kept.add(forward);
            value = forward.y();
        }
        embedding = value;
        embeddingGradient = arena.take(bytes(Type.F32, network.config().embeddingSize()));
        head.accept(arena);
        arena.release(embedding);
        planBackward(ops, arena, parameters, kept, seed);
        arenaBytes = arena.bytes();
    }

    /** The first layer that backward reaches; beyond the last where all are frozen. Dropout and pooling in front of it go forward only. */
    private int firstConv(int from) {
        int i = from;
        while (i < network.layers().size() && !(network.layers().get(i) instanceof ConvLayer)) {
            i++;
        }
        return i;
    }

    /** Backward never asks for what a frozen layer read: a block's input is free after its sum, all else at once. */
    private static void releaseFrozen(ArenaPlanner arena, ConvLayer conv, Forward forward) {
        if (forward.c() != forward.y()) {
            arena.release(forward.c());
        }
        if (conv.role() != Role.FIRST_OF_BLOCK) {
            arena.release(forward.x());
        }
        if (conv.role() == Role.LAST_OF_BLOCK) {
            arena.release(forward.residual());
        }
    }

    private Forward planForward(ArenaPlanner arena, ConvLayer conv, Place x, Place residual, boolean learns) {
        boolean more = conv.norm() != null || conv.slope() != null;
        Place result = arena.take(bytes(precision, conv.outputCount()));
        Place c = tailType(conv) == precision ? result : arena.take(bytes(tailType(conv), conv.outputCount()));
        Place y = more ? arena.take(bytes(tailType(conv), conv.outputCount())) : c;
        long perChannel = 2L * Float.BYTES * conv.geometry().k();
        Place statistics = conv.norm() != null && learns ? arena.take(perChannel) : null;
        Place sums = conv.norm() != null && learns ? arena.take(perChannel) : null;
        if (c != result) {
            arena.release(result);
        }
        Forward forward = new Forward(x, result, c, y, residual, statistics, sums, null);
        if (!learns) {
            releaseFrozen(arena, conv, forward);
        }
        return forward;
    }

    private Forward planForward(ArenaPlanner arena, PoolLayer pool, Place x, boolean goesBack) {
        Place winner = arena.take(n * pool.outputCount());
        Place y = arena.take(bytes(precision, pool.outputCount()));
        arena.release(x);
        if (!goesBack) {
            arena.release(winner);
        }
        return Forward.pooled(x, winner, y);
    }

    /** How all behind a layer's convolution is stored: the last layer leaves the embeddings. */
    private Type tailType(ConvLayer conv) {
        return conv == network.layers().getLast() ? Type.F32 : precision;
    }

    private void planBackward(Ops ops, ArenaPlanner arena, FlatLayout parameters, List<Forward> kept, long seed) {
        Place gradient = embeddingGradient;
        Place skip = null;
        for (int i = kept.size() - 1; i >= lowest; i--) {
            Forward forward = kept.get(i);
            switch (network.layers().get(i)) {
                case ConvLayer conv -> {
                    skip = conv.role() == Role.LAST_OF_BLOCK ? gradient : skip;
                    Places places = planBackward(arena, conv, i, forward, gradient, skip);
                    layers.addFirst(planConv(ops, conv, parameters, places));
                    gradient = places.dx();
                }
                case PoolLayer pool -> {
                    Place dx = arena.take(bytes(precision, pool.inputCount()));
                    layers.addFirst(new PlannedPool(pool.shape(n, precision), forward.x(), forward.winner(), forward.y(), gradient, dx));
                    arena.release(forward.winner());
                    arena.release(gradient);
                    gradient = dx;
                }
                case DropoutLayer dropout -> {
                    layers.addFirst(planDropout(dropout, i, forward.x(), gradient, seed));
                    arena.release(forward.x());
                }
            }
        }
        for (int i = lowest - 1; i >= 0; i--) {
            Forward forward = kept.get(i);
            switch (network.layers().get(i)) {
                case ConvLayer conv -> {
                    var places = new Places(
                            forward.x(), forward.result(), forward.c(), forward.y(), forward.residual(), null, null, null, null, null, null, null);
                    layers.addFirst(planFrozen(ops, conv, parameters, places));
                }
                case PoolLayer pool -> layers.addFirst(new PlannedPool(pool.shape(n, precision), forward.x(), forward.winner(), forward.y(), null, null));
                case DropoutLayer dropout -> {
                    if (i >= frozen) {
                        layers.addFirst(planDropout(dropout, i, forward.x(), null, seed));
                    }
                }
            }
        }
        trained = layers.subList(layers.size() - (kept.size() - lowest), layers.size());
    }

    private PlannedDropout planDropout(DropoutLayer dropout, int i, Place value, Place gradient, long seed) {
        var shape = new Matrix(n, Math.toIntExact(dropout.count()), precision);
        return new PlannedDropout(shape, (float) dropout.keep(), seed, i, value, gradient);
    }

    private PlannedConv planFrozen(Ops ops, ConvLayer conv, FlatLayout parameters, Places places) {
        Conv2dPlan forward = ops.conv2dPlan(
                shape(conv.geometry(), n, precision), Direction.FORWARD, conv.bias() != null ? Epilogue.BIAS : Epilogue.NONE);
        needPrepared(forward);
        return new PlannedConv(
                conv, matrix(conv), new Plans(forward, null, null, null), places, Offsets.of(conv, parameters, network.statistics()));
    }

    /** Takes the places of a convolution's gradients and gives back what no later op of backward reads. */
    private Places planBackward(ArenaPlanner arena, ConvLayer conv, int i, Forward forward, Place dy, Place skip) {
        boolean first = conv.role() == Role.FIRST_OF_BLOCK;
        Place dc = conv.role() == Role.LAST_OF_BLOCK ? arena.take(bytes(precision, conv.outputCount())) : dy;
        if (forward.c() != forward.y()) {
            arena.release(forward.c());
        }
        Place dResult = tailType(conv) == precision ? dc : arena.take(bytes(precision, conv.outputCount()));
        Place dx = i == lowest ? null : first ? skip : arena.take(bytes(precision, conv.geometry().inputCount()));
        boolean dropped = i > lowest && network.layers().get(i - 1) instanceof DropoutLayer;
        if (i > lowest && !dropped) {
            arena.release(forward.x());
        }
        arena.release(dc);
        if (dResult != dc) {
            arena.release(dResult);
        }
        return new Places(
                forward.x(), forward.result(), forward.c(), forward.y(), forward.residual(), forward.statistics(), forward.sums(), dy, dc, dResult, dx,
                first ? skip : null);
    }

    private PlannedConv planConv(Ops ops, ConvLayer conv, FlatLayout parameters, Places places) {
        Conv2dShape shape = shape(conv.geometry(), n, precision);
        int epilogue = conv.norm() != null ? Epilogue.STATISTICS : conv.bias() != null ? Epilogue.BIAS : Epilogue.NONE;
        int residual = places.skip() == null ? Epilogue.NONE : Epilogue.RESIDUAL;
        var plans = new Plans(
                ops.conv2dPlan(shape, Direction.FORWARD, epilogue),
                ops.conv2dPlan(shape, Direction.BACKWARD_WEIGHT, Epilogue.NONE),
                ops.conv2dPlan(shape, Direction.BACKWARD_WEIGHT, Epilogue.NONE, Write.ACCUMULATE, -1),
                places.dx() == null ? null : ops.conv2dPlan(shape, Direction.BACKWARD_INPUT, residual));
        Matrix matrix = matrix(conv);
        needWorkspace(plans.backwardWeight().workspaceBytes());
        needWorkspace(plans.accumulateWeight().workspaceBytes());
        for (Op op : List.of(Op.CHANNEL_SUM, Op.PRELU_BACKWARD, Op.BATCH_NORM_BACKWARD_REDUCE)) {
            needWorkspace(ops.workspaceBytes(op, matrix.rows(), matrix.columns()));
        }
        needPrepared(plans.forward());
        if (plans.backwardInput() != null) {
            needPrepared(plans.backwardInput());
        }
        return new PlannedConv(conv, matrix, plans, places, Offsets.of(conv, parameters, network.statistics()));
    }

    /** What follows the convolution sees its result as rows of channels. */
    private Matrix matrix(ConvLayer conv) {
        ConvGeometry geometry = conv.geometry();
        return new Matrix(Math.toIntExact((long) n * geometry.p() * geometry.q()), geometry.k(), tailType(conv));
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

    private long bytes(Type type, long perImage) {
        return type.bytes() * perImage * n;
    }

    /** Bytes of {@link PlanMemory#arena()}. */
    public long arenaBytes() {
        return arenaBytes;
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
        return embedding;
    }

    /** Where backward expects the gradient of the embeddings, f32 (N, D), in the arena. */
    public Place embeddingGradient() {
        return embeddingGradient;
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
        ops.imageNormalize(shape, memory.images(), memory.flips(), memory.arena() + input.offset());
        layers.forEach(layer -> layer.forward(ops, memory));
    }

    /** Gradient of the embeddings to gradients of all parameters that are not frozen. */
    public void backward(Ops ops, PlanMemory memory, Write write) {
        trained.reversed().forEach(layer -> layer.backward(ops, memory, write));
    }
}
