package org.angulus.model;

import java.util.ArrayList;
import java.util.List;
import org.angulus.device.Conv2dOperands;
import org.angulus.device.Conv2dPlan;
import org.angulus.device.Conv2dShape;
import org.angulus.device.DeviceBuffer;
import org.angulus.device.Direction;
import org.angulus.device.Epilogue;
import org.angulus.device.ImageShape;
import org.angulus.device.Int8Conv2d;
import org.angulus.device.Ops;
import org.angulus.device.Type;
import org.angulus.model.ArenaPlanner.Place;
import org.angulus.model.ConvLayer.Role;
import org.angulus.model.Int8Weights.Activation;
import org.angulus.model.Int8Weights.Int8Layer;
import org.angulus.model.Int8Weights.Offsets;

/** A network in int8 for one number of images: the first layer in f32, its output rounded to u8, and u8 from layer to layer up to the embeddings, f32. */
final class Int8Bucket implements NetworkBucket {
    /** Images of which the first layer's f32 output stays in the caches until it is rounded. */
    private static final int AT_A_TIME = 2;

    private final int n;
    private final Int8Weights weights;
    private final ImageShape imageShape;
    private final Place input;
    private final Conv2dPlan firstPlan;
    private final Place firstResult;
    private final Place first;
    private final Place embeddings;
    private final List<PreparedWeights> prepared = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();
    private final ArenaPlanner arena = new ArenaPlanner();

    /**
     * A layer behind the first.
     *
     * @param from what x is stored as
     * @param to what y is stored as; null: f32
     * @param residual may be null, and what it is stored as too
     */
    private record Step(Conv2dShape shape, Offsets offsets, Place x, Activation from, Place y, Activation to, Place residual, Activation added) {}

    Int8Bucket(Ops ops, NetworkConfig config, InputFormat format, Int8Weights weights, int n) {
        this.weights = weights;
        this.n = n;
        boolean reverse = format.channelOrder() == InputFormat.ChannelOrder.BGR;
        imageShape = new ImageShape(n, config.height(), config.width(), config.channels(), Type.F32, reverse, format.mean(), format.factor());
        input = arena.take((long) Float.BYTES * n * config.inputCount());
        Int8Layer layer = weights.layers().getFirst();
        Conv2dShape shape = ModelPlan.shape(layer.conv().geometry(), part(layer.conv().geometry(), n), Type.F32);
        firstPlan = ops.conv2dPlan(shape, Direction.FORWARD, Epilogue.BIAS + (layer.slope() == null ? 0 : Epilogue.PRELU));
        prepared.add(PreparedWeights.of(0, firstPlan, a -> a.parameter(weights.offsets(0).filter())));
        firstResult = arena.take(Float.BYTES * shape.outputs());
        first = arena.take(n * layer.conv().outputCount());
        arena.release(input);
        arena.release(firstResult);
        embeddings = addSteps(ops, n);
    }

    /** Images that the first layer takes at a time; all of them where a part would not begin at a multiple of 16 bytes. */
    private static int part(ConvGeometry g, int n) {
        int part = Math.min(n, AT_A_TIME);
        return Float.BYTES * part * g.inputCount() % 16 == 0 && part * g.outputCount() % 16 == 0 ? part : n;
    }

    private Place addSteps(Ops ops, int n) {
        Place value = first;
        Place blockInput = null;
        Activation blockStored = null;
        for (int i = 1; i < weights.layers().size(); i++) {
            Int8Layer layer = weights.layers().get(i);
            Activation stored = weights.outputs().get(i - 1);
            Role role = layer.conv().role();
            if (role == Role.FIRST_OF_BLOCK) {
                blockInput = value;
                blockStored = stored;
            }
            boolean adds = role == Role.LAST_OF_BLOCK;
            Activation to = i == weights.outputs().size() ? null : weights.outputs().get(i);
            Conv2dShape shape = ModelPlan.shape(layer.conv().geometry(), n, Type.F32);
            prepared.add(new PreparedWeights(i + "/int8", ops.int8PreparedBytes(shape), (device, _, at) -> {
                try (DeviceBuffer filter = device.allocate(layer.filter().length)) {
                    device.transfers().upload(filter.address(), layer.filter());
                    ops.int8Prepare(shape, filter.address(), at);
                }
            }));
            Place y = arena.take((to == null ? Float.BYTES : 1) * shape.outputs());
            steps.add(new Step(shape, weights.offsets(i), value, stored, y, to, adds ? blockInput : null, adds ? blockStored : null));
            if (role != Role.FIRST_OF_BLOCK) {
                arena.release(value);
            }
            if (adds) {
                arena.release(blockInput);
            }
            value = y;
        }
        return value;
    }

    @Override
    public long arenaBytes() {
        return arena.bytes();
    }

    @Override
    public long workspaceBytes() {
        return firstPlan.workspaceBytes();
    }

    @Override
    public List<PreparedWeights> preparedWeights() {
        return prepared;
    }

    @Override
    public Place embeddings() {
        return embeddings;
    }

    @Override
    public void emit(Ops ops, Addresses a, long[] places) {
        ops.imageNormalize(imageShape, a.images(), a.flips(), a.arena() + input.offset());
        for (int done = 0; done < n; done += firstPlan.shape().n()) {
            emitFirst(ops, a, places[0], done);
        }
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            Activation to = step.to();
            Activation added = step.added();
            ops.int8Conv2d(new Int8Conv2d(
                    step.shape(),
                    to != null,
                    step.from().zero(),
                    to == null ? 0 : to.zero(),
                    added == null ? 0 : added.zero(),
                    added == null ? 0 : added.step() / to.step(),
                    a.arena() + step.x().offset(),
                    places[i + 1],
                    a.parameter(step.offsets().scale()),
                    a.parameter(step.offsets().bias()),
                    optional(a, step.offsets().slope()),
                    step.residual() == null ? 0 : a.arena() + step.residual().offset(),
                    a.arena() + step.y().offset()));
        }
    }

    /** The first layer of the images from {@code image} on. */
    private void emitFirst(Ops ops, Addresses a, long place, int image) {
        Offsets numbers = weights.offsets(0);
        Conv2dShape shape = firstPlan.shape();
        Activation stored = weights.outputs().getFirst();
        firstPlan.run(new Conv2dOperands()
                .x(a.arena() + input.offset() + Float.BYTES * image * shape.inputs() / shape.n())
                .w(a.parameter(numbers.filter()))
                .y(a.arena() + firstResult.offset())
                .prepared(place)
                .workspace(firstPlan.workspaceBytes() > 0 ? a.workspace() : 0)
                .bias(a.parameter(numbers.bias()))
                .slope(optional(a, numbers.slope())));
        ops.quantize(shape.outputs(), 1 / stored.step(), stored.zero(), a.arena() + firstResult.offset(),
                a.arena() + first.offset() + image * shape.outputs() / shape.n());
    }

    private static long optional(Addresses a, long offset) {
        return offset < 0 ? 0 : a.parameter(offset);
    }
}
