package org.angulus.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;
import org.angulus.device.HeadKind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MarginHeadTest {
    /** What a model file says of its head. */
    @Test
    void headsAreDescribedWithTheirConstants() {
        assertEquals("am-softmax, scale 30.0, margin 0.35", MarginHead.amSoftmax(30, 0.35).description());
        assertEquals("softmax", MarginHead.softmax().description());
        assertEquals("arcface, scale 64.0, margin 0.5, detached gradient", MarginHead.of(HeadKind.ARCFACE).description());
        assertEquals("sphereface, factor 4.0, lambda from 1000.0 to 5.0", MarginHead.of(HeadKind.SPHEREFACE).description());
        assertEquals("subcenter-arcface, scale 64.0, margin 0.5, centres 3, detached gradient", MarginHead.of(HeadKind.SUBCENTER_ARCFACE).description());
        assertEquals("coco", MarginHead.of(HeadKind.COCO).description());
    }

    /** The published iterations, which count from 1. */
    @Test
    void lambdaFallsAsPublished() {
        assertEquals(892.9, Annealing.SPHEREFACE.at(0), 0.05);
        assertEquals(76.9, Annealing.SPHEREFACE.at(99), 0.05);
        assertEquals(8.26, Annealing.SPHEREFACE.at(999), 0.005);
        assertTrue(Annealing.SPHEREFACE.at(1657) > 5);
        assertEquals(5, Annealing.SPHEREFACE.at(1658));
        assertTrue(Annealing.SPHEREFACE_PYTORCH.at(2988) > 5);
        assertEquals(5, Annealing.SPHEREFACE_PYTORCH.at(2989));
        assertEquals(421, Annealing.L_SOFTMAX.at(999), 0.5);
        assertEquals(0.41, Annealing.L_SOFTMAX.at(9999), 0.005);
        assertEquals(0, Annealing.NONE.at(5));
    }

    @Test
    void scalesByRule() {
        assertEquals(13.1, MarginHead.of(HeadKind.ADACOS).scale(10_575), 0.05);
        assertEquals(7.6, MarginHead.of(HeadKind.COCO).scale(10_575), 0.05);
        assertEquals(20, MarginHead.of(HeadKind.COCO).change().scale(20).build().scale(10_575));
    }

    @ParameterizedTest
    @EnumSource
    void everyHeadIsListed(HeadKind kind) {
        LossInfo info = Losses.all().stream().filter(one -> one.name().equals(MarginHead.text(kind))).findFirst().orElseThrow();
        assertTrue(!info.formula().isBlank() && !info.source().isBlank(), info::toString);
        assertEquals(MarginHead.of(kind), MarginHead.of(kind).change().build());
    }

    @Test
    void namesAreOnesOwn() {
        List<String> names = Losses.all().stream().map(LossInfo::name).toList();
        assertEquals(names.size(), new HashSet<>(names).size());
    }

    /** A number beyond its bounds, and one for a head that has none, each in a sentence. */
    @Test
    void wrongConstantsAreRefused() {
        Stream.<Runnable>of(
                () -> MarginHead.amSoftmax(-1, 0.35),
                () -> MarginHead.amSoftmax(Double.NaN, 0.35),
                () -> MarginHead.amSoftmax(30, 4),
                () -> MarginHead.of(HeadKind.NORMFACE).change().margin(0.1).build(),
                () -> MarginHead.of(HeadKind.NORMFACE).change().scale(0).build(),
                () -> MarginHead.of(HeadKind.NORMFACE).change().scale(0.001).build(),
                () -> MarginHead.of(HeadKind.SPHEREFACE).change().factor(2.5).build(),
                () -> MarginHead.of(HeadKind.SPHEREFACE).change().factor(5).build(),
                () -> MarginHead.of(HeadKind.ARCFACE).change().annealing(Annealing.SPHEREFACE).build(),
                () -> MarginHead.of(HeadKind.ARCFACE).change().centres(3).build(),
                () -> MarginHead.of(HeadKind.ARCFACE).change().filter(2).build(),
                () -> MarginHead.of(HeadKind.CIRCLE).change().filter(0.4).build(),
                () -> MarginHead.of(HeadKind.ARCFACE).change().gradient(MarginGradient.NORMALIZED).build(),
                () -> MarginHead.of(HeadKind.COMBINED).change().pastPi(PastPi.EASY).build(),
                () -> MarginHead.of(HeadKind.MAGFACE).change().longest(5).build(),
                () -> MarginHead.of(HeadKind.AM_SOFTMAX).change().sorted(true).build(),
                () -> MarginHead.of(HeadKind.SPHEREFACE2).change().balance(1).build(),
                () -> new Annealing(-1, 0, 1, 0)).forEach(wrong -> {
                    String message = assertThrows(IllegalArgumentException.class, wrong::run).getMessage();
                    assertTrue(message.startsWith("head") && message.endsWith("."), message);
                });
    }
}
