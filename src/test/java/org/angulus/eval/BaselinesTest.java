package org.angulus.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.function.ToDoubleBiFunction;
import org.angulus.data.SyntheticFaces;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BaselinesTest {
    private static final int PEOPLE = 60;
    private static final int PICTURES = 10;
    private static final int PAIRS = 1500;

    private static byte[] bytes(int... levels) {
        byte[] out = new byte[levels.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = (byte) levels[i];
        }
        return out;
    }

    @Test
    void cosineIgnoresBrightnessAndContrast() {
        byte[] a = bytes(10, 20, 30, 40, 250, 7);
        byte[] brighter = bytes(10 / 2 + 60, 20 / 2 + 60, 30 / 2 + 60, 40 / 2 + 60, 250 / 2 + 60, 63);
        assertEquals(1.0, Baselines.pixelCosine(a, a), 1e-12);
        assertEquals(1.0, Baselines.pixelCosine(a, brighter), 1e-4);
        assertEquals(-1.0, Baselines.pixelCosine(bytes(0, 0, 255), bytes(200, 200, 0)), 1e-12);
        assertEquals(0.0, Baselines.pixelCosine(bytes(0, 255, 0, 255), bytes(0, 0, 255, 255)), 1e-12);
        assertEquals(0.0, Baselines.pixelCosine(bytes(9, 9, 9), bytes(1, 2, 3)), 0.0);
    }

    @Test
    void histogramCountsSharedColours() {
        byte[] a = bytes(0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0);
        byte[] b = bytes(31, 31, 31, 255, 255, 255, 32, 0, 0, 230, 20, 30);
        assertEquals(1.0, Baselines.histogramSimilarity(a, a), 0.0);
        assertEquals(0.75, Baselines.histogramSimilarity(a, b), 0.0);
        assertEquals(0.0, Baselines.histogramSimilarity(bytes(0, 0, 0), bytes(0, 0, 32)), 0.0);
    }

    @Test
    void bestThresholdIsFound() {
        assertEquals(1.0, Baselines.bestAccuracy(new double[] {0.9, 0.5}, new double[] {0.1, 0.4, 0.2}), 0.0);
        assertEquals(0.5, Baselines.bestAccuracy(new double[] {0.3, 0.3}, new double[] {0.3}), 0.0);
        assertEquals(0.5, Baselines.bestAccuracy(new double[] {0.1}, new double[] {0.9}), 0.0);
        assertEquals(0.75, Baselines.bestAccuracy(new double[] {0.2, 0.6}, new double[] {0.1, 0.4}), 0.0);
        assertEquals(0.875, Baselines.bestAccuracy(new double[] {0.5, 0.5}, new double[] {0.5, 0.1, 0.1, 0.1}), 0.0);
    }

    @Test
    void refusesWhatCannotBeCompared() {
        assertThrows(IllegalArgumentException.class, () -> Baselines.pixelCosine(new byte[3], new byte[6]));
        assertThrows(IllegalArgumentException.class, () -> Baselines.pixelCosine(new byte[0], new byte[0]));
        assertThrows(IllegalArgumentException.class, () -> Baselines.histogramSimilarity(new byte[4], new byte[4]));
        assertThrows(IllegalArgumentException.class, () -> Baselines.bestAccuracy(new double[0], new double[1]));
        assertThrows(
                IllegalArgumentException.class, () -> Baselines.bestAccuracy(new double[1], new double[] {Double.NaN}));
    }

    /**
     * 3,000 balanced pairs, the threshold chosen in the baseline's favour: the faces must not be solved by pixels or
     * colours.
     */
    @ParameterizedTest
    @CsvSource({"56, 48", "112, 96"})
    void syntheticFacesDefeatBaselines(int height, int width) {
        SyntheticFaces faces = new SyntheticFaces(1, height, width);
        byte[][] pictures = new byte[PEOPLE * PICTURES][faces.pictureBytes()];
        for (int i = 0; i < pictures.length; i++) {
            faces.render(i / PICTURES, i % PICTURES, pictures[i], 0);
        }
        double pixels = accuracy(pictures, Baselines::pixelCosine);
        double colours = accuracy(pictures, Baselines::histogramSimilarity);
        System.out.printf("baselines at %d x %d: pixels %.4f, colours %.4f%n", height, width, pixels, colours);
        assertTrue(pixels >= 0.5 && pixels <= 0.65, "pixels reach " + pixels);
        assertTrue(colours >= 0.5 && colours <= 0.65, "colours reach " + colours);
    }

    private static double accuracy(byte[][] pictures, ToDoubleBiFunction<byte[], byte[]> similarity) {
        Random random = new Random(5);
        double[] same = new double[PAIRS];
        double[] different = new double[PAIRS];
        for (int i = 0; i < PAIRS; i++) {
            int person = random.nextInt(PEOPLE);
            int other = (person + 1 + random.nextInt(PEOPLE - 1)) % PEOPLE;
            int first = random.nextInt(PICTURES);
            int second = (first + 1 + random.nextInt(PICTURES - 1)) % PICTURES;
            byte[] picture = pictures[person * PICTURES + first];
            same[i] = similarity.applyAsDouble(picture, pictures[person * PICTURES + second]);
            different[i] = similarity.applyAsDouble(picture, pictures[other * PICTURES + second]);
        }
        return Baselines.bestAccuracy(same, different);
    }
}
