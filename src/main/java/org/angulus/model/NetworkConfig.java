package org.angulus.model;

import java.util.List;

/** What a network is made from: a family and its sizes. */
public sealed interface NetworkConfig permits ResFaceConfig, LeNetConfig {
    /** What the network is called in files. */
    String name();

    /** Channels from the first to the last stage. */
    List<Integer> widths();

    /** Rows of the crop, in pixels. */
    int height();

    /** Columns of the crop, in pixels. */
    int width();

    /** Channels of the crop as the network reads it: 3, or 1 for its luma ({@link org.angulus.image.Grey}). */
    int channels();

    /** Numbers of an embedding. */
    int embeddingSize();

    /** How the weights start, the class vectors as well. */
    Initialization initialization();

    NetworkConfig withCrop(int newHeight, int newWidth);

    NetworkConfig withEmbeddingSize(int newSize);

    /** The network with its layers. */
    Network build();

    /** Numbers of one picture as the network reads it. */
    default int inputCount() {
        return channels() * height() * width();
    }
}
