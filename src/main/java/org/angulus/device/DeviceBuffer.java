package org.angulus.device;

/**
 * An allocation of device memory, aligned to 256 bytes; its contents are undefined at first. A slice is a view that frees nothing and ends with its
 * parent.
 */
public final class DeviceBuffer implements AutoCloseable {
    private final Device device;
    private final DeviceBuffer parent;
    private final long address;
    private final long bytes;
    private volatile boolean closed;

    DeviceBuffer(Device device, DeviceBuffer parent, long address, long bytes) {
        this.device = device;
        this.parent = parent;
        this.address = address;
        this.bytes = bytes;
    }

    /** The device that holds it. */
    public Device device() {
        return device;
    }

    /** Bytes. */
    public long bytes() {
        return bytes;
    }

    /** Address of the first byte. Throws IllegalStateException when the buffer or its device is closed. */
    public long address() {
        if (closed) {
            throw new IllegalStateException("the buffer of " + bytes + " bytes on " + device.name() + " is closed");
        }
        if (parent != null) {
            parent.address();
        }
        device.requireOpen();
        return address;
    }

    /** Address of the byte at {@code offset}, which lies in the buffer or just behind it. */
    public long address(long offset) {
        if (offset < 0 || offset > bytes) {
            throw new IndexOutOfBoundsException("offset " + offset + " of a buffer of " + bytes + " bytes");
        }
        return address() + offset;
    }

    /** The bytes [offset, offset + length), as a view. */
    public DeviceBuffer slice(long offset, long length) {
        if (length < 0 || offset < 0 || offset > bytes || length > bytes - offset) {
            throw new IndexOutOfBoundsException("bytes " + offset + " to " + offset + " + " + length + " of a buffer of " + bytes + " bytes");
        }
        return new DeviceBuffer(device, this, address(offset), length);
    }

    /** A tensor at {@code offset} of this buffer. */
    public Tensor tensor(long offset, Type type, int... shape) {
        return new Tensor(this, offset, shape, type);
    }

    /**
     * Frees the memory. Does nothing the second time, for a slice, or when the device is closed.
     *
     * @throws DeviceException while recording, or when a graph pins the memory: the buffer stays open
     */
    @Override
    public void close() {
        if (closed || parent != null) {
            return;
        }
        if (device.isOpen()) {
            device.free(address);
        }
        closed = true;
    }
}
