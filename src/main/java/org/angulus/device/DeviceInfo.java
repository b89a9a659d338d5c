package org.angulus.device;

/**
 * What a device is and holds now.
 *
 * @param name "cpu", "cuda:0"
 * @param description processor or card
 * @param isa "avx512", "avx2", "sse2", "baseline", "sm_90a", "simt"
 * @param memoryBytes memory of the device
 * @param freeBytes of it free now
 * @param allocatedBytes taken by this device's buffers and not yet freed
 * @param peakBytes the most that was ever taken at one time
 * @param threads CPU: workers of the pool; GPU: multiprocessors
 */
public record DeviceInfo(String name, String description, String isa, long memoryBytes, long freeBytes, long allocatedBytes, long peakBytes,
                         int threads) {
}
