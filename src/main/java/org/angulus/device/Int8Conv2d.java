package org.angulus.device;

/**
 * A convolution of u8 activations and s8 weights. A stored u8 number q stands for (q - zero) * step. With s the sum of w (x - xZero), exact in 32-bit integers:
 * {@code v = scale[k] * s + bias[k]}; {@code v = v > 0 ? v : slope[k] * v}; {@code v = v + residualScale * (residual - residualZero)}. Every kernel gives the
 * same bits.
 *
 * @param shape of x (N,H,W,C) and y (N,P,Q,K); its type is F32, of v
 * @param rounded whether y is u8: the nearest whole number of v (ties to even), plus yZero, within 0 to 255; otherwise it is f32, v itself
 * @param xZero what stands for 0 in x, and lies outside of it, 0 to 255
 * @param yZero the same in y
 * @param residualZero the same in the residual
 * @param residualScale steps of y in one step of the residual
 * @param x address of x, u8
 * @param prepared address of the weights as {@link Ops#int8Prepare} made them
 * @param scale address of (K), f32
 * @param bias address of (K), f32
 * @param slope address of (K), f32, or 0
 * @param residual address of (N,P,Q,K), u8, or 0; may be y where that is u8
 * @param y address of y
 */
public record Int8Conv2d(Conv2dShape shape, boolean rounded, int xZero, int yZero, int residualZero, float residualScale, long x, long prepared, long scale,
                         long bias, long slope, long residual, long y) {
}
