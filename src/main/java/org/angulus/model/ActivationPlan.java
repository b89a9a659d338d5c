package org.angulus.model;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.angulus.device.Type;
import org.angulus.model.ActivationPlaces.Again;
import org.angulus.model.ActivationPlaces.Backward;
import org.angulus.model.ActivationPlaces.Forward;
import org.angulus.model.ArenaPlanner.Place;
import org.angulus.model.ConvLayer.Role;

/**
 * Where the activations of N images and their gradients lie in one arena, planned in the order of the ops. Kept from forward to backward is c, the result
 * of a convolution, which the gradient of batch norm or PReLU reads. The layer's output y = residual + prelu(batchNorm(c)), which the gradient by weight
 * of the next layer reads, gives its place back after forward and is made again when backward asks for it: half the memory for one more pass over c
 * (Chen et al. 2016, "Training deep nets with sublinear memory cost", section 3). So is c of the first layer, whose convolution is the cheapest: it reads
 * the images' few channels. The same ops give the same bits. Gradients take the places that are free by then.
 */
final class ActivationPlan {
    private final List<Layer> layers;
    private final int n;
    private final Type precision;
    private final int frozen;
    private final int lowest;
    private final Set<Integer> kept;
    private final ArenaPlanner arena = new ArenaPlanner();
    private final Forward[] forward;
    private final Backward[] backward;
    /** Where a layer's c and y lie at this point of the plan; null: nowhere. */
    private final Place[] c;

    private final Place[] y;
    private final Place input;
    private final Place embedding;
    private final Place embeddingGradient;

    /**
     * The plan that makes an output again where that makes the arena smaller, tried from the input on: the first layers have the largest outputs.
     *
     * @param head takes what it needs between forward and backward from the arena, and releases it: more than once, and the last time counts
     */
    static ActivationPlan least(Network network, int n, Type precision, int frozen, Consumer<ArenaPlanner> head) {
        Set<Integer> kept = all(network);
        long least = new ActivationPlan(network, n, precision, frozen, kept, head).bytes();
        for (int i = 0; i < network.layers().size(); i++) {
            kept.remove(i);
            long bytes = new ActivationPlan(network, n, precision, frozen, kept, head).bytes();
            if (bytes < least) {
                least = bytes;
            } else {
                kept.add(i);
            }
        }
        return new ActivationPlan(network, n, precision, frozen, kept, head);
    }

    /** The plan that makes nothing again, where that takes no more than so many bytes; else the least. */
    static ActivationPlan within(long bytes, Network network, int n, Type precision, int frozen, Consumer<ArenaPlanner> head) {
        ActivationPlan whole = whole(network, n, precision, frozen, head);
        return whole.bytes() <= bytes ? whole : least(network, n, precision, frozen, head);
    }

    /** The plan that makes nothing again. */
    static ActivationPlan whole(Network network, int n, Type precision, int frozen, Consumer<ArenaPlanner> head) {
        return new ActivationPlan(network, n, precision, frozen, all(network), head);
    }

    private static Set<Integer> all(Network network) {
        return IntStream.range(0, network.layers().size()).boxed().collect(Collectors.toCollection(HashSet::new));
    }

    /**
     * @param frozen layers, from the input on, that go forward only
     * @param kept layers whose outputs, and the first one's c, stay from forward to backward
     */
    private ActivationPlan(Network network, int n, Type precision, int frozen, Set<Integer> kept, Consumer<ArenaPlanner> head) {
        this.layers = network.layers();
        this.n = n;
        this.precision = precision;
        this.frozen = frozen;
        this.kept = kept;
        lowest = firstConv(frozen);
        forward = new Forward[layers.size()];
        backward = new Backward[layers.size()];
        c = new Place[layers.size()];
        y = new Place[layers.size()];
        input = arena.take(bytes(precision, network.config().inputCount()));
        for (int i = 0; i < layers.size(); i++) {
            planForward(i);
        }
        embedding = y[layers.size() - 1];
        embeddingGradient = arena.take(bytes(Type.F32, network.config().embeddingSize()));
        head.accept(arena);
        arena.release(embedding);
        planBackward();
    }

    /** The first layer that backward reaches; beyond the last where all are frozen. Dropout and pooling in front of it go forward only. */
    private int firstConv(int from) {
        int i = from;
        while (i < layers.size() && !(layers.get(i) instanceof ConvLayer)) {
            i++;
        }
        return i;
    }

    private void planForward(int i) {
        Place x = i == 0 ? input : y[i - 1];
        forward[i] = switch (layers.get(i)) {
            case ConvLayer conv -> planForward(i, conv, x);
            case PoolLayer pool -> planForward(i, pool, x);
            case DropoutLayer dropout -> Forward.inPlace(x);
        };
        c[i] = forward[i].c();
        y[i] = forward[i].y();
        if (layers.get(i) instanceof ConvLayer conv) {
            releaseForward(i, conv);
        }
    }

    private Forward planForward(int i, ConvLayer conv, Place x) {
        Place result = arena.take(bytes(precision, conv.outputCount()));
        Place value = tailType(i) == precision ? result : arena.take(bytes(tailType(i), conv.outputCount()));
        Place output = hasTail(conv) ? arena.take(bytes(tailType(i), conv.outputCount())) : value;
        long perChannel = 2L * Float.BYTES * conv.geometry().k();
        boolean normalizes = conv.norm() != null && i >= frozen;
        Place statistics = normalizes ? arena.take(perChannel) : null;
        Place sums = normalizes ? arena.take(perChannel) : null;
        if (value != result) {
            arena.release(result);
        }
        return new Forward(x, result, value, output, conv.role() == Role.LAST_OF_BLOCK ? y[blockInput(i)] : null, statistics, sums, null);
    }

