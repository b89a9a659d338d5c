package org.angulus.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.angulus.data.CachedImages;
import org.angulus.data.FramedImages;
import org.angulus.data.ImageFolder;
import org.angulus.data.LabeledImages;
import org.angulus.data.SyntheticFaces;
import org.angulus.data.SyntheticImages;
import org.angulus.device.Device;
import org.angulus.eval.InputCheck.Variant;
import org.angulus.eval.InputCheck.Verdict;
import org.angulus.image.Fit;
import org.angulus.image.Framing;
import org.angulus.image.RgbImage;
import org.angulus.model.EmbeddingNetwork;
import org.angulus.model.InputFormat;
import org.angulus.train.ShuffledBatches;
import org.angulus.train.Trainer;
import org.angulus.train.TrainingConfig;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A small network learns synthetic people; it has to notice crops of other people that are spoilt. */
class InputCheckTest {
    private static final int HEIGHT = 42;
    private static final int WIDTH = 36;
    private static final int CROPS = 512;

    private static final TrainingConfig CONFIG = TrainingConfig.parse("""
            {"network": {"name": "resface4", "widths": [16, 32, 64, 64], "height": 42, "width": 36, "embeddingSize": 64, "keep": 1, "decay": 0.9},
             "head": {"kind": "am-softmax", "scale": 30, "margin": 0.2}, "batch": 32, "steps": 400,
             "schedule": {"kind": "cosine", "rate": 0.1, "end": 0, "steps": 400}, "warmUp": 20,
             "reportEvery": 1000, "evaluateEvery": 1000, "checkpointEvery": 1000}
            """);

    private static Device device;
    private static EmbeddingNetwork network;
    private static List<RgbImage> crops;

    @BeforeAll
    static void train() throws IOException {
        SyntheticFaces faces = new SyntheticFaces(7, HEIGHT, WIDTH);
        SyntheticImages strangers = new SyntheticImages(faces, 100_000, CROPS, 1);
        device = Device.open("cpu");
        network = train(new SyntheticImages(faces, 0, 100, 12));
        crops = new ArrayList<>();
        for (int i = 0; i < CROPS; i++) {
            crops.add(crop(strangers, i));
        }
    }

    private static EmbeddingNetwork train(LabeledImages images) throws IOException {
        try (Trainer trainer = new Trainer(device, CONFIG, new ShuffledBatches(images, 7, true), null, "faces", "none")) {
            trainer.run();
            return new EmbeddingNetwork(device, CONFIG.network(), InputFormat.DEFAULT, trainer.weights(), 32);
        }
    }

    private static RgbImage crop(LabeledImages images, int index) throws IOException {
        byte[] pixels = new byte[3 * HEIGHT * WIDTH];
        images.read(index, MemorySegment.ofArray(pixels));
        return new RgbImage(HEIGHT, WIDTH, pixels);
    }

    @AfterAll
    static void close() {
        network.close();
        device.close();
    }

    @Test
    void reversedChannelsAreNoticed() {
        InputCheck check = InputCheck.of(network, crops.stream().map(Variant.CHANNELS_REVERSED::of).toList());
        assertEquals(Verdict.WRONG, check.verdict(), check.toString());
        assertEquals(Variant.CHANNELS_REVERSED, check.best());
        assertTrue(check.finding().startsWith("The channel order looks wrong"), check.finding());
        assertEquals(CROPS, check.crops());
        assertEquals(0, check.error().get(Variant.AS_GIVEN));
        assertTrue(check.error().get(Variant.CHANNELS_REVERSED) > 0, check.toString());
    }

    /** People of LFW with many photographs teach it, people with one photograph are checked. */
    @Test
    void everyVariantOfRealFacesIsNoticed() throws IOException {
        ImageFolder lfw = ImageFolder.open(SharedData.require("lfw/aligned_112x96"));
        Framing framing = new Framing(0, 0, Fit.RESIZE);
        try (EmbeddingNetwork taught = train(new CachedImages(new FramedImages(lfw.select(name -> true, 6), HEIGHT, WIDTH, framing)))) {
            List<RgbImage> strangers = new ArrayList<>();
            for (int i = 0; strangers.size() < 128; i++) {
                boolean alone = (i == 0 || lfw.label(i - 1) != lfw.label(i)) && lfw.label(i + 1) != lfw.label(i);
                if (alone) {
                    strangers.add(framing.decode(lfw.path(i), HEIGHT, WIDTH));
                }
            }
            InputCheck fitting = InputCheck.of(taught, strangers);
            assertEquals(Verdict.FITS, fitting.verdict(), fitting.toString());
            assertEquals("The pictures are as the model expects them.", fitting.finding());
            Map<Variant, Variant> cures = Map.of(
                    Variant.CHANNELS_REVERSED, Variant.CHANNELS_REVERSED, Variant.ENLARGED, Variant.REDUCED, Variant.REDUCED, Variant.ENLARGED);
            cures.forEach((spoilt, cure) -> {
                InputCheck check = InputCheck.of(taught, strangers.stream().map(spoilt::of).toList());
                assertEquals(Verdict.WRONG, check.verdict(), spoilt + ": " + check);
                assertEquals(cure, check.best(), spoilt + ": " + check);
            });
        }
    }

    @Test
    void greyCropsHaveNoChannelOrder() {
        List<RgbImage> grey = crops.stream()
                .map(crop -> {
                    byte[] pixels = crop.pixels().clone();
                    for (int i = 0; i < pixels.length; i++) {
                        pixels[i] = crop.pixels()[i / 3 * 3 + 1];
                    }
                    return new RgbImage(HEIGHT, WIDTH, pixels);
                })
                .toList();
        InputCheck check = InputCheck.of(network, grey);
        assertEquals(check.separation().get(Variant.AS_GIVEN), check.separation().get(Variant.CHANNELS_REVERSED));
        assertTrue(check.verdict() != Verdict.FITS || check.finding().contains("channel order makes no difference"), check.finding());
    }

    /** (3 - 1) / sqrt((1 + 4) / 2), by hand. */
    @Test
    void separationIsDPrime() {
        assertEquals(2 / Math.sqrt(2.5), InputCheck.separation(new double[] {2, 4}, new double[] {-1, 3}), 1e-15);
        assertEquals(0, InputCheck.separation(new double[] {1, 1}, new double[] {1, 1}));
    }

    /** A difference that the crops' own scatter explains is no finding. */
    @Test
    void aDifferenceWithinItsErrorProvesNothing() {
        Map<Variant, Double> separation =
                Map.of(Variant.AS_GIVEN, 1.24, Variant.CHANNELS_REVERSED, 1.33, Variant.ENLARGED, 1.1, Variant.REDUCED, 1.1);
        for (double error : new double[] {0.04, 0.06}) {
            Map<Variant, Double> errors = Map.of(
                    Variant.AS_GIVEN, 0.0, Variant.CHANNELS_REVERSED, error, Variant.ENLARGED, error, Variant.REDUCED, error);
            assertEquals(error < 0.045 ? Verdict.WRONG : Verdict.INCONCLUSIVE, new InputCheck(64, separation, errors).verdict());
        }
    }

    @Test
    void tooFewCropsAreRefused() {
        List<RgbImage> few = crops.subList(0, InputCheck.LEAST - 1);
        assertThrows(IllegalArgumentException.class, () -> InputCheck.of(network, few));
    }
}
