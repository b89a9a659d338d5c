package org.angulus.bench;

import org.angulus.device.Device;

/**
 * Samples the peak of a device between the turns of a benchmark, so that a share of it is of the same minutes: one measured at another time says
 * nothing on a shared machine. Its threads sleep meanwhile.
 */
final class Roof implements AutoCloseable {
    private final Device device;

    /** @param threads of a processor, the benchmark's own */
    Roof(String deviceName, int threads) {
        device = Devices.open(deviceName, threads);
    }

    /** f32 floating-point operations per second; takes about 0.4 s. */
    double flops() {
        return flops(device);
    }

    /** The better of two samples of a device that is already open: what else the machine does can only lower one. */
    static double flops(Device device) {
        double peak = Math.max(device.measurePeak().flops(), device.measurePeak().flops());
        if (!(peak > 0) || Double.isInfinite(peak)) {
            throw new IllegalStateException("The measured peak of " + device.name() + " is " + peak + " FLOP/s, which cannot be.");
        }
        return peak;
    }

    /** One line on the device: processor or card, and instruction set. */
    String description() {
        return device.info().description() + ", " + device.info().isa();
    }

    @Override
    public void close() {
        device.close();
    }
}
