package org.angulus.device;

/**
 * The roof of a device, measured: what a benchmark's figures are shares of.
 *
 * @param flops f32 multiply-adds times two, per second, all threads
 * @param bytesPerSecond memory read by all threads
 */
public record Peak(double flops, double bytesPerSecond) {
}
