package org.angulus.cli;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.angulus.model.CounterRandom;

/** Faces and a configuration so small that a run takes moments: people that are told apart by their colours, crops of 16x16. */
final class TinyRun {
    static final int SIDE = 16;

    /** Of {@link #CONFIG}. */
    static final int STEPS = 12;

    static final String CONFIG = """
            {"network": {"name": "resface4", "widths": [4, 8, 8, 12], "height": 16, "width": 16, "embeddingSize": 8},
             "head": {"kind": "am-softmax", "scale": 8, "margin": 0.1}, "schedule": {"kind": "constant", "rate": 0.02},
             "steps": 12, "batch": 8, "averageDecay": 0.9, "reportEvery": 2, "evaluateEvery": 1000, "checkpointEvery": 3}
            """;

    private TinyRun() {}

    /** A folder of people, Ann_1 and so on, each with so many square pictures named like LFW's. */
    static Path faces(Path root, int people, int pictures, int side) throws IOException {
        for (int person = 0; person < people; person++) {
            String name = "Ann_" + (char) ('A' + person);
            Path folder = Files.createDirectories(root.resolve(name));
            for (int i = 1; i <= pictures; i++) {
                picture(folder.resolve("%s_%04d.png".formatted(name, i)), side, side, person, i);
            }
        }
        return root;
    }

    /** One picture: a colour for the person, and noise. */
    static void picture(Path file, int height, int width, int person, int number) throws IOException {
        var colour = new CounterRandom(person, "person");
        var noise = new CounterRandom(number, "picture " + person);
        var image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int rgb = 0;
                for (int c = 0; c < 3; c++) {
                    double value = 40 + 175 * colour.uniform(c + 3L * (2 * y / height)) + 20 * noise.normal(3L * (y * width + x) + c);
                    rgb = rgb << 8 | (int) Math.clamp(value, 0, 255);
                }
                image.setRGB(x, y, rgb);
            }
        }
        ImageIO.write(image, "png", file.toFile());
    }

    /** The arguments of a training run on {@code faces}, without a report; more may follow. */
    static Object[] train(Path faces, Path run, Object... more) throws IOException {
        Path config = run.resolveSibling("tiny.json");
        Files.writeString(config, CONFIG);
        List<Object> all = new ArrayList<>(List.of("train", "--data", faces, "--run", run, "--config", config));
        if (!Arrays.asList(more).contains("--hold-out")) {
            all.addAll(List.of("--hold-out", 0));
        }
        all.addAll(Arrays.asList(more));
        return all.toArray();
    }
}
