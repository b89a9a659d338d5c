package org.angulus.device;

import java.util.List;
import java.util.stream.Stream;

/** The heads under test, each with the constants and switches that change what it computes. */
final class HeadFormulas {
    private HeadFormulas() {
    }

    /** Those that stand for a way through the kernels of the classes: no lengths, cosines, S = |x|, lengths without cosines, changed other logits. */
    static List<HeadFormula> ofKernels() {
        return Stream.concat(
                Stream.of(HeadKind.SOFTMAX, HeadKind.MODIFIED_SOFTMAX, HeadKind.NORMFACE, HeadKind.AM_SOFTMAX).map(HeadFormula::new),
                Stream.of(margin("l-softmax", HeadKind.L_SOFTMAX, 0, 3, 2), constants("curricularface, detached", HeadKind.CURRICULARFACE, HeadConstants.DETACHED, 1, 0, 0.25f, 0))).toList();
    }

    /** The rest. */
    static List<HeadFormula> others() {
        return List.of(
                margin("l-softmax of m = 1", HeadKind.L_SOFTMAX, 0, 1, 0.5),
                margin("l-softmax of m = 2", HeadKind.L_SOFTMAX, 0, 2, 0),
                margin("l-softmax of m = 4", HeadKind.L_SOFTMAX, 0, 4, 0),
                margin("sphereface of m = 1", HeadKind.SPHEREFACE, 0, 1, 5),
                margin("sphereface of m = 2", HeadKind.SPHEREFACE, 0, 2, 0),
                margin("sphereface of m = 3", HeadKind.SPHEREFACE, 0, 3, 1),
                margin("sphereface of m = 4", HeadKind.SPHEREFACE, 0, 4, 5),
                margin("sphereface, normalized gradient", HeadKind.SPHEREFACE, HeadConstants.NORMALIZED, 4, 5),
                margin("sphereface-r", HeadKind.SPHEREFACE_R, 0, 1.5f, 0),
                margin("sphereface-r, detached", HeadKind.SPHEREFACE_R, HeadConstants.DETACHED, 1.7f, 0),
                margin("arcface", HeadKind.ARCFACE, 0, 1, 0),
                margin("arcface, detached", HeadKind.ARCFACE, HeadConstants.DETACHED, 1, 0),
                margin("arcface, monotone", HeadKind.ARCFACE, HeadConstants.MONOTONE, 1, 0),
                margin("arcface, easy", HeadKind.ARCFACE, HeadConstants.EASY, 1, 0),
                new HeadFormula(HeadKind.COMBINED, new HeadConstants(0, 1, 0, 0.9f, 0.15f, 1, 0, 0, 1, 2, 0, 0), 0, "combined"),
                new HeadFormula(HeadKind.MAGFACE, new HeadConstants(0, 1, 0, 1, 0.8f, 1, 0, 0, 0.5f, 4, 3, 0), 0, "magface"),
                constants("adaface", HeadKind.ADAFACE, 0, 1, 0, 0.25f, 0.333f),
                constants("elasticface", HeadKind.ELASTICFACE, 0, 1, 0x123456789abcL, 0, 0.05f),
                constants("elasticface of the cosine, sorted", HeadKind.ELASTICFACE, HeadConstants.COSINE + HeadConstants.SORTED, 1, 5, 0, 0.02f),
                constants("curricularface", HeadKind.CURRICULARFACE, 0, 1, 0, 0.25f, 0),
                constants("sub-center arcface", HeadKind.SUBCENTER_ARCFACE, 0, 3, 0, 0, 0),
                new HeadFormula(HeadKind.CIRCLE),
                new HeadFormula(HeadKind.SPHEREFACE2, new HeadConstants(0, 1, 0, 1, 0, 1, 0, 3, 1, 2, 50, 0.7f), 0, "sphereface2"),
                new HeadFormula(HeadKind.SPHEREFACE2, new HeadConstants(HeadConstants.DETACHED, 1, 0, 1, 0, 1, 0, 3, 1, 2, 50, 0.7f), 0, "sphereface2, detached"),
                new HeadFormula(HeadKind.C_CONTRASTIVE),
                new HeadFormula(HeadKind.C_TRIPLET),
                new HeadFormula(HeadKind.NORMFACE, new HeadConstants(0, 1, 0, 1, 0, 0.3f, 0, 0, 1, 2, 0, 0), 0, "normface, filtered"));
    }

    static Stream<HeadFormula> all() {
        return Stream.concat(ofKernels().stream(), others().stream());
    }

    private static HeadFormula margin(String name, HeadKind kind, int flags, float factor, double lambda) {
        return new HeadFormula(kind, new HeadConstants(flags, 1, 0, factor, 0, 1, 0, 0, 1, 2, 0, 0), lambda, name);
    }

    private static HeadFormula constants(String name, HeadKind kind, int flags, int centres, long seed, float rate, float spread) {
        return new HeadFormula(kind, new HeadConstants(flags, centres, seed, 1, 0, 1, rate, spread, 1, 2, 0, 0), 0, name);
    }

    static HeadFormula named(String name) {
        return all().filter(head -> head.name().equals(name)).findFirst().orElseThrow();
    }
}
