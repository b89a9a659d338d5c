package org.angulus.model;

import java.util.ArrayList;
import java.util.List;
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
final class EmbeddingBucket {
    private final ImageShape imageShape;
    private final Type precision;
    private final Place input;
    /** What the last layer leaves; the embeddings themselves where they have the same type. */
    private final Place result;
    private final Place embeddings;
    private final long embeddingCount;
    private final List<Step> steps = new ArrayList<>();
    private final ArenaPlanner arena = new ArenaPlanner();

    /** One convolution; {@code residual} may be null. */
    private record Step(Folded folded, Conv2dPlan plan, Place x, Place y, Place residual) {}

    /** Base addresses of what all buckets share. */
    record Addresses(long weights, long arena, long workspace, long images, long flips) {}

    EmbeddingBucket(Ops ops, ResFaceConfig config, InputFormat format, FoldedWeights weights, int n, Type precision) {
        this.precision = precision;
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

    long arenaBytes() {
        return arena.bytes();
    }

    long workspaceBytes() {
        return steps.stream().mapToLong(step -> step.plan().workspaceBytes()).max().orElse(0);
    }

    /** The plans in the order of the layers. */
    List<Conv2dPlan> plans() {
        return steps.stream().map(Step::plan).toList();
    }

    /** Where the embeddings are left in the arena, f32 (N, D). */
    Place embeddings() {
        return embeddings;
    }

    /**
     * Emits the ops.
     *
     * @param prepared address of each layer's prepared weights, 0 for none
     */
    void emit(Ops ops, FlatLayout layout, Addresses a, long[] prepared) {
        ops.imageNormalize(imageShape, a.images(), a.flips(), a.arena() + input.offset());
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            step.plan().run(new Conv2dOperands()
                    .x(a.arena() + step.x().offset())
                    .w(address(layout, a, step.folded().weight()))
                    .y(a.arena() + step.y().offset())
                    .prepared(prepared[i])
                    .workspace(step.plan().workspaceBytes() > 0 ? a.workspace() : 0)
                    .bias(address(layout, a, step.folded().bias()))
                    .slope(address(layout, a, step.folded().slope()))
                    .residual(step.residual() == null ? 0 : a.arena() + step.residual().offset()));
        }
        if (embeddings != result) {
            ops.convert(embeddingCount, precision, a.arena() + result.offset(), Type.F32, a.arena() + embeddings.offset());
        }
    }

    static long address(FlatLayout layout, Addresses a, TensorSpec spec) {
        return spec == null ? 0 : a.weights() + Float.BYTES * layout.offset(spec);
    }
}
