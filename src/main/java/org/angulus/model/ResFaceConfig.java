package org.angulus.model;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A ResFace: four stages, each one 3x3 convolution of stride 2 and then residual blocks of two 3x3 convolutions; flatten, dropout and one FC
 * (SphereFace, Liu et al. 2017, table 2).
 *
 * @param name what the network is called in files: one of {@link #names()} or an own name
 * @param blocks residual blocks of the four stages
 * @param widths channels of the four stages
 * @param height rows of the crop, in pixels
 * @param width columns of the crop, in pixels
 * @param embeddingSize numbers of an embedding
 * @param variant batch norm (ARTICLE) or biases (CAFFE)
 * @param padding of the stage convolutions
 * @param initialization of the weights
 * @param keep share of the flattened features that dropout keeps while training, (0, 1]
 * @param epsilon of batch norm
 * @param decay of batch norm's running statistics
 * @param unbiasedVariance whether the running variance is the unbiased one
 */
public record ResFaceConfig(
        String name,
        List<Integer> blocks,
        List<Integer> widths,
        int height,
        int width,
        int embeddingSize,
        Variant variant,
        Padding padding,
        Initialization initialization,
        double keep,
        double epsilon,
        double decay,
        boolean unbiasedVariance) implements NetworkConfig {
    /** Blocks by name. resface36-2481 is the article's own, which has 34 convolutions. */
    private static final Map<String, List<Integer>> NAMED = Map.of(
            "resface4", List.of(0, 0, 0, 0),
            "resface10", List.of(0, 1, 2, 0),
            "resface20", List.of(1, 2, 4, 1),
            "resface36", List.of(2, 4, 8, 2),
            "resface36-2481", List.of(2, 4, 8, 1),
            "resface64", List.of(3, 8, 16, 3));

    public ResFaceConfig {
        blocks = List.copyOf(blocks);
        widths = List.copyOf(widths);
        require(!name.isBlank(), "the network's name is empty; give it one");
        require(blocks.size() == 4 && blocks.stream().allMatch(b -> b >= 0 && b <= 100),
                "blocks are " + blocks + "; give four counts from 0 to 100, one for each stage");
        require(widths.size() == 4 && widths.stream().allMatch(w -> w >= 1 && w <= 8192),
                "widths are " + widths + "; give four channel counts from 1 to 8192, one for each stage");
        require(height >= 16 && width >= 16 && height <= 4096 && width <= 4096,
                "the crop is " + height + "x" + width + " (rows x columns); each side must be 16 to 4096 pixels");
        require(embeddingSize >= 1 && embeddingSize <= 65536,
                "the embedding size is " + embeddingSize + "; it must be 1 to 65536");
        require(keep > 0 && keep <= 1, "dropout's keep is " + keep + "; it must be above 0 and at most 1");
        require(epsilon > 0 && epsilon < 1, "batch norm's epsilon is " + epsilon + "; it must lie between 0 and 1");
        require(decay >= 0 && decay < 1, "batch norm's decay is " + decay + "; it must be at least 0 and below 1");
    }

    @Override
    public int channels() {
        return ResFace.INPUT_CHANNELS;
    }

    @Override
    public ResFace build() {
        return new ResFace(this);
    }

    /** A network of {@link #names()} with the variant's own padding and initialization, 112x96, 64 to 512 channels, 512 numbers, no dropout. */
    public static ResFaceConfig of(String name, Variant variant) {
        List<Integer> blocks = NAMED.get(name);
        require(blocks != null, "there is no network '" + name + "'; choose one of " + String.join(", ", names()));
        boolean article = variant == Variant.ARTICLE;
        return new ResFaceConfig(name, blocks, List.of(64, 128, 256, 512), 112, 96, 512, variant,
                article ? Padding.TENSORFLOW : Padding.CAFFE, article ? Initialization.TENSORFLOW : Initialization.CAFFE,
                1.0, 0.001, 0.995, true);
    }

    /** The names {@link #of} knows. */
    public static List<String> names() {
        return List.copyOf(new TreeMap<>(NAMED).keySet());
    }

    public ResFaceConfig withBlocks(String newName, List<Integer> newBlocks) {
        return new ResFaceConfig(newName, newBlocks, widths, height, width, embeddingSize, variant, padding, initialization, keep, epsilon, decay,
                unbiasedVariance);
    }

    public ResFaceConfig withWidths(List<Integer> newWidths) {
        return new ResFaceConfig(name, blocks, newWidths, height, width, embeddingSize, variant, padding, initialization, keep, epsilon, decay,
                unbiasedVariance);
    }

    @Override
    public ResFaceConfig withCrop(int newHeight, int newWidth) {
        return new ResFaceConfig(name, blocks, widths, newHeight, newWidth, embeddingSize, variant, padding, initialization, keep, epsilon, decay,
                unbiasedVariance);
    }

    @Override
    public ResFaceConfig withEmbeddingSize(int newSize) {
        return new ResFaceConfig(name, blocks, widths, height, width, newSize, variant, padding, initialization, keep, epsilon, decay,
                unbiasedVariance);
    }

    public ResFaceConfig withKeep(double newKeep) {
        return new ResFaceConfig(name, blocks, widths, height, width, embeddingSize, variant, padding, initialization, newKeep, epsilon, decay,
                unbiasedVariance);
    }

    private static void require(boolean condition, String problem) {
        if (!condition) {
            throw new IllegalArgumentException("network: " + problem + ".");
        }
    }
}
