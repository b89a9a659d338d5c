package org.angulus.model;

/**
 * How a u8 picture becomes the network's input: (pixel - mean) * factor, channels in this order.
 *
 * @param channelOrder which channel comes first for the network; pictures are given as RGB
 * @param mean 127.5
 * @param factor 1/128
 */
public record InputFormat(ChannelOrder channelOrder, float mean, float factor) {
    /** (pixel - 127.5) / 128, RGB. */
    public static final InputFormat DEFAULT = new InputFormat(ChannelOrder.RGB, 127.5f, 1 / 128f);

    /** Order of the channels. */
    public enum ChannelOrder {
        RGB,
        BGR
    }

    public InputFormat {
        if (!(Math.abs(mean) <= 255) || !(factor > 0) || !(factor <= 1)) {
            throw new IllegalArgumentException("input: mean " + mean + " and factor " + factor
                    + " are no sensible pixel scaling; give a mean of 0 to 255 and a factor above 0 and at most 1.");
        }
    }
}
