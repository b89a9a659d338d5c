package org.angulus.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearestNamesTest {
    private static final List<String> KNOWN = List.of("am-softmax", "arcface", "cosface", "sphereface", "softmax", "none");

    @Test
    void slipsAndPartsAreUnderstood() {
        assertEquals("arcface", NearestNames.of("arcfase", KNOWN).getFirst());
        assertEquals("arcface", NearestNames.of("ArcFace", KNOWN).getFirst());
        assertEquals("am-softmax", NearestNames.of("am_softmax", KNOWN).getFirst());
        assertEquals("sphereface", NearestNames.of("sphere", KNOWN).getFirst());
    }

    @Test
    void atMostThreeAndNoneForSomethingElse() {
        assertEquals(3, NearestNames.of("face", KNOWN).size());
        assertEquals(List.of(), NearestNames.of("resnet", KNOWN));
        assertEquals("", NearestNames.hint("", KNOWN));
        assertEquals(" (did you mean arcface?)", NearestNames.hint("arcface2", List.of("arcface", "triplet")));
    }
}
