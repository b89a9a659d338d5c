package org.angulus.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.angulus.device.PairDistance;
import org.angulus.device.PairSelection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class MetricLossesTest {
    @Test
    void unknownNamesGetTheNearest() {
        assertEquals("there is no loss 'batch-hart' on embeddings (did you mean batch-hard or batch-all or batch-hard-soft?); choose one of " + String.join(", ", MetricLosses.names()) + ".",
                sentence(() -> MetricLosses.named("batch-hart")));
    }

    @Test
    void everyNameHasASourceAndALoss() {
        assertEquals(15, MetricLosses.names().stream().distinct().count());
        for (LossInfo info : MetricLosses.all()) {
            assertNotNull(MetricLosses.named(info.name()));
            for (String text : List.of(info.family(), info.formula(), info.source(), info.defaults())) {
                assertEquals(text.strip(), text);
                assertEquals(false, text.isEmpty(), info.name());
            }
        }
    }

    @Test
    void constantsOutOfRangeAreRefusedInASentence() {
        assertEquals("triplet: the margin is -0.1; it must be 0 or more.", sentence(() -> new MetricLoss.Triplet(-0.1, PairDistance.SQUARED, true, PairSelection.ALL,
                false, 0, false, false)));
        assertEquals("triplet: the margin is 4.0, beyond any distance between rows of length 1; give less than 4.", sentence(() -> new MetricLoss.Triplet(4,
                PairDistance.SQUARED, true, PairSelection.ALL, false, 0, false, false)));
        assertEquals("triplet: cosines are those of rows of length 1; set normalized.", sentence(() -> new MetricLoss.Triplet(0.1, PairDistance.COSINE, false,
                PairSelection.ALL, false, 0, false, false)));
        assertEquals("contrastive: the margin is NaN; it must be above 0.", sentence(() -> new MetricLoss.Contrastive(Double.NaN, PairDistance.EUCLIDEAN, false, false)));
        assertEquals("contrastive: the margin is 2.5, but rows of length 1 are at most 2 apart; give 2 or less.",
                sentence(() -> new MetricLoss.Contrastive(2.5, PairDistance.EUCLIDEAN, true, false)));
        assertEquals("margin-based: beta is 3.0; it must be 0 to 2, the distances of rows of length 1.",
                sentence(() -> new MetricLoss.MarginBased(0.2, 3, true, false, false, 0, PairDistance.EUCLIDEAN, PairSelection.ALL)));
        assertEquals("center: the rate is 1.5; it must be 0 to 1.", sentence(() -> new MetricLoss.Center(1.5, true, false)));
    }

    private static String sentence(Executable refused) {
        return assertThrows(IllegalArgumentException.class, refused).getMessage();
    }
}
