package org.angulus.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.angulus.image.RgbImage;
import org.angulus.model.ConvLayer;
import org.angulus.model.FlatLayout;
import org.angulus.model.Layer;
import org.angulus.model.ResFace;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.TensorSpec;
import org.angulus.model.Variant;
import org.angulus.model.Weights;

/**
 * A ResFace20 with drawn weights and crops to embed: the same bits for every engine. Batch norm's tensors and the slopes are drawn too, since
 * at their start (1, 0, one slope for all) an engine that mixes up channels would still give the right answer.
 */
final class EmbeddingProblem {
    private static final long START_VALUE = 20_18;

    private final ResFaceConfig config = ResFaceConfig.of("resface20", Variant.ARTICLE);
    private final ResFace network = new ResFace(config);
    private final Weights weights;
    private final int batch;
    private final byte[] crops;

    /** @param batch crops that are embedded with one call */
    EmbeddingProblem(int batch) {
        this.batch = batch;
        Stream<TensorSpec> statistics = network.statistics().entries().stream().map(FlatLayout.Entry::spec);
        weights = Weights.draw(Stream.concat(network.parameters().stream(), statistics).toList(), START_VALUE);
        var random = new SplittableRandom(START_VALUE);
        for (ConvLayer layer : convolutions()) {
            if (layer.norm() != null) {
                draw(random, layer.norm().gamma(), 0.8, 1.2);
                draw(random, layer.norm().beta(), -0.2, 0.2);
                draw(random, layer.norm().mean(), -0.2, 0.2);
                draw(random, layer.norm().variance(), 0.5, 1.5);
            }
            if (layer.slope() != null) {
                draw(random, layer.slope(), 0.1, 0.4);
            }
        }
        crops = drawCrops(random, batch, config.height(), config.width());
    }

    private void draw(SplittableRandom random, TensorSpec spec, double least, double most) {
        float[] values = weights.get(spec);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextDouble(least, most);
        }
    }

    /** Each crop has its own colours, slopes of light and noise, so that no two embeddings are alike. u8 (count, height, width, 3). */
    private static byte[] drawCrops(SplittableRandom random, int count, int height, int width) {
        var crops = new byte[count * height * width * ResFace.INPUT_CHANNELS];
        int i = 0;
        for (int n = 0; n < count; n++) {
            var base = new double[ResFace.INPUT_CHANNELS];
            var down = new double[ResFace.INPUT_CHANNELS];
            var across = new double[ResFace.INPUT_CHANNELS];
            for (int c = 0; c < ResFace.INPUT_CHANNELS; c++) {
                base[c] = random.nextDouble(40, 215);
                down[c] = random.nextDouble(-100, 100);
                across[c] = random.nextDouble(-100, 100);
            }
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    for (int c = 0; c < ResFace.INPUT_CHANNELS; c++) {
                        double light = base[c] + down[c] * (y / (double) height - 0.5) + across[c] * (x / (double) width - 0.5);
                        crops[i++] = (byte) Math.clamp(Math.round(light + random.nextDouble(-40, 40)), 0, 255);
                    }
                }
            }
        }
        return crops;
    }

    ResFaceConfig config() {
        return config;
    }

    /** In the order of the layers. */
    List<ConvLayer> convolutions() {
        var convolutions = new ArrayList<ConvLayer>();
        for (Layer layer : network.layers()) {
            if (layer instanceof ConvLayer conv) {
                convolutions.add(conv);
            }
        }
        return convolutions;
    }

    Weights weights() {
        return weights;
    }

    int batch() {
        return batch;
    }

    /** u8 RGB (batch, height, width, 3): what this library reads. */
    byte[] crops() {
        return crops;
    }

    /** The same one by one. */
    List<RgbImage> pictures() {
        int bytes = crops.length / batch;
        var pictures = new ArrayList<RgbImage>();
        for (int n = 0; n < batch; n++) {
            pictures.add(new RgbImage(config.height(), config.width(), Arrays.copyOfRange(crops, n * bytes, (n + 1) * bytes)));
        }
        return pictures;
    }

    /** The same as f32 (batch, 3, height, width), RGB from 0 to 255: what the rivals read. */
    float[] planes() {
        int pixels = config.height() * config.width();
        var planes = new float[crops.length];
        for (int n = 0; n < batch; n++) {
            for (int i = 0; i < pixels; i++) {
                for (int c = 0; c < ResFace.INPUT_CHANNELS; c++) {
                    planes[(n * ResFace.INPUT_CHANNELS + c) * pixels + i] = Byte.toUnsignedInt(crops[(n * pixels + i) * ResFace.INPUT_CHANNELS + c]);
                }
            }
        }
        return planes;
    }

    /** Floating-point operations of embedding one crop: two for each multiply-add. 3.499e9 here. */
    double flopPerImage() {
        return 2.0 * network.multiplyAdds();
    }
}
