package org.angulus.model;

import java.util.List;

/**
 * A LeNet++, the small network of the pictures that show how losses shape features (center loss, Wen et al. 2016, table 1): three stages of two 5x5
 * convolutions with a max pooling after each, and one FC. It reads one grey channel.
 *
 * @param widths channels of the three stages
 * @param height rows of the crop, in pixels
 * @param width columns of the crop, in pixels
 * @param embeddingSize numbers of an embedding: 2 or 3 to be seen
 * @param featurePrelu whether a PReLU follows the FC, as in the pictures of center loss; those of the margin losses have none
 */
public record LeNetConfig(List<Integer> widths, int height, int width, int embeddingSize, boolean featurePrelu) implements NetworkConfig {
    /** The name in files. */
    public static final String NAME = "lenet++";

    public LeNetConfig {
        widths = List.copyOf(widths);
        require(widths.size() == 3 && widths.stream().allMatch(w -> w >= 1 && w <= 8192),
                "widths are " + widths + "; give three channel counts from 1 to 8192, one for each stage");
        require(height >= 12 && width >= 12 && height <= 4096 && width <= 4096,
                "the crop is " + height + "x" + width + " (rows x columns); each side must be 12 to 4096 pixels");
        require(embeddingSize >= 1 && embeddingSize <= 65536, "the embedding size is " + embeddingSize + "; it must be 1 to 65536");
    }

    /** For MNIST: 28x28, 32, 64 and 128 channels. */
    public static LeNetConfig of(int embeddingSize, boolean featurePrelu) {
        return new LeNetConfig(List.of(32, 64, 128), 28, 28, embeddingSize, featurePrelu);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int channels() {
        return 1;
    }

    @Override
    public Initialization initialization() {
        return Initialization.CAFFE;
    }

    @Override
    public LeNetConfig withCrop(int newHeight, int newWidth) {
        return new LeNetConfig(widths, newHeight, newWidth, embeddingSize, featurePrelu);
    }

    @Override
    public LeNetConfig withEmbeddingSize(int newSize) {
        return new LeNetConfig(widths, height, width, newSize, featurePrelu);
    }

    @Override
    public LeNet build() {
        return new LeNet(this);
    }

    private static void require(boolean condition, String problem) {
        if (!condition) {
            throw new IllegalArgumentException("network: " + problem + ".");
        }
    }
}
