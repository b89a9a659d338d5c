package org.angulus.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.angulus.device.Device;
import org.angulus.device.HeadKind;
import org.angulus.loss.MarginHead;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.TensorSpec;
import org.angulus.model.Variant;
import org.angulus.model.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every head in a run: what it learns and what it keeps from step to step persists. */
class HeadTrainingTest {
    private static final DrawnImages IMAGES = new DrawnImages(60, 6, 32, 24, 5);
    private static final int STEPS = 4;

    private static TrainingConfig config(MarginHead head, double rate) {
        String json = """
                {"batch": 8, "microBatches": 2, "steps": 4, "schedule": {"kind": "constant", "rate": %s}, "reportEvery": 1, "evaluateEvery": 1000,
                 "checkpointEvery": 2, "loaderThreads": 1}
                """.formatted(rate);
        return TrainingConfig.parse(json)
                .withNetwork(ResFaceConfig.of("resface10", Variant.CAFFE).withWidths(List.of(4, 4, 8, 8)).withCrop(32, 24).withEmbeddingSize(8))
                .withHead(head);
    }

    private static Trainer trainer(Device device, TrainingConfig config, CheckpointStore store) {
        return new Trainer(device, config, new ShuffledBatches(IMAGES, config.startValue(), config.flip()), store, "drawn images", "none");
    }

    /** Stopped after two of four steps and continued by a new trainer: the same bits as without a stop. */
    @ParameterizedTest
    @EnumSource
    void everyHeadGoesOnToTheBits(HeadKind kind, @TempDir Path folder) throws IOException {
        TrainingConfig config = config(MarginHead.of(kind), 1e-3);
        Weights expected;
        try (Device device = Device.open("cpu"); Trainer whole = trainer(device, config, null)) {
            whole.run();
            expected = whole.weights();
        }
        var store = new CheckpointStore(folder);
        try (Device device = Device.open("cpu"); Trainer first = trainer(device, config, store)) {
            first.runUntil(STEPS / 2);
        }
        try (Device device = Device.open("cpu"); Trainer rest = trainer(device, config, store)) {
            assertTrue(rest.resume());
            assertEquals(STEPS / 2, rest.step());
            rest.run();
            for (TensorSpec spec : expected.specs()) {
                assertArrayEquals(expected.get(spec), rest.weights().get(spec), spec.name());
            }
        }
        for (TensorSpec state : config.head().state()) {
            float start = Weights.draw(List.of(state), 0).get(state)[0];
            assertNotEquals(start, expected.get(state)[0], state.name());
        }
    }

    /** The scale is learnt at its own rate, and does not fall below its bound. */
    @Test
    void theScaleIsLearntAndBounded() throws IOException {
        MarginHead head = MarginHead.of(HeadKind.NORMFACE);
        assertNotEquals(10f, scaleAfter(config(head, 1e-3)));
        assertEquals(MarginHead.LEAST_SCALE, scaleAfter(config(head.change().scale(0.0101).scaleRate(1000).build(), 1)), 1e-7);
    }

    private static float scaleAfter(TrainingConfig config) throws IOException {
        try (Device device = Device.open("cpu"); Trainer trainer = trainer(device, config, null)) {
            trainer.run();
            float scale = trainer.weights().get("head.scale")[0];
            assertTrue(scale >= (float) MarginHead.LEAST_SCALE, () -> "the scale fell to " + scale);
            return scale;
        }
    }
}
