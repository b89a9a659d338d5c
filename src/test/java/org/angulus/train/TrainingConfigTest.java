package org.angulus.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.angulus.device.AdamRule;
import org.angulus.device.SgdRule;
import org.angulus.device.HeadKind;
import org.angulus.loss.Annealing;
import org.angulus.loss.MarginHead;
import org.angulus.model.ParameterKind;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.Variant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainingConfigTest {
    @Test
    void anEmptyObjectIsTheDefaultRecipe() {
        TrainingConfig config = TrainingConfig.parse("{}");
        assertEquals(TrainingConfig.recipe("default"), config);
        assertEquals(new Optimizer.Sgd(0.9, SgdRule.Convention.TORCH, false), config.optimizer());
        assertEquals(MarginHead.amSoftmax(30, 0.35), config.head());
        assertEquals(256, config.batch());
        assertEquals(5e-4, config.decay().of(ParameterKind.HEAD));
        assertEquals(0, config.decay().of(ParameterKind.BN_GAMMA));
    }

    @Test
    void theArticlesAdamDecaysNothing() {
        TrainingConfig config = TrainingConfig.parse("{\"recipe\": \"article-adam\", \"steps\": 7}");
        var adam = assertInstanceOf(Optimizer.Adam.class, config.optimizer());
        assertEquals(AdamRule.Form.EPSILON_HAT, adam.form());
        assertEquals(ParameterRules.NONE, config.decay());
        assertEquals(7, config.steps());
    }

    @Test
    void whatJsonSaysReplacesTheRecipe() {
        TrainingConfig config = TrainingConfig.parse("""
                {"network": {"name": "resface36", "variant": "caffe", "widths": [8, 16, 16, 32], "height": 32, "width": 24},
                 "head": {"kind": "softmax"},
                 "optimizer": {"kind": "sgd", "nesterov": true},
                 "schedule": {"kind": "steps", "rates": [{"step": 0, "rate": 0.2}, {"step": 10, "rate": 0.02}]},
                 "batch": 32, "microBatches": 4, "marginWarmUp": 10, "clip": 5}
                """);
        ResFaceConfig expected = ResFaceConfig.of("resface36", Variant.CAFFE).withWidths(List.of(8, 16, 16, 32)).withCrop(32, 24);
        assertEquals(expected, config.network());
        assertEquals(List.of(2, 4, 8, 2), ((ResFaceConfig) config.network()).blocks());
        assertEquals(MarginHead.softmax(), config.head());
        assertEquals(new Optimizer.Sgd(0.9, SgdRule.Convention.TORCH, true), config.optimizer());
        assertEquals(0.02, config.learningRate(10));
        assertEquals(8, config.microBatch());
        assertEquals(5, config.clip());
    }

    @Test
    void aCaffeNetworkBringsItsFamilysRules() {
        TrainingConfig config = TrainingConfig.parse("{\"network\": {\"variant\": \"caffe\"}, \"decay\": {\"bias\": 0.25}}");
        assertEquals(2, config.rates().of(ParameterKind.BIAS));
        assertEquals(1, config.rates().of(ParameterKind.CONV));
        assertEquals(5e-4, config.decay().of(ParameterKind.PRELU));
        assertEquals(0.25, config.decay().of(ParameterKind.BIAS));
        TrainingConfig adam = TrainingConfig.parse("{\"recipe\": \"article-adam\", \"network\": {\"variant\": \"caffe\"}}");
        assertEquals(0, adam.decay().of(ParameterKind.PRELU));
    }

    @Test
    void jsonGivesBackEveryField() {
        for (String name : Recipe.names()) {
            Stages stages = Recipe.of(name).stages();
            assertEquals(stages, Stages.parse(stages.toJson()), name);
        }
    }

    @Test
    void theMarginRisesDuringItsWarmUp() {
        TrainingConfig config = TrainingConfig.parse("{\"marginWarmUp\": 10, \"warmUp\": 4}");
        assertEquals(0.035, config.margin(0), 1e-15);
        assertEquals(0.35, config.margin(9), 1e-15);
        assertEquals(0.35, config.margin(100), 0);
        assertEquals(0.025, config.learningRate(0), 1e-15);
    }

    /** Another head comes with its own recommended constants, whatever the recipe's are; what is given stands. */
    @Test
    void headsBringTheirOwnConstants() {
        for (HeadKind kind : HeadKind.values()) {
            String name = RecordJson.write(kind).getAsString();
            TrainingConfig config = TrainingConfig.parse("{\"head\": {\"kind\": \"" + name + "\"}}");
            assertEquals(MarginHead.of(kind), config.head());
            assertEquals(config, TrainingConfig.parse(config.toJson()));
        }
        TrainingConfig given = TrainingConfig.parse("{\"head\": {\"kind\": \"sphereface\", \"annealing\": \"sphereface-pytorch\", \"factor\": 3}}");
        assertEquals(MarginHead.of(HeadKind.SPHEREFACE).change().annealing(Annealing.SPHEREFACE_PYTORCH).factor(3).build(), given.head());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{\"optimiser\": 1} | has the unknown field 'optimiser'; the fields here are network, input, precision, head, optimizer,",
        "{\"optimiser\": 1} | metric (did you mean optimizer?).",
        "{\"head\": {\"kind\": \"amsoftmax\"}} | training configuration.head.kind is 'amsoftmax', but no head has that name (did you mean am-softmax",
        "{\"schedule\": {\"kind\": \"cosinus\"}} | (did you mean cosine?).",
        "{\"steps\": \"many\"} | training configuration.steps is \"many\"; it must be a whole number.",
        "{\"steps\": 1.5} | training configuration.steps is 1.5; it must be a whole number.",
        "{\"steps\": 99999999999999999999} | it must be a whole number.",
        "{\"steps\": 0E0078125} | training configuration.steps is 0E0078125; it must be a whole number.",
        "{\"head\": {\"kind\": \"arcface\", \"margin\": 1E78125}} | is 1E78125; it must be a number.",
        "{\"batch\": 0} | batch is 0; it must be 1 to 65536 images.",
        "{\"batch\": 10, \"microBatches\": 4} | microBatches is 4; it must divide the batch of 10.",
        "{\"precision\": \"fp16\"} | training configuration.precision is \"fp16\"; it must be 'f32' or 'bf16'.",
        "{\"flip\": 1} | training configuration.flip is 1; it must be true or false.",
        "{\"head\": {\"kind\": \"arc-fase\"}} | training configuration.head.kind is 'arc-fase', but no head has that name (did you mean arcface",
        "{\"head\": {\"kind\": \"cosface\"}} | but no head has that name (it is am-softmax here); 'angulus losses' lists them.",
        "{\"head\": {\"kind\": \"arcface\", \"margin\": 9}} | the margin of arcface is 9.0; it must be 0.0 to 3.1.",
        "{\"head\": {\"kind\": \"sphereface\", \"annealing\": \"fast\"}} | give base, gamma, power and least in braces, or one of l-softmax, none, sphereface,",
        "{\"head\": {\"kind\": \"normface\", \"margin\": 0.2}} | normface has no margin",
        "{\"optimizer\": {\"kind\": \"adadelta\"}} | training configuration.optimizer.kind is 'adadelta'; it must be one of sgd, adam, adagrad, rmsprop.",
        "{\"optimizer\": {\"kind\": \"adam\"}} | training configuration.optimizer lacks the field 'beta1'; add it.",
        "{\"optimizer\": {\"kind\": \"adagrad\", \"epsilon\": 0, \"start\": 0}} | epsilon and the start of the sum of squares are both 0",
        "{\"optimizer\": {\"kind\": \"adagrad\", \"epsilon\": 1e-10, \"start\": -1}} | the sum of squares starts at -1.0; it must be 0 to 1000.",
        "{\"optimizer\": {\"kind\": \"rmsprop\", \"decay\": 1, \"momentum\": 0, \"epsilon\": 1, \"form\": \"torch\"}} | decay and momentum are 1.0 and 0.0;",
        "{\"optimizer\": {\"kind\": \"rmsprop\", \"decay\": 0.9, \"momentum\": 0, \"epsilon\": 0, \"form\": \"torch\"}} | epsilon is 0.0; it must be above 0 and at most 1.",
        "{\"network\": {\"widths\": [1, 2]}} | training configuration.network: network: widths are [1, 2]; give four",
        "{\"network\": {\"widths\": [1, 2, 3, \"x\"]}} | training configuration.network.widths[3] is \"x\"; it must be a whole number.",
        "{\"network\": 5} | training configuration.network is 5; it must be an object.",
        "{\"recipe\": \"best\"} | there is no recipe 'best'; choose one of default, article-adam, ",
        "{\"recipe\": {}} | recipe must be a text.",
        "[] | it must be a JSON object in braces.",
        "{\"steps\": | this is not JSON",
    })
    void badConfigurationsAreRefusedInASentence(String json, String words) {
        String message = assertThrows(IllegalArgumentException.class, () -> TrainingConfig.parse(json)).getMessage();
        assertTrue(message.contains(words) && message.startsWith("training configuration") && message.endsWith("."), message);
    }

    @Test
    void aBadFileIsNamed(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("run.json");
        Files.writeString(file, "{\"steps\": 0}");
        String message = assertThrows(IOException.class, () -> TrainingConfig.load(file)).getMessage();
        assertTrue(message.startsWith(file.toString()) && message.contains("steps is 0"), message);
    }
}
