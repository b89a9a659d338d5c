package org.angulus.device;

/**
 * What forward and backward of one batch-norm layer share: {@code v = gamma (x - mean) / sqrt(variance + epsilon) + beta}.
 *
 * @param shape rows, columns and type of x
 * @param epsilon above 0
 * @param x (rows, columns): kept for backward
 * @param statistics (2, columns), f32: mean and biased variance of the batch; the running ones in inference
 * @param gamma (columns), f32
 * @param beta (columns), f32
 * @param slope (columns), f32: a PReLU follows; optional (0)
 */
public record BatchNormLayer(Matrix shape, float epsilon, long x, long statistics, long gamma, long beta, long slope) {
}
