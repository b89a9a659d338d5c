package org.angulus.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeNetTest {
    @Test
    void sizesAreThePublishedOnes() {
        LeNet network = LeNetConfig.of(2, true).build();
        List<PoolLayer> pools = network.layers().stream().filter(PoolLayer.class::isInstance).map(PoolLayer.class::cast).toList();
        assertEquals(List.of(14, 7, 3), pools.stream().map(PoolLayer::p).toList());
        assertEquals(List.of(14, 7, 3), pools.stream().map(PoolLayer::q).toList());
        long filters = 25L * (32 + 32 * 32 + 32 * 64 + 64 * 64 + 64 * 128 + 128 * 128);
        long channels = 2L * (32 + 64 + 128);
        assertEquals(filters + 2 * channels + 2 * 3 * 3 * 128 + 2 + 2, network.parameters().stream().mapToLong(TensorSpec::count).sum());
        assertEquals(0, network.statistics().tensorCount());
        long products = 25L * (784 * (32 + 32 * 32) + 196 * (32 * 64 + 64 * 64) + 49 * (64 * 128 + 128 * 128)) + 2 * 3 * 3 * 128;
        assertEquals(products, network.multiplyAdds());
        assertEquals(network.parameters().size() - 1, LeNetConfig.of(2, false).build().parameters().size());
    }

    @Test
    void aModelFileTellsItsFamily(@TempDir Path folder) throws IOException {
        LeNetConfig config = new LeNetConfig(List.of(4, 5, 6), 12, 17, 3, true);
        Path file = folder.resolve("m.safetensors");
        Weights.draw(config.build().modelTensors(), 1).save(file, new ModelMetadata(config, InputFormat.DEFAULT, "softmax", 10, "mnist", "none"));
        assertEquals(config, ModelMetadata.load(file).network());
        assertEquals(config.build().modelTensors(), Weights.load(file, config.build().modelTensors(), "").specs());
    }

    @Test
    void whatCannotBeIsRefused() {
        assertRefused("network: widths are [1, 2]; give three channel counts", () -> new LeNetConfig(List.of(1, 2), 28, 28, 2, true));
        assertRefused("network: the crop is 11x28 (rows x columns); each side must be 12", () -> new LeNetConfig(List.of(1, 2, 3), 11, 28, 2, true));
        assertRefused("network: the embedding size is 0;", () -> LeNetConfig.of(0, true));
    }

    private static void assertRefused(String begin, Supplier<LeNetConfig> wrong) {
        String words = assertThrows(IllegalArgumentException.class, wrong::get).getMessage();
        assertTrue(words.startsWith(begin) && words.endsWith("."), words);
    }
}