    /** Backward needs the winners alone. */
    private Forward planForward(int i, PoolLayer pool, Place x) {
        Place winner = arena.take(n * pool.outputCount());
        Place output = arena.take(bytes(precision, pool.outputCount()));
        releaseOutput(i - 1);
        if (i < lowest) {
            arena.release(winner);
        }
        return Forward.pooled(x, winner, output);
    }

    /** Backward never asks for what a frozen layer read, nor for its c; what is made again is free after the last op of forward that reads it. */
    private void releaseForward(int i, ConvLayer conv) {
        boolean learns = i >= frozen;
        if (c[i] != y[i] && (!learns || i == 0 && isMadeAgain(i))) {
            arena.release(c[i]);
            c[i] = null;
        }
        if (conv.role() != Role.FIRST_OF_BLOCK && (!learns || isMadeAgain(i - 1))) {
            releaseOutput(i - 1);
        }
        if (conv.role() == Role.LAST_OF_BLOCK && (!learns || isMadeAgain(blockInput(i)))) {
            releaseOutput(blockInput(i));
        }
    }

    private void releaseOutput(int i) {
        arena.release(i < 0 ? input : y[i]);
        if (i >= 0) {
            y[i] = null;
        }
    }

    /** Whether a layer's output is given back after forward: a convolution of the trained ones reads it, and neither dropout nor pooling. */
    private boolean isMadeAgain(int i) {
        return i >= frozen && !kept.contains(i) && layers.get(i) instanceof ConvLayer conv && hasTail(conv) && i + 1 < layers.size()
                && layers.get(i + 1) instanceof ConvLayer;
    }

    /** The layer whose output the last convolution of a block adds. */
    private static int blockInput(int lastOfBlock) {
        return lastOfBlock - 2;
    }

    private void planBackward() {
        Place gradient = embeddingGradient;
        Place skip = null;
        for (int i = layers.size() - 1; i >= lowest; i--) {
            backward[i] = switch (layers.get(i)) {
                case ConvLayer conv -> {
                    skip = conv.role() == Role.LAST_OF_BLOCK ? gradient : skip;
                    yield planBackward(i, conv, gradient, skip);
                }
                case PoolLayer pool -> {
                    Place dx = arena.take(bytes(precision, pool.inputCount()));
                    arena.release(forward[i].winner());
                    arena.release(gradient);
                    yield Backward.of(gradient, dx);
                }
                case DropoutLayer dropout -> {
                    arena.release(y[i]);
                    yield Backward.of(gradient, gradient);
                }
            };
            gradient = backward[i].dx();
        }
    }

    /** Takes the places of a convolution's gradients and gives back what no later op of backward reads. */
    private Backward planBackward(int i, ConvLayer conv, Place dy, Place skip) {
        var again = new ArrayList<Again>();
        makeResult(again, i);
        if (i > 0) {
            makeOutput(again, i - 1);
        }
        Place x = i == 0 ? input : y[i - 1];
        Place result = c[i];
        boolean first = conv.role() == Role.FIRST_OF_BLOCK;
        Place dc = conv.role() == Role.LAST_OF_BLOCK ? arena.take(bytes(precision, conv.outputCount())) : dy;
        if (hasTail(conv)) {
            arena.release(result);
        }
        Place dResult = tailType(i) == precision ? dc : arena.take(bytes(precision, conv.outputCount()));
        Place dx = i == lowest ? null : first ? skip : arena.take(bytes(precision, conv.geometry().inputCount()));
        if (i > lowest && !(layers.get(i - 1) instanceof DropoutLayer)) {
            releaseOutput(i - 1);
        }
        arena.release(dc);
        if (dResult != dc) {
            arena.release(dResult);
        }
        return new Backward(List.copyOf(again), x, result, dy, dc, dResult, dx, first ? skip : null);
    }

    /** Puts a layer's c in its place where it is in none: that of the first layer. */
    private void makeResult(List<Again> again, int i) {
        if (c[i] == null) {
            c[i] = arena.take(bytes(precision, layers.get(i).outputCount()));
            again.add(new Again(i, input, c[i], null, null));
        }
    }

    /** Puts a layer's output in its place where it is in none, and the outputs of blocks before, of which it is the sum. */
    private void makeOutput(List<Again> again, int i) {
        if (y[i] == null) {
            ConvLayer conv = (ConvLayer) layers.get(i);
            Place residual = null;
            if (conv.role() == Role.LAST_OF_BLOCK) {
                makeOutput(again, blockInput(i));
                residual = y[blockInput(i)];
            }
            makeResult(again, i);
            y[i] = arena.take(bytes(precision, conv.outputCount()));
            again.add(new Again(i, null, c[i], residual, y[i]));
        }
    }

    private static boolean hasTail(ConvLayer conv) {
        return conv.norm() != null || conv.slope() != null;
    }

    /** How all behind a layer's convolution is stored: the last layer leaves the embeddings. */
    Type tailType(int i) {
        return i == layers.size() - 1 ? Type.F32 : precision;
    }

    private long bytes(Type type, long perImage) {
        return type.bytes() * perImage * n;
    }

    /** Bytes of the arena. */
    long bytes() {
        return arena.bytes();
    }

    /** The first layer that goes backward; the number of layers where none does. */
    int lowest() {
        return lowest;
    }

    Forward forward(int i) {
        return forward[i];
    }

    /** Of a layer from {@link #lowest} on; null for the others. */
    Backward backward(int i) {
        return backward[i];
    }

    /** The images as the first layer reads them. */
    Place input() {
        return input;
    }

    Place embedding() {
        return embedding;
    }

    Place embeddingGradient() {
        return embeddingGradient;
    }
}
