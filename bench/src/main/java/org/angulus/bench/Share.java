package org.angulus.bench;

import java.util.Locale;
import org.angulus.device.Device;

/** Prints what was reached beside the roof that was sampled in the same run: a share of a peak measured at another time says nothing on a shared machine. */
final class Share {
    private final double flops;

    /** Samples the f32 peak of the device with these threads, the best of three. */
    Share(String device, int threads) {
        double best = 0;
        try (Device opened = Devices.open(device, threads)) {
            for (int i = 0; i < 3; i++) {
                best = Math.max(best, opened.measurePeak().flops());
            }
        }
        flops = best;
    }

    /** One line: images/s, GFLOP/s counted as direct convolutions, share of the peak. */
    String line(String what, double images, double seconds, double flopPerImage) {
        double rate = images / seconds;
        return String.format(Locale.ROOT, "%s: %.1f images/s, %.1f GFLOP/s (direct-equivalent), %.0f %% of the f32 peak of %.1f GFLOP/s sampled in this run",
                what, rate, rate * flopPerImage * 1e-9, 100 * rate * flopPerImage / flops, flops * 1e-9);
    }
}
