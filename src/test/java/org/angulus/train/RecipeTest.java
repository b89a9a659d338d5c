package org.angulus.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import org.angulus.device.HeadKind;
import org.angulus.device.PairSelection;
import org.angulus.loss.MarginHead;
import org.angulus.loss.MetricLoss;
import org.angulus.model.InputFormat;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.Variant;
import org.junit.jupiter.api.Test;

class RecipeTest {
    /** Every file reads, says where it is from, and its rates change within its steps. */
    @Test
    void everyRecipeReads() {
        assertEquals(Recipe.names().size(), new HashSet<>(Recipe.names()).size());
        for (String name : Recipe.names()) {
            Recipe recipe = Recipe.of(name);
            for (String words : new String[] {recipe.title(), recipe.source(), recipe.data(), recipe.published()}) {
                assertFalse(words.isBlank(), name);
            }
            for (TrainingConfig stage : recipe.stages().list()) {
                assertTrue(stage.learningRate(stage.steps() - 1) >= 0, name);
                if (stage.schedule() instanceof Schedule.Steps schedule) {
                    assertTrue(schedule.rates().getLast().step() < stage.steps(), name + " ends before its last rate");
                }
                assertTrue(stage.marginWarmUp() <= stage.steps() && stage.warmUp() <= stage.steps(), name);
            }
        }
    }

    @Test
    void theAuthorsNumbersAreThere() {
        TrainingConfig am = TrainingConfig.recipe("am-softmax");
        assertEquals(Variant.CAFFE, ((ResFaceConfig) am.network()).variant());
        assertEquals(InputFormat.ChannelOrder.BGR, am.input().channelOrder());
        assertEquals(128f, am.input().mean());
        assertEquals(MarginHead.amSoftmax(30, 0.35), am.head());
        assertEquals(ParameterRules.CAFFE_DECAY, am.decay());
        assertEquals(2, am.rates().bias());
        assertEquals(0.01, am.learningRate(16_000), 1e-12);
        assertEquals(0.1, am.learningRate(15_999), 1e-12);
        TrainingConfig large = TrainingConfig.recipe("cosface-large");
        assertEquals(240_000, large.steps());
        assertEquals(64, large.head().scale());
        assertEquals(512, large.batch());
        assertEquals(0.1, assertInstanceOf(Optimizer.Adam.class, TrainingConfig.recipe("facenet-casia").optimizer()).epsilon());
        assertEquals(1, assertInstanceOf(Optimizer.Rmsprop.class, TrainingConfig.recipe("facenet-rmsprop").optimizer()).epsilon());
        assertEquals(100, TrainingConfig.recipe("normface").rates().head());
        assertTrue(TrainingConfig.recipe("normface").head().learnsScale());
        assertEquals(10, TrainingConfig.recipe("normface").head().scale());
        TrainingConfig center = TrainingConfig.recipe("center-loss");
        assertEquals(MetricTraining.of(new MetricLoss.Center(0.5, true, false), 0.008, false), center.metric());
        assertEquals(HeadKind.SOFTMAX, center.head().kind());
        assertEquals(0.001, center.learningRate(24_000), 1e-12);
        TrainingConfig triplets = TrainingConfig.recipe("facenet-triplet");
        assertEquals(MetricTraining.Sampling.FACENET_ROUND, triplets.metric().sampling());
        assertEquals(45 * 40, triplets.metric().identitiesPerRound() * triplets.metric().imagesPerIdentity());
        assertEquals(PairSelection.VIOLATOR, assertInstanceOf(MetricLoss.Triplet.class, triplets.metric().loss()).selection());
        TrainingConfig pairs = TrainingConfig.recipe("deepid2");
        assertEquals(160, pairs.network().embeddingSize());
        assertEquals(200_000, pairs.metric().adaptEvery());
        assertFalse(pairs.metric().alone());
        Stages vggFace = Recipe.of("vgg-face").stages();
        assertEquals(TrainingConfig.recipe("vgg-face-softmax"), vggFace.first());
        assertEquals("trunk", vggFace.last().frozen());
        assertEquals(0.25, vggFace.last().learningRate(0));
        assertTrue(vggFace.last().metric().alone());
        assertEquals(1024, vggFace.last().network().embeddingSize());
        assertEquals("trunk", TrainingConfig.recipe("frozen-trunk").frozen());
        Stages staged = Recipe.of("softmax-then-am-softmax").stages();
        assertEquals(HeadKind.SOFTMAX, staged.first().head().kind());
        assertEquals(MarginHead.amSoftmax(64, 0.35), staged.last().head());
        assertEquals(0, staged.first().marginWarmUp());
        assertEquals(9660, staged.last().marginWarmUp());
    }

    @Test
    void anUnknownNameIsAnsweredWithTheNearest() {
        String message = assertThrows(IllegalArgumentException.class, () -> Recipe.of("cosfase")).getMessage();
        assertTrue(message.contains("there is no recipe 'cosfase' (did you mean cosface"), message);
        String several = assertThrows(IllegalArgumentException.class, () -> TrainingConfig.recipe("softmax-then-am-softmax")).getMessage();
        assertTrue(several.contains("2 stages"), several);
    }
}
