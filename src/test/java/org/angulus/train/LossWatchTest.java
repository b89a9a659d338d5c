package org.angulus.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongToDoubleFunction;
import java.util.stream.Stream;
import org.angulus.loss.HeadHealth;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The listeners that look at a run's health. */
class LossWatchTest {
    private final List<String> warnings = new ArrayList<>();
    private final TrainingListener told = new TrainingListener() {
        @Override
        public void onWarning(long step, String sentence) {
            warnings.add(sentence);
        }
    };

    private static StepReport report(long step, double loss, double accuracy, double margin, double lowest) {
        return new StepReport(step, loss, accuracy, 0.1, 0, 1, 0.1, margin, 100, 0, 0, new HeadHealth(84, 80, List.of(0.0, 0.1, 0.6, 0.3), 11, 1.5, lowest));
    }

    private List<String> watch(String json, LongToDoubleFunction loss, double accuracy, double margin, double lowest) {
        TrainingConfig config = TrainingConfig.parse(json);
        var watch = new LossWatch(config, told);
        warnings.clear();
        for (long step = config.reportEvery() - 1; step < config.steps(); step += config.reportEvery()) {
            watch.onStep(report(step, loss.applyAsDouble(step), accuracy, margin, lowest));
        }
        return List.copyOf(warnings);
    }

    private static final String RUN = "{\"steps\": 4000, \"reportEvery\": 10}";

    @Test
    void aLossThatFallsIsLeftAlone() {
        assertEquals(List.of(), watch(RUN, step -> 9 - step * 0.002, 0.06, 0.35, 0));
        assertEquals(List.of(), watch(RUN, step -> step < 500 ? 9 - step * 0.002 : 8, 0.06, 0.35, 0), "later it may stand until the next rate");
        assertEquals(List.of(), watch(RUN, step -> 0.01, 0.99, 0.35, 0), "a run that has learned already");
        assertEquals(List.of(), watch("{\"steps\": 100, \"reportEvery\": 10}", step -> 9, 0, 0.35, 0), "too few reports to judge");
    }

    @Test
    void aMarginTooEarlyIsNamedFirst() {
        List<String> said = watch(RUN, step -> 20 + Math.sin(step) * 0.01, 0, 0.35, 0);
        assertEquals(1, said.size(), "once");
        assertTrue(said.getFirst().contains("The loss does not fall: 19.998 on average, and 20.001 190 steps before."), said.getFirst());
        assertTrue(said.getFirst().contains("Usual causes: a margin that comes too early (0.35 with 0 % right; set marginWarmUp, or begin with a stage of softmax)"),
                said.getFirst());
        assertTrue(said.getFirst().contains("labels that do not belong") && said.getFirst().contains("a learning rate"), said.getFirst());
    }

    @Test
    void aRisingLossPointsAtTheRateAndALowScaleAtItself() {
        assertTrue(watch(RUN, step -> 5 + 0.01 * step, 0.3, 0, 0).getFirst().contains("Usual causes: a learning rate that is too high or too low (it is 0.10;"));
        assertTrue(watch(RUN, step -> 8.3, 0.3, 0, 8.27).getFirst().contains("Usual causes: the scale allows no loss below 8.270 (raise head.scale)"));
    }

    /** A loss that falls only because the network gives in to the scale teaches nothing. */
    @Test
    void nobodyRecognisedIsToldThoughTheLossFalls() {
        List<String> said = watch(RUN, step -> 59 - step * 0.005, 0.01, 0.5, 0);
        assertEquals(1, said.size());
        assertTrue(said.getFirst().startsWith("Hardly anybody is recognised: 1.0 % are, and the angle to the right person has not become smaller in 190 steps"
                + " (84 degrees). Usual causes: a margin that comes too early (0.50 with 1 % right;"), said.getFirst());
    }

    /** Until the margin has risen the loss may rise with it. */
    @Test
    void theRiseOfTheMarginIsWaitedFor() {
        String json = "{\"steps\": 4000, \"reportEvery\": 10, \"marginWarmUp\": 2000}";
        assertEquals(List.of(), watch(json, step -> step < 2000 ? 5 + 0.001 * step : 7 - 0.002 * (step - 2000), 0.3, 0.35, 0));
        assertEquals(1, watch(json, step -> 7, 0.3, 0.35, 0).size());
    }

    @Test
    void tensorBoardShowsAnglesSharesAndLengths(@TempDir Path folder) throws Exception {
        try (var events = new TensorBoardListener(folder, "lfw", warning -> warnings.add(warning))) {
            events.onStep(report(3, 5, 0.5, 0.1, Double.NaN));
        }
        try (Stream<Path> files = Files.list(folder)) {
            String bytes = new String(Files.readAllBytes(files.findFirst().orElseThrow()), StandardCharsets.ISO_8859_1);
            for (String tag : List.of("angle/target", "angle/nearest_other", "gradient_share/0_to_30", "gradient_share/90_to_180", "length/embedding",
                    "length/class_vector", "total_loss/cross_entropy")) {
                assertTrue(bytes.contains(tag), tag);
            }
            assertTrue(!bytes.contains("lowest_possible"), "a head without a bound has no such line");
        }
        assertEquals(List.of(), warnings);
    }
}
