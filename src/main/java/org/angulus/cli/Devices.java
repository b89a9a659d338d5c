package org.angulus.cli;

import org.angulus.device.Device;

/** Opens the device that a command line names. */
final class Devices {
    private Devices() {}

    /** {@code name}, or the best device where it is null. */
    static Device open(String name) {
        return name == null ? Device.best() : Device.open(name);
    }
}
