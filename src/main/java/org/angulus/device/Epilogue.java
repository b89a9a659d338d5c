package org.angulus.device;

/**
 * What a convolution does to its result before it is stored, in this order; flags to be added up. Forward: {@code v = conv + bias};
 * {@code v = v > 0 ? v : slope * v}; {@code y = v + residual}. {@link #STATISTICS} stands alone. Backward by input: {@link #RESIDUAL} only. Backward by
 * weight: none.
 */
public final class Epilogue {
    public static final int NONE = 0;
    /** Adds {@code bias} (K), f32. */
    public static final int BIAS = 1;
    /** {@code slope} (K), f32, for what is not above 0. */
    public static final int PRELU = 2;
    /** Adds {@code residual}, which is like the output and may be it. */
    public static final int RESIDUAL = 4;
    /** {@code statistics} (2,K), f32: mean and biased variance of y per channel. */
    public static final int STATISTICS = 8;

    private Epilogue() {
    }
}
