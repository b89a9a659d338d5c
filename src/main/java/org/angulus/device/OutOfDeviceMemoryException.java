package org.angulus.device;

/** A device has not the memory that was asked for. */
public final class OutOfDeviceMemoryException extends DeviceException {
    private static final long serialVersionUID = 1;

    OutOfDeviceMemoryException(String message) {
        super(Status.OUT_OF_MEMORY, message);
    }
}
