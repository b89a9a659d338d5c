package org.angulus.train;

import java.io.Flushable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The record framing of TensorFlow's files: u64 little-endian length, u32 masked CRC-32C of the length's eight bytes,
 * the payload, u32 masked CRC-32C of the payload.
 */
final class RecordStream implements Flushable {
    private static final int MASK_DELTA = 0xa282ead8;

    private final OutputStream out;
    private final CRC32C crc = new CRC32C();
    private final ByteBuffer head =
            ByteBuffer.allocate(Long.BYTES + Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final ByteBuffer tail = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);

    RecordStream(OutputStream out) {
        this.out = out;
    }

    void write(byte[] payload) throws IOException {
        head.clear().putLong(payload.length).putInt(masked(head.array(), Long.BYTES));
        tail.clear().putInt(masked(payload, payload.length));
        out.write(head.array());
        out.write(payload);
        out.write(tail.array());
    }

    /** CRC-32C rotated right by 15 bits plus a constant, so that a checksum of data that holds checksums stays good. */
    private int masked(byte[] bytes, int length) {
        crc.reset();
        crc.update(bytes, 0, length);
        return Integer.rotateRight((int) crc.getValue(), 15) + MASK_DELTA;
    }

    @Override
    public void flush() throws IOException {
        out.flush();
    }
}
