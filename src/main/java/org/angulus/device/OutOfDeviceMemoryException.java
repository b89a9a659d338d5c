package org.angulus.device;

/** A device has not the memory that was asked for. */
public final class OutOfDeviceMemoryException extends DeviceException {
    private static final long serialVersionUID = 1;

    OutOfDeviceMemoryException(String message) {
        super(Status.OUT_OF_MEMORY, message);
    }

    /**
     * For who knows what the memory was for.
     *
     * @param cause what the device said
     */
    public OutOfDeviceMemoryException(String message, OutOfDeviceMemoryException cause) {
        super(Status.OUT_OF_MEMORY, message);
        initCause(cause);
    }
}
