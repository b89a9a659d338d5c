package org.angulus.bench;

import org.angulus.device.Device;

/** Devices as benchmarks use them. */
final class Devices {
    private Devices() {}

    /**
     * Opens a device.
     *
     * @param threads of a processor; a card has its own
     */
    static Device open(String name, int threads) {
        Device device = Device.open(name);
        if (device.isProcessor()) {
            device.setThreads(threads);
        }
        return device;
    }

    /** {@code threads}, where 0 stands for all processors that this process may use. */
    static int threads(int threads) {
        if (threads < 0 || threads > 256) {
            throw new IllegalArgumentException("threads is " + threads + "; give 1 to 256, or 0 for all processors.");
        }
        return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    }
}
