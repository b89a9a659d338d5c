package org.angulus.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.angulus.eval.Plots.TrainingCurve;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlotsTest {
    private static final int BLUE = 0x0072b2;
    private static final int VERMILION = 0xd55e00;
    private static final int GREEN = 0x009e73;

    @TempDir
    Path folder;

    private final List<String> warnings = new ArrayList<>();
    private final Plots plots = new Plots(warnings::add);

    @Test
    void rocCurvesAreDrawnInTheirColours() throws Exception {
        Map<String, Roc> curves = new LinkedHashMap<>();
        curves.put("good", roc(0.5));
        curves.put("better", roc(0.8));
        Path png = folder.resolve("roc.png");
        assertTrue(plots.roc(png, "LFW", curves), warnings::toString);
        BufferedImage picture = ImageIO.read(png.toFile());
        assertEquals(960, picture.getWidth());
        assertTrue(count(picture, BLUE) > 500, "first curve");
        assertTrue(count(picture, VERMILION) > 500, "second curve");
        assertThrows(IllegalArgumentException.class, () -> plots.roc(png, "none", Map.of()));
    }

    @Test
    void perfectAndConstantScoresAreDrawnToo() throws Exception {
        Roc perfect = Roc.of(new double[] {1, 2, 3, 4}, new boolean[] {false, false, true, true});
        Roc constant = Roc.of(new double[] {5, 5}, new boolean[] {true, false});
        assertTrue(plots.roc(folder.resolve("a.png"), "perfect", Map.of("p", perfect)), warnings::toString);
        assertTrue(plots.roc(folder.resolve("b.png"), "constant", Map.of("c", constant)), warnings::toString);
        assertTrue(plots.scores(folder.resolve("c.png"), "perfect", perfect, 2.5), warnings::toString);
        assertTrue(plots.scores(folder.resolve("d.png"), "constant", constant, Double.NaN), warnings::toString);
    }

    @Test
    void histogramsAreFilledOnTheirSides() throws Exception {
        Path png = folder.resolve("scores.png");
        assertTrue(plots.scores(png, "LFW", roc(0.8), 0.4), warnings::toString);
        BufferedImage picture = ImageIO.read(png.toFile());
        assertTrue(count(picture, BLUE) > 500, "outline of the same-person pairs");
        assertTrue(count(picture, VERMILION) > 500, "outline of the different-person pairs");
        assertTrue(column(picture, VERMILION) < column(picture, BLUE), "different people score lower");
    }

    @Test
    void lossAndLearningRateAreDrawnWithGapsAtBadLosses() throws Exception {
        double[] steps = new double[200];
        double[] losses = new double[200];
        double[] rates = new double[200];
        for (int i = 0; i < 200; i++) {
            steps[i] = 100 * i;
            losses[i] = i == 50 ? Double.NaN : i == 60 ? Double.POSITIVE_INFINITY : 3 + 20 * Math.exp(-i / 50.0);
            rates[i] = i < 120 ? 0.1 : 0.01;
        }
        Path png = folder.resolve("training.png");
        assertTrue(plots.training(png, "run", new TrainingCurve(steps, losses, rates)), warnings::toString);
        BufferedImage picture = ImageIO.read(png.toFile());
        BufferedImage upper = picture.getSubimage(0, 0, 960, 640);
        BufferedImage lower = picture.getSubimage(0, 640, 960, picture.getHeight() - 640);
        assertTrue(count(upper, BLUE) > 500, "loss above");
        assertTrue(count(lower, GREEN) > 500, "learning rate below");
        assertEquals(0, count(upper, GREEN));
        assertTrue(
                plots.training(
                        png, "one step, rate 0", new TrainingCurve(new double[] {5}, new double[] {1}, new double[] {0})),
                warnings::toString);
        assertThrows(
                IllegalArgumentException.class,
                () -> new TrainingCurve(new double[2], new double[2], new double[1]));
    }

    @Test
    void failuresGiveOneWarningAndNoException() {
        Path nowhere = folder.resolve("absent/roc.png");
        assertFalse(plots.roc(nowhere, "LFW", Map.of("a", roc(0.5))));
        assertFalse(plots.scores(nowhere, "LFW", roc(0.5), 0));
        assertEquals(1, warnings.size(), warnings::toString);
        assertTrue(warnings.getFirst().startsWith("The picture " + nowhere + " could not be drawn ("), warnings::toString);
        assertFalse(Files.exists(nowhere));
    }

    /** A Java virtual machine of its own, whose class path has no xchart. */
    @Test
    void withoutXchartThereIsOneWarningToo() throws Exception {
        Path classes = Path.of(Plots.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Path tests = Path.of(PlotsTest.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Djava.awt.headless=true",
                        "-cp",
                        classes + ":" + tests,
                        WithoutXchart.class.getName(),
                        folder.resolve("roc.png").toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(child.waitFor(60, TimeUnit.SECONDS), "the child ends");
        assertEquals(0, child.exitValue(), output);
        assertEquals(3, output.lines().count(), output);
        assertTrue(output.contains("NoClassDefFoundError") && output.contains("xchart"), output);
        assertTrue(output.endsWith("false\nfalse\n"), output);
    }

    /** Draws two pictures and prints what the methods return. */
    static final class WithoutXchart {
        public static void main(String[] arguments) {
            Plots plots = new Plots(System.out::println);
            Roc roc = Roc.of(new double[] {1, 2}, new boolean[] {false, true});
            boolean first = plots.roc(Path.of(arguments[0]), "t", Map.of("a", roc));
            boolean second = plots.scores(Path.of(arguments[0]), "t", roc, 1.5);
            System.out.println(first);
            System.out.println(second);
        }
    }

    private static Roc roc(double mean) {
        Random random = new Random(1);
        double[] scores = new double[2000];
        boolean[] same = new boolean[2000];
        for (int i = 0; i < scores.length; i++) {
            same[i] = i % 2 == 0;
            scores[i] = (same[i] ? mean : 0) + 0.15 * random.nextGaussian();
        }
        return Roc.of(scores, same);
    }

    private static int count(BufferedImage picture, int rgb) {
        int count = 0;
        for (int pixel : picture.getRGB(0, 0, picture.getWidth(), picture.getHeight(), null, 0, picture.getWidth())) {
            count += (pixel & 0xffffff) == rgb ? 1 : 0;
        }
        return count;
    }

    /** Mean column of the pixels of a colour, the legend below the plot left out. */
    private static double column(BufferedImage picture, int rgb) {
        long sum = 0;
        int count = 0;
        for (int y = 0; y < 560; y++) {
            for (int x = 0; x < picture.getWidth(); x++) {
                if ((picture.getRGB(x, y) & 0xffffff) == rgb) {
                    sum += x;
                    count++;
                }
            }
        }
        return (double) sum / count;
    }
}
