package org.angulus.model;

import java.util.Locale;
import java.util.function.IntToLongFunction;
import org.angulus.device.Device;
import org.angulus.device.DeviceInfo;
import org.angulus.device.OutOfDeviceMemoryException;

/** Says which batch would fit where one did not. */
public final class BatchMemory {
    /** Part of the free memory that a suggestion may take: the device keeps some for itself. */
    private static final double USABLE = 0.95;

    private BatchMemory() {}

    /**
     * One sentence with what was asked, what is free and the largest halved batch that fits.
     *
     * @param device that refused and has what was taken back again
     * @param what is done with the images: "training"
     * @param batch images at one time
     * @param bytes device memory for so many images
     * @param cause what the device said
     */
    public static OutOfDeviceMemoryException refused(
            Device device, String what, int batch, IntToLongFunction bytes, OutOfDeviceMemoryException cause) {
        DeviceInfo info = device.info();
        int fitting = batch / 2;
        while (fitting > 0 && bytes.applyAsLong(fitting) > USABLE * info.freeBytes()) {
            fitting /= 2;
        }
        return new OutOfDeviceMemoryException(what + " with " + batch + " images at a time takes " + size(bytes.applyAsLong(batch)) + " of memory, and "
                + size(info.freeBytes()) + " of " + size(info.memoryBytes()) + " are free on " + device.name() + "; "
                + (fitting == 0 ? "not even one image fits: take a smaller network" : fitting + " at a time fit"), cause);
    }

    private static String size(long bytes) {
        double mebibytes = bytes / 1048576.0;
        return mebibytes < 1024 ? String.format(Locale.ROOT, "%.1f MiB", mebibytes) : String.format(Locale.ROOT, "%.1f GiB", mebibytes / 1024);
    }
}
