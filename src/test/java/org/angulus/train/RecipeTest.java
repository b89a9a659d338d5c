package org.angulus.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import org.angulus.device.HeadKind;
import org.angulus.loss.MarginHead;
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
