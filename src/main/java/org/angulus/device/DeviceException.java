package org.angulus.device;

/** A native call failed; the message is what the library says of it. */
public class DeviceException extends AngulusException {
    private static final long serialVersionUID = 1;
    private final Status status;

    DeviceException(Status status, String message) {
        super(message);
        this.status = status;
    }

    /** What kind of failure. */
    public final Status status() {
        return status;
    }

    /** The exception for a failed call. */
    static DeviceException of(int code, String words) {
        Status status = Status.of(code);
        return switch (status) {
            case OUT_OF_MEMORY -> new OutOfDeviceMemoryException(words);
            case UNAVAILABLE -> new DeviceUnavailableException(words);
            case DEVICE_FAULT -> new DeviceFaultException(words, null);
            default -> new DeviceException(status, words);
        };
    }
}
