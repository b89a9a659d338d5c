package org.angulus.model;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.angulus.device.Conv2dOperands;
import org.angulus.device.Conv2dPlan;
import org.angulus.device.Direction;
import org.angulus.device.Epilogue;
import org.angulus.device.ImageShape;
import org.angulus.device.MaxPoolShape;
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

    /** One layer. */
    private sealed interface Step permits ConvStep, PoolStep {}

    /** {@code residual} may be null. */
    private record ConvStep(Folded folded, Conv2dPlan plan, Place x, Place y, Place residual) implements Step {}

    private record PoolStep(MaxPoolShape shape, Place x, Place y) implements Step {}

    /** Told where a convolution leaves its output, which lasts until the next op is enqueued. */
    @FunctionalInterface
    interface OutputObserver {
        void convolution(int index, long address, int elements);
    }

    EmbeddingBucket(Ops ops, Network network, InputFormat format, FoldedWeights weights, int n, Type precision) {
        this.precision = precision;
        this.layout = weights.layout();
        NetworkConfig config = network.config();
        boolean reverse = format.channelOrder() == InputFormat.ChannelOrder.BGR;
        imageShape = new ImageShape(n, config.height(), config.width(), config.channels(), precision, reverse, format.mean(), format.factor());
        input = arena.take(precision.bytes() * (long) n * config.inputCount());
        Iterator<Folded> folded = weights.layers().iterator();
        Place value = input;
        Place blockInput = null;
        for (Layer layer : network.layers()) {
            if (layer instanceof ConvLayer conv) {
                blockInput = conv.role() == Role.FIRST_OF_BLOCK ? value : blockInput;
                value = plan(ops, folded.next(), n, value, conv.role() == Role.LAST_OF_BLOCK ? blockInput : null);
            } else if (layer instanceof PoolLayer pool) {
                Place y = arena.take(precision.bytes() * n * pool.outputCount());
                steps.add(new PoolStep(pool.shape(n, precision), value, y));
                arena.release(value);
                value = y;
            }
        }
        result = value;
        embeddingCount = (long) n * config.embeddingSize();
        embeddings = precision == Type.F32 ? result : arena.take(Float.BYTES * embeddingCount);
    }

    /** Plans a convolution and gives the place of its output. */
    private Place plan(Ops ops, Folded folded, int n, Place x, Place residual) {
        int epilogue = (folded.bias() == null ? 0 : Epilogue.BIAS)
                + (folded.slope() == null ? 0 : Epilogue.PRELU)
                + (residual == null ? 0 : Epilogue.RESIDUAL);
        Conv2dPlan plan = ops.conv2dPlan(ModelPlan.shape(folded.layer().geometry(), n, precision), Direction.FORWARD, epilogue);
        Place y = arena.take(precision.bytes() * n * folded.layer().outputCount());
        steps.add(new ConvStep(folded, plan, x, y, residual));
        if (folded.layer().role() != Role.FIRST_OF_BLOCK) {
            arena.release(x);
        }
        if (residual != null) {
            arena.release(residual);
        }
        return y;
    }

    @Override
    public long arenaBytes() {
        return arena.bytes();
    }

    @Override
    public long workspaceBytes() {
        return convolutions().stream().mapToLong(step -> step.plan().workspaceBytes()).max().orElse(0);
    }

    @Override
    public List<PreparedWeights> preparedWeights() {
        List<PreparedWeights> all = new ArrayList<>();
        for (ConvStep step : convolutions()) {
            all.add(PreparedWeights.of(all.size(), step.plan(), a -> address(a, step.folded().weight())));
        }
        return all;
    }

    private List<ConvStep> convolutions() {
        return steps.stream().filter(ConvStep.class::isInstance).map(ConvStep.class::cast).toList();
    }

    @Override
    public Place embeddings() {
        return embeddings;
    }

    @Override
    public void emit(Ops ops, Addresses a, long[] prepared) {
        emit(ops, a, prepared, (_, _, _) -> {});
    }

    /**
     * Emits the ops.
     *
     * @param observer told each convolution once its ops are enqueued
     */
    void emit(Ops ops, Addresses a, long[] prepared, OutputObserver observer) {
        ops.imageNormalize(imageShape, a.images(), a.flips(), a.arena() + input.offset());
        int convolution = 0;
        for (Step step : steps) {
            switch (step) {
                case ConvStep conv -> {
                    run(conv, a, prepared[convolution]);
                    observer.convolution(convolution++, a.arena() + conv.y().offset(), Math.toIntExact(conv.plan().shape().outputs()));
                }
                case PoolStep pool -> ops.maxPoolForward(pool.shape(), a.arena() + pool.x().offset(), 0, a.arena() + pool.y().offset());
            }
        }
        if (embeddings != result) {
            ops.convert(embeddingCount, precision, a.arena() + result.offset(), Type.F32, a.arena() + embeddings.offset());
        }
    }

    private void run(ConvStep step, Addresses a, long prepared) {
        step.plan().run(new Conv2dOperands()
                .x(a.arena() + step.x().offset())
                .w(address(a, step.folded().weight()))
                .y(a.arena() + step.y().offset())
                .prepared(prepared)
                .workspace(step.plan().workspaceBytes() > 0 ? a.workspace() : 0)
                .bias(address(a, step.folded().bias()))
                .slope(address(a, step.folded().slope()))
                .residual(step.residual() == null ? 0 : a.arena() + step.residual().offset()));
    }

    private long address(Addresses a, TensorSpec spec) {
        return spec == null ? 0 : a.parameter(layout.offset(spec));
    }
}
