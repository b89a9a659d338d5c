package org.angulus.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResFaceTest {
    private static final long FC = 11_010_048;

    /** Weights of the convolutions, convolutions and multiply-adds of one image going forward, by name. */
    @ParameterizedTest
    @CsvSource({
        "resface4, 4, 1550016, 164290000",
        "resface10, 10, 4204224, 758830000",
        "resface20, 20, 11650752, 1749740000",
        "resface36, 36, 21751488, 3335180000",
        "resface36-2481, 34, 17032896, 3137000000",
        "resface64, 64, 37160640, 6109720000"
    })
    void everyDepthHasThePublishedSize(String name, int convolutions, long weights, long multiplyAdds) {
        var network = new ResFace(ResFaceConfig.of(name, Variant.CAFFE));
        List<TensorSpec> filters =
                network.parameters().stream().filter(spec -> spec.kind() == ParameterKind.CONV).toList();
        assertEquals(convolutions, filters.size());
        assertEquals(weights, filters.stream().mapToLong(TensorSpec::count).sum());
        assertEquals(FC, network.parameters().stream().filter(spec -> spec.kind() == ParameterKind.FC).mapToLong(TensorSpec::count).sum());
        assertEquals(multiplyAdds, network.multiplyAdds(), 5_000 + (name.equals("resface36-2481") ? 50_000 : 0));
    }

    @Test
    void resFace20HasThePublishedParameterTotals() {
        var caffe = new ResFace(ResFaceConfig.of("resface20", Variant.CAFFE));
        assertEquals(22_666_944, caffe.parameters().stream().mapToLong(TensorSpec::count).sum());
        assertEquals(0, caffe.statistics().tensorCount());
        var article = new ResFace(ResFaceConfig.of("resface20", Variant.ARTICLE));
        assertEquals(22_675_840, article.parameters().stream().mapToLong(TensorSpec::count).sum());
        assertEquals(10_368, article.statistics().tensorCount());
    }

    @Test
    void namesAreTheDocumentedOnes() {
        List<String> article = names(Variant.ARTICLE);
        assertEquals(
                List.of("stage1.conv.weight", "stage1.bn.weight", "stage1.bn.bias", "stage1.prelu.weight", "stage1.block1.conv1.weight"),
                article.subList(0, 5));
        assertTrue(article.containsAll(List.of("stage3.block4.conv2.weight", "stage3.block4.bn2.bias", "stage3.block4.prelu2.weight")));
        assertEquals(List.of("fc.weight", "fc_bn.weight", "fc_bn.bias"), article.subList(article.size() - 3, article.size()));
        List<String> caffe = names(Variant.CAFFE);
        assertEquals(List.of("stage1.conv.weight", "stage1.conv.bias", "stage1.prelu.weight", "stage1.block1.conv1.weight"), caffe.subList(0, 4));
        assertEquals(List.of("fc.weight", "fc.bias"), caffe.subList(caffe.size() - 2, caffe.size()));
    }

    private static List<String> names(Variant variant) {
        return new ResFace(ResFaceConfig.of("resface20", variant)).parameters().stream().map(TensorSpec::name).toList();
    }

    /** SAME pads 0 before an even size and 1 before an odd one; Caffe always 1. The outputs have the same size. */
    @ParameterizedTest
    @CsvSource({"TENSORFLOW, 112, 0, 56", "TENSORFLOW, 111, 1, 56", "CAFFE, 112, 1, 56", "CAFFE, 111, 1, 56"})
    void stageConvolutionsArePaddedByTheirFamily(Padding padding, int size, int before, int output) {
        ConvGeometry geometry = ConvGeometry.stage(size, size, 3, 8, padding);
        assertEquals(before, geometry.padTop());
        assertEquals(before, geometry.padLeft());
        assertEquals(1, geometry.padBottom());
        assertEquals(output, geometry.p());
        assertEquals(output, geometry.q());
    }

    /** Standard deviations stated for the two families: first convolution, second stage, FC. */
    @Test
    void initializationHasThePublishedDeviations() {
        double[][] expected = {{0.0576, 0.0340, 0.0095}, {0.1925, 0.0417, 0.0068}};
        for (Variant variant : Variant.values()) {
            var network = new ResFace(ResFaceConfig.of("resface4", variant));
            Weights weights = Weights.draw(network.parameters(), 1);
            double[] deviations = expected[variant.ordinal()];
            assertEquals(deviations[0], deviation(weights.get("stage1.conv.weight")), 0.04 * deviations[0]);
            assertEquals(deviations[1], deviation(weights.get("stage2.conv.weight")), 0.01 * deviations[1]);
            assertEquals(deviations[2], deviation(weights.get("fc.weight")), 0.01 * deviations[2]);
            assertEquals(0.25f, weights.get("stage1.prelu.weight")[7]);
        }
        var network = new ResFace(ResFaceConfig.of("resface10", Variant.ARTICLE));
        assertEquals(0.0088, deviation(Weights.draw(network.parameters(), 1).get("stage3.block1.conv1.weight")), 0.0001);
    }

    private static double deviation(float[] values) {
        double squares = 0;
        for (float value : values) {
            squares += (double) value * value;
        }
        return Math.sqrt(squares / values.length);
    }

    @Test
    void badConfigurationsAreRefusedInASentence() {
        ResFaceConfig config = ResFaceConfig.of("resface20", Variant.ARTICLE);
        assertRefused("there is no network 'resface21'; choose one of resface10,", () -> ResFaceConfig.of("resface21", Variant.CAFFE));
        assertRefused("give four channel counts", () -> config.withWidths(List.of(64, 128)));
        assertRefused("the crop is 8x96", () -> config.withCrop(8, 96));
        assertRefused("dropout's keep is 0.0", () -> config.withKeep(0));
        assertRefused("dropout's keep is NaN", () -> config.withKeep(Double.NaN));
        assertRefused("the embedding size is 0", () -> config.withEmbeddingSize(0));
    }

    private static void assertRefused(String words, org.junit.jupiter.api.function.Executable call) {
        String message = assertThrows(IllegalArgumentException.class, call).getMessage();
        assertTrue(message.contains(words) && message.endsWith("."), message);
    }
}
