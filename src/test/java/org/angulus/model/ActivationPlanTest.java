package org.angulus.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.angulus.device.Type;
import org.angulus.model.ActivationPlaces.Again;
import org.angulus.model.ActivationPlaces.Backward;
import org.angulus.model.ActivationPlaces.Forward;
import org.angulus.model.ArenaPlanner.Place;
import org.angulus.model.ConvLayer.Role;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ActivationPlanTest {
    private static final Consumer<ArenaPlanner> NO_HEAD = arena -> {};
    private static final long MEBIBYTE = 1 << 20;

    /** A network and the number of its layers that are frozen. */
    record Case(NetworkConfig config, String frozen, Type type) {
        ActivationPlan least(int n) {
            Network network = config.build();
            return ActivationPlan.least(network, n, type, network.layersThrough(frozen), NO_HEAD);
        }

        ActivationPlan whole(int n) {
            Network network = config.build();
            return ActivationPlan.whole(network, n, type, network.layersThrough(frozen), NO_HEAD);
        }
    }

    static Stream<Case> cases() {
        var cases = new ArrayList<Case>();
        for (Type type : Type.values()) {
            for (Variant variant : Variant.values()) {
                for (String frozen : List.of("none", "stage1", "stage3.block2", "trunk", "fc")) {
                    cases.add(new Case(ResFaceConfig.of("resface20", variant).withKeep(1), frozen, type));
                    cases.add(new Case(ResFaceConfig.of("resface20", variant).withKeep(0.5), frozen, type));
                }
                cases.add(new Case(ResFaceConfig.of("resface4", variant), "none", type));
                cases.add(new Case(ResFaceConfig.of("resface64", variant), "stage2", type));
            }
            cases.add(new Case(LeNetConfig.of(2, true), "none", type));
            cases.add(new Case(LeNetConfig.of(2, false), "stage2", type));
        }
        return cases.stream();
    }

    /** Every op finds what it reads where it reads it: nothing was written over while it was needed. */
    @ParameterizedTest
    @MethodSource("cases")
    void whatAnOpReadsIsThere(Case one) {
        Ops least = run(one, one.least(4));
        Ops whole = run(one, one.whole(4));
        assertEquals(0, whole.again);
        assertEquals(whole.reads, least.reads - least.readsAgain);
        assertTrue(whole.reads >= one.config.build().layers().size(), "every layer reads something");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theLeastIsNoMoreThanTheWhole(Case one) {
        assertTrue(one.least(4).bytes() <= one.whole(4).bytes());
    }

    /** Nothing of a frozen trunk is kept for backward: it holds the images and the four largest outputs, which are a block's input, and in it y, c and y. */
    @ParameterizedTest
    @EnumSource(Variant.class)
    void aFrozenTrunkHoldsOneBlock(Variant variant) {
        var one = new Case(ResFaceConfig.of("resface20", variant).withKeep(1), "trunk", Type.F32);
        long images = 128L * 3 * 112 * 96 * Float.BYTES;
        long output = 128L * 64 * 56 * 48 * Float.BYTES;
        assertTrue(one.least(128).bytes() <= images + 4 * output + MEBIBYTE, () -> one.least(128).bytes() + " bytes; an output has " + output);
    }

    /** 1,392 MiB without making anything again; half of it are results of convolutions, which are kept. */
    @Test
    void resFace20With128ImagesTakesLessThan712MiB() {
        var one = new Case(ResFaceConfig.of("resface20", Variant.ARTICLE).withKeep(1), "none", Type.F32);
        assertTrue(one.least(128).bytes() < 712 * MEBIBYTE, () -> one.least(128).bytes() / MEBIBYTE + " MiB");
        assertTrue(one.whole(128).bytes() > 1380 * MEBIBYTE, () -> one.whole(128).bytes() / MEBIBYTE + " MiB");
        assertTrue(run(one, one.least(128)).again <= 21, "an output is made again once at most, and the first result");
    }

    private static Ops run(Case one, ActivationPlan plan) {
        var ops = new Ops(one.config.build(), plan);
        ops.forward();
        ops.backward();
        return ops;
    }

    /** The ops that {@link ModelPlan} emits, on names of tensors instead of numbers: y-1 are the images, y5 is the output of layer 5, dy5 its gradient. */
    private static final class Ops {
        private final List<Layer> layers;
        private final ActivationPlan plan;
        private final List<Tensor> memory = new ArrayList<>();
        private int reads;
        private int readsAgain;
        private int again;

        private record Tensor(Place place, String name) {}

        Ops(Network network, ActivationPlan plan) {
            layers = network.layers();
            this.plan = plan;
        }

        private void write(Place place, String name, Place... unharmed) {
            assertTrue(place.offset() + place.bytes() <= plan.bytes(), name);
            for (Place other : unharmed) {
                assertFalse(overlap(place, other), () -> name + " is written over what its op reads");
            }
            memory.removeIf(tensor -> overlap(tensor.place, place));
            memory.add(new Tensor(place, name));
        }

        private void read(Place place, String name) {
            assertTrue(memory.contains(new Tensor(place, name)), () -> name + " is not at " + place + "; in memory are " + memory);
            reads++;
        }

        private static boolean overlap(Place a, Place b) {
            return a.offset() < b.offset() + b.bytes() && b.offset() < a.offset() + a.bytes();
        }

        private void forward() {
            write(plan.input(), "y-1");
            for (int i = 0; i < layers.size(); i++) {
                Forward places = plan.forward(i);
                read(places.x(), "y" + (i - 1));
                switch (layers.get(i)) {
                    case ConvLayer conv -> {
                        convolve(i, places.x(), places.result());
                        if (places.c() != places.result()) {
                            write(places.c(), "c" + i, places.result());
                        }
                        if (places.y() == places.c()) {
                            write(places.y(), "y" + i);
                        } else {
                            finish(i, places.c(), places.residual(), places.y());
                        }
                    }
                    case PoolLayer pool -> {
                        write(places.winner(), "winner" + i, places.x());
                        write(places.y(), "y" + i, places.x(), places.winner());
                    }
                    case DropoutLayer dropout -> write(places.y(), "y" + i);
                }
            }
            read(plan.embedding(), "y" + (layers.size() - 1));
            write(plan.embeddingGradient(), "dy" + (layers.size() - 1), plan.embedding());
        }

        private void convolve(int i, Place x, Place result) {
            write(result, "c" + i, x);
            Place statistics = plan.forward(i).statistics();
            if (statistics != null) {
                write(statistics, "statistics" + i, x, result);
            }
        }

        /** Batch norm, PReLU and sum. */
        private void finish(int i, Place c, Place residual, Place y) {
            read(c, "c" + i);
            readStatistics(i);
            if (residual != null) {
                read(residual, "y" + (i - 2));
                write(y, "y" + i, c, residual);
            } else {
                write(y, "y" + i, c);
            }
        }

        private void readStatistics(int i) {
            if (plan.forward(i).statistics() != null) {
                read(plan.forward(i).statistics(), "statistics" + i);
            }
        }

        private void backward() {
            for (int i = layers.size() - 1; i >= plan.lowest(); i--) {
                Backward places = plan.backward(i);
                for (Again one : places.again()) {
                    int before = reads;
                    makeAgain(one);
                    readsAgain += reads - before;
                }
                read(places.dy(), "dy" + i);
                switch (layers.get(i)) {
                    case ConvLayer conv -> backward(i, conv, places);
                    case PoolLayer pool -> {
                        read(plan.forward(i).winner(), "winner" + i);
                        write(places.dx(), "dy" + (i - 1), places.dy(), plan.forward(i).winner());
                    }
                    case DropoutLayer dropout -> write(places.dx(), "dy" + (i - 1));
                }
            }
        }

        private void makeAgain(Again one) {
            again++;
            if (one.x() != null) {
                read(one.x(), "y" + (one.layer() - 1));
                convolve(one.layer(), one.x(), one.c());
            }
            if (one.y() != null) {
                finish(one.layer(), one.c(), one.residual(), one.y());
            }
        }

        private void backward(int i, ConvLayer conv, Backward places) {
            if (conv.norm() != null || conv.slope() != null) {
                read(places.c(), "c" + i);
            }
            if (conv.norm() != null) {
                readStatistics(i);
                write(plan.forward(i).sums(), "sums" + i, places.c(), places.dy(), plan.forward(i).statistics());
            }
            if (places.dc() == places.dy()) {
                write(places.dc(), "dc" + i);
            } else {
                write(places.dc(), "dc" + i, places.c(), places.dy());
            }
            if (places.dResult() != places.dc()) {
                write(places.dResult(), "dc" + i, places.dc());
            }
            read(places.x(), "y" + (i - 1));
            read(places.dResult(), "dc" + i);
            if (places.dx() != null && conv.role() == Role.FIRST_OF_BLOCK) {
                read(places.skip(), "dy" + (i + 1));
                write(places.dx(), "dy" + (i - 1), places.dResult());
            } else if (places.dx() != null) {
                write(places.dx(), "dy" + (i - 1), places.dResult());
            }
        }
    }
}
