package org.angulus.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightsTest {
    private static final ResFaceConfig SMALL =
            ResFaceConfig.of("resface10", Variant.ARTICLE).withWidths(List.of(8, 16, 16, 32)).withCrop(32, 24).withEmbeddingSize(16);

    /** OIHW in files is KRSC in memory; the FC over C, H, W in files is over H, W, C in memory. */
    @Test
    void memoryHasTheOrderOfTheKernels() {
        TensorSpec filter = TensorSpec.filter("f", 2, 3, 2, 2, Start.constant(0));
        var file = new float[24];
        for (int i = 0; i < file.length; i++) {
            file[i] = i;
        }
        var memory = new float[30];
        filter.toMemory(file, 0, memory, 5, 2);
        for (int k = 0; k < 2; k++) {
            for (int r = 0; r < 2; r++) {
                for (int s = 0; s < 2; s++) {
                    for (int c = 0; c < 3; c++) {
                        assertEquals(((k * 3 + c) * 2 + r) * 2 + s, memory[5 + ((k * 2 + r) * 2 + s) * 3 + c]);
                    }
                }
            }
        }
        var back = new float[24];
        filter.toFile(memory, 5, back, 0, 2);
        assertArrayEquals(file, back);
    }

    @Test
    void varianceLiesRightBehindTheMean() {
        FlatLayout statistics = new ResFace(SMALL).statistics();
        List<FlatLayout.Entry> entries = statistics.entries();
        for (int i = 0; i < entries.size(); i += 2) {
            assertTrue(entries.get(i).spec().name().endsWith("running_mean"));
            assertEquals(entries.get(i).offset() + entries.get(i).spec().count(), entries.get(i + 1).offset());
        }
    }

    @Test
    void aModelFileGivesBackWeightsAndMetadata(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("model.safetensors");
        var network = new ResFace(SMALL);
        Weights weights = Weights.draw(network.parameters(), 5);
        var metadata = new ModelMetadata(SMALL, InputFormat.DEFAULT, "am-softmax", 10, "none", "none");
        weights.save(file, metadata);
        assertEquals(metadata, ModelMetadata.load(file));
        Weights loaded = Weights.load(file, network.parameters(), "");
        network.parameters().forEach(spec -> assertArrayEquals(weights.get(spec), loaded.get(spec)));
        try (SafeTensors tensors = SafeTensors.open(file)) {
            assertTrue(tensors.entry("stage2.block1.conv1.weight").hasShape(16, 16, 3, 3));
            assertTrue(tensors.entry("fc.weight").hasShape(16, 32 * 2 * 2));
        }
    }

    @Test
    void filesOfAnotherNetworkAreRefused(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("model.safetensors");
        Weights.draw(new ResFace(SMALL).parameters(), 5).save(file, new ModelMetadata(SMALL, InputFormat.DEFAULT, "", 1, "", ""));
        var wider = new ResFace(SMALL.withEmbeddingSize(24));
        String message = assertThrows(IOException.class, () -> Weights.load(file, wider.parameters(), "")).getMessage();
        assertTrue(message.contains("'fc.weight' has the shape [16, 128] where this network needs [24, 128]"), message);
        var deeper = new ResFace(SMALL.withBlocks("own", List.of(1, 1, 2, 0)));
        message = assertThrows(IOException.class, () -> Weights.load(file, deeper.parameters(), "")).getMessage();
        assertTrue(message.contains("stage1.block1.conv1.weight"), message);
        Path foreign = folder.resolve("foreign.safetensors");
        new SafeTensorsWriter().floats("x", new float[1], 1).write(foreign);
        message = assertThrows(IOException.class, () -> ModelMetadata.load(foreign)).getMessage();
        assertTrue(message.contains("the metadata lack 'format'"), message);
    }
}
