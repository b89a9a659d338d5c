package org.angulus.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.List;
import org.angulus.device.HeadKind;
import org.angulus.model.InputFormat;
import org.angulus.model.ModelMetadata;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.Variant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StagesTest {
    private static final String TWO = """
            {"batch": 64, "startValue": 5, "head": {"kind": "normface", "scale": 20},
             "stages": [{"steps": 10, "head": {"kind": "softmax"}}, {"steps": 20, "batch": 32, "head": {"scale": 40}}]}
            """;

    @Test
    void aStageStandsAboveTheRunAndTheRunAboveItsRecipe() {
        Stages stages = Stages.parse(TWO);
        assertEquals(2, stages.count());
        assertEquals(HeadKind.SOFTMAX, stages.first().head().kind());
        assertEquals(64, stages.first().batch());
        assertEquals(32, stages.last().batch());
        assertEquals(40, stages.last().head().scale());
        assertEquals(HeadKind.NORMFACE, stages.last().head().kind());
        assertEquals(List.of(5L, 6L), stages.list().stream().map(TrainingConfig::startValue).toList());
        assertEquals(30, stages.steps());
        assertEquals(10, stages.stepsBefore(1));
        assertEquals(stages, Stages.parse(stages.toJson()));
    }

    @Test
    void aRecipeOfStagesTakesChangesForAllAndForEach() {
        Stages stages = Stages.parse("{\"recipe\": \"softmax-then-am-softmax\", \"batch\": 16, \"stages\": [{\"steps\": 3}, {}]}");
        assertEquals(List.of(16, 16), stages.list().stream().map(TrainingConfig::batch).toList());
        assertEquals(List.of(3L, 48_300L), stages.list().stream().map(TrainingConfig::steps).toList());
    }

    /** One stage is read and written as ever. */
    @Test
    void oneStageIsAConfiguration() {
        String json = "{\"recipe\": \"article-adam\", \"steps\": 7}";
        assertEquals(TrainingConfig.parse(json), Stages.parse(json).first());
        assertEquals(TrainingConfig.parse(json).toJson(), Stages.parse(json).toJson());
        assertEquals(Stages.parse(json), Stages.of(TrainingConfig.parse(json)));
    }

    /** What a model is decides over a recipe, not over what is given. */
    @Test
    void theNetworkOfAModelStandsInPlaceOfTheRecipes() {
        ResFaceConfig network = ResFaceConfig.of("resface4", Variant.CAFFE).withWidths(List.of(4, 8, 8, 12)).withCrop(32, 24).withEmbeddingSize(8);
        var input = new InputFormat(InputFormat.ChannelOrder.BGR, 100, 0.5f);
        JsonObject model = Stages.startingFrom(new ModelMetadata(network, input, "", 3, "", ""));
        Stages stages = Stages.parse("{\"recipe\": \"cosface\"}", model);
        assertEquals(network, stages.first().network());
        assertEquals(input, stages.first().input());
        assertEquals(512, stages.first().batch());
        assertEquals(network.withEmbeddingSize(16), Stages.parse("{\"recipe\": \"cosface\", \"network\": {\"embeddingSize\": 16}}", model).first().network());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{\"stages\": []} | stages must be a list of one or more objects in braces.",
        "{\"stages\": 5} | stages must be a list",
        "{\"stages\": [5]} | stages[0] must be an object in braces.",
        "{\"stages\": [{}, {\"network\": {\"widths\": [4, 4, 4, 4]}}]} | stages[1] has another network or input than the first; only network.embeddingSize",
        "{\"stages\": [{}, {\"speed\": 1}]} | has the unknown field 'speed'",
        "{\"recipe\": \"softmax-then-am-softmax\", \"stages\": [{}]} | the recipe has 2 stages, but 1 are given; give one for each",
        "{\"frozen\": \"trunc\"} | frozen: the network has no part 'trunc' (did you mean trunk?)",
        "{\"frozen\": \"stage9\"} | its parts are none, stage1, stage1.block1, stage2,"
    })
    void badStagesAreRefusedInASentence(String json, String words) {
        String message = assertThrows(IllegalArgumentException.class, () -> Stages.parse(json)).getMessage();
        assertTrue(message.contains(words) && message.startsWith("training configuration") && message.endsWith("."), message);
    }
}
