package org.angulus;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.angulus.image.RgbImage;
import org.angulus.model.CounterRandom;
import org.angulus.model.FlatLayout;
import org.angulus.model.InputFormat;
import org.angulus.model.ModelMetadata;
import org.angulus.model.Network;
import org.angulus.model.NetworkConfig;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.TensorSpec;
import org.angulus.model.Variant;
import org.angulus.model.Weights;

/** Small model files with drawn weights, and crops for them. */
public final class TestModel {
    public static final int HEIGHT = 32;
    public static final int WIDTH = 24;
    public static final int SIZE = 16;

    private TestModel() {}

    /** A ResFace10 of 32x24 whose batch norms and slopes are not neutral. */
    public static Path write(Path file) throws IOException {
        return write(file, ResFaceConfig.of("resface10", Variant.ARTICLE).withWidths(List.of(8, 16, 16, 32)).withCrop(HEIGHT, WIDTH).withEmbeddingSize(SIZE),
                InputFormat.DEFAULT, 9);
    }

    static Path write(Path file, NetworkConfig config, InputFormat input, long startValue) throws IOException {
        weights(config, startValue).save(file, new ModelMetadata(config, input, "AM-Softmax", 10, "drawn weights", "none"));
        return file;
    }

    /** A model whose every output is infinite or not a number. */
    static Path writeOverflowing(Path file) throws IOException {
        ResFaceConfig config = ResFaceConfig.of("resface4", Variant.CAFFE).withWidths(List.of(4, 4, 4, 4)).withCrop(HEIGHT, WIDTH).withEmbeddingSize(SIZE);
        Weights weights = weights(config, 1);
        for (TensorSpec spec : weights.specs()) {
            Arrays.fill(weights.get(spec), 1e30f);
        }
        weights.save(file, new ModelMetadata(config, InputFormat.DEFAULT, "AM-Softmax", 10, "none", "none"));
        return file;
    }

    private static Weights weights(NetworkConfig config, long startValue) {
        Network network = config.build();
        List<TensorSpec> specs =
                Stream.concat(network.parameters().stream(), network.statistics().entries().stream().map(FlatLayout.Entry::spec)).toList();
        Weights weights = Weights.draw(specs, startValue);
        for (TensorSpec spec : specs) {
            var random = new CounterRandom(startValue + 1, spec.name());
            float[] values = weights.get(spec);
            for (int i = 0; i < values.length; i++) {
                values[i] += switch (spec.kind()) {
                    case CONV, FC, HEAD -> 0;
                    default -> (float) (0.2 * random.uniform(i));
                };
            }
        }
        return weights;
    }

    /** A crop of noise, the same for the same number. */
    public static RgbImage crop(int number) {
        return crop(number, HEIGHT, WIDTH);
    }

    static RgbImage crop(int number, int height, int width) {
        byte[] pixels = new byte[3 * height * width];
        var random = new CounterRandom(number, "crop");
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) random.bits(i);
        }
        return new RgbImage(height, width, pixels);
    }

    /** Writes a picture without loss. */
    public static Path png(Path file, RgbImage image) throws IOException {
        BufferedImage picture = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                picture.setRGB(x, y, image.sample(y, x, 0) << 16 | image.sample(y, x, 1) << 8 | image.sample(y, x, 2));
            }
        }
        ImageIO.write(picture, "png", file.toFile());
        return file;
    }
}
