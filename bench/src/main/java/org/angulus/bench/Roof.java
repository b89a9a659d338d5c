package org.angulus.bench;

import org.angulus.device.Device;
import org.angulus.device.Peak;

/** Samples the peak of a device between the turns of a benchmark, so that a share of it is of the same minutes. Its threads sleep meanwhile. */
final class Roof implements AutoCloseable {
    private final Device device;

    /** @param threads of a processor, the benchmark's own */
    Roof(String deviceName, int threads) {
        device = Devices.open(deviceName, threads);
    }

    /** f32 floating-point operations per second; takes about 0.2 s. */
    double flops() {
        Peak peak = device.measurePeak();
        if (!(peak.flops() > 0) || Double.isInfinite(peak.flops())) {
            throw new IllegalStateException("The measured peak of " + device.name() + " is " + peak.flops() + " FLOP/s, which cannot be.");
        }
        return peak.flops();
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
