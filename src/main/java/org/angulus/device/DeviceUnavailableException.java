package org.angulus.device;

/** There is no such device, kernel or type here; the message says why. */
public final class DeviceUnavailableException extends DeviceException {
    private static final long serialVersionUID = 1;

    DeviceUnavailableException(String message) {
        super(Status.UNAVAILABLE, message);
    }
}
