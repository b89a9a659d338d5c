package org.angulus.device;

import java.util.Optional;

/** A kernel met bad data since the device was last waited for. */
public final class DeviceFaultException extends DeviceException {
    private static final long serialVersionUID = 1;
    private final transient Fault fault;

    DeviceFaultException(String message, Fault fault) {
        super(Status.DEVICE_FAULT, message);
        this.fault = fault;
    }

    /** The fault, when {@link Device#sync} reported it; another waiting call has only its words. */
    public Optional<Fault> fault() {
        return Optional.ofNullable(fault);
    }
}
