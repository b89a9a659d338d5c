package org.angulus.model;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.angulus.device.Conv2dOperands;
import org.angulus.device.Conv2dPlan;
import org.angulus.device.Direction;
import org.angulus.device.Epilogue;
import org.angulus.device.ImageShape;
import org.angulus.device.Ops;
import org.angulus.device.Type;
import org.angulus.model.ArenaPlanner.Place;
import org.angulus.model.ConvLayer.Role;
import org.angulus.model.FoldedWeights.Folded;

/**
 * The folded network for one number of images: plans, and places of its activations, which last from one layer to the next only. Activations are
 * stored in the network's precision, embeddings in f32.
 */
final class EmbeddingBucket implements NetworkBucket {
    private final ImageShape imageShape;
    private final Type precision;
    private final Place input;
    /** What the last layer leaves; the embeddings themselves where they have the same type. */
    private final Place result;
    private final Place embeddings;
    private final long embeddingCount;
    private final FlatLayout layout;
    private final List<Step> steps = new ArrayList<>();
    private final ArenaPlanner arena = new ArenaPlanner();

    /** One convolution; {@code residual} may be null. */
    private record Step(Folded folded, Conv2dPlan plan, Place x, Place y, Place residual) {}

    EmbeddingBucket(Ops ops, ResFaceConfig config, InputFormat format, FoldedWeights weights, int n, Type precision) {
        this.precision = precision;
        this.layout = weights.layout();
        boolean reverse = format.channelOrder() == InputFormat.ChannelOrder.BGR;
        imageShape = new ImageShape(
                n, config.height(), config.width(), ResFace.INPUT_CHANNELS, precision, reverse, format.mean(), format.factor());
        input = arena.take(precision.bytes() * (long) n * config.height() * config.width() * ResFace.INPUT_CHANNELS);
        Place value = input;
        Place blockInput = null;
        for (Folded folded : weights.layers()) {
            Role role = folded.layer().role();
            blockInput = role == Role.FIRST_OF_BLOCK ? value : blockInput;
            Place residual = role == Role.LAST_OF_BLOCK ? blockInput : null;
            int epilogue = (folded.bias() == null ? 0 : Epilogue.BIAS)
                    + (folded.slope() == null ? 0 : Epilogue.PRELU)
                    + (residual == null ? 0 : Epilogue.RESIDUAL);
            Conv2dPlan plan = ops.conv2dPlan(ModelPlan.shape(folded.layer().geometry(), n, precision), Direction.FORWARD, epilogue);
            Place y = arena.take(precision.bytes() * n * folded.layer().outputCount());
            steps.add(new Step(folded, plan, value, y, residual));
            if (role != Role.FIRST_OF_BLOCK) {
                arena.release(value);
            }
            if (residual != null) {
                arena.release(residual);
            }
            value = y;
        }
        result = value;
        embeddingCount = (long) n * config.embeddingSize();
        embeddings = precision == Type.F32 ? result : arena.take(Float.BYTES * embeddingCount);
    }

    @Override
    public long arenaBytes() {
        return arena.bytes();
    }

    @Override
    public long workspaceBytes() {
        return steps.stream().mapToLong(step -> step.plan().workspaceBytes()).max().orElse(0);
    }

    @Override
    public List<PreparedWeights> preparedWeights() {
        List<PreparedWeights> all = new ArrayList<>();
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            all.add(PreparedWeights.of(i, step.plan(), a -> address(a, step.folded().weight())));
        }
        return all;
    }

    @Override
    public Place embeddings() {
        return embeddings;
    }

    /** Where layer {@code i} leaves its output in the arena, until it is no longer needed. */
    Place output(int i) {
        return steps.get(i).y();
    }

    /** Elements of it. */
    int outputCount(int i) {
        return Math.toIntExact(steps.get(i).plan().shape().outputs());
    }

    @Override
    public void emit(Ops ops, Addresses a, long[] prepared) {
        emit(ops, a, prepared, _ -> {});
    }

    /**
     * Emits the ops.
     *
     * @param done told each layer once its ops are enqueued
     */
    void emit(Ops ops, Addresses a, long[] prepared, IntConsumer done) {
        ops.imageNormalize(imageShape, a.images(), a.flips(), a.arena() + input.offset());
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            step.plan().run(new Conv2dOperands()
                    .x(a.arena() + step.x().offset())
                    .w(address(a, step.folded().weight()))
                    .y(a.arena() + step.y().offset())
                    .prepared(prepared[i])
                    .workspace(step.plan().workspaceBytes() > 0 ? a.workspace() : 0)
                    .bias(address(a, step.folded().bias()))
                    .slope(address(a, step.folded().slope()))
                    .residual(step.residual() == null ? 0 : a.arena() + step.residual().offset()));
            done.accept(i);
        }
        if (embeddings != result) {
            ops.convert(embeddingCount, precision, a.arena() + result.offset(), Type.F32, a.arena() + embeddings.offset());
        }
    }

    private long address(Addresses a, TensorSpec spec) {
        return spec == null ? 0 : a.parameter(layout.offset(spec));
    }
}
