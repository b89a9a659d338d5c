package org.angulus.device;

import java.util.Locale;

/** The ops of the header, in its order. Each has an ordered list of kernels on each device: {@link Device#kernels}. */
public enum Op {
    FILL,
    COPY,
    CONVERT,
    ADD,
    IMAGE_NORMALIZE,
    CONV2D_FORWARD,
    CONV2D_BACKWARD_INPUT,
    CONV2D_BACKWARD_WEIGHT,
    CONV2D_PREPARE,
    CHANNEL_SUM,
    PRELU_FORWARD,
    PRELU_BACKWARD,
    BATCH_NORM_STATISTICS,
    BATCH_NORM_FORWARD,
    BATCH_NORM_BACKWARD_REDUCE,
    BATCH_NORM_BACKWARD_INPUT,
    RUNNING_STATISTICS,
    DROPOUT,
    ROW_NORM,
    NORMALIZE_FORWARD,
    NORMALIZE_BACKWARD,
    MARGIN_TARGET,
    MARGIN_FORWARD,
    MARGIN_LOSS,
    MARGIN_BACKWARD,
    GRADIENT_NORM,
    SGD_UPDATE,
    ADAM_UPDATE,
    EMA_UPDATE,
    COMMIT_COPY,
    COMMIT_END,
    ADAGRAD_UPDATE,
    RMSPROP_UPDATE,
    MAX_POOL_FORWARD,
    MAX_POOL_BACKWARD,
    METRIC_DISTANCES,
    METRIC_LOSS,
    METRIC_BACKWARD,
    METRIC_BETA,
    CENTER_LOSS,
    CENTER_UPDATE,
    QUANTIZE,
    INT8_PREPARE,
    INT8_CONV2D;

    private static final Op[] VALUES = values();

    int code() {
        return ordinal();
    }

    /** The op's name in the header: {@code conv2d_forward}. */
    public String words() {
        return name().toLowerCase(Locale.ROOT);
    }

    static String words(int code) {
        return code >= 0 && code < VALUES.length ? VALUES[code].words() : "op " + code;
    }
}
