package org.angulus.device;

import static org.junit.jupiter.api.Assertions.fail;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Device memory for one test. Every array lies between margins of a pattern; closing checks that the margins and the inputs are unchanged. An output starts
 * as NaN in every type, so that an element that was not written shows.
 */
final class GuardedMemory implements AutoCloseable {
    private static final int MARGIN = 256;
    private static final byte PATTERN = (byte) 0xa5;

    private final Device device;
    private final List<Block> blocks = new ArrayList<>();

    private record Block(DeviceBuffer buffer, byte[] input, int bytes) {
    }

    GuardedMemory(Device device) {
        this.device = device;
    }

    Device device() {
        return device;
    }

    private long place(byte[] contents, boolean input) {
        byte[] all = new byte[MARGIN + contents.length + MARGIN];
        Arrays.fill(all, PATTERN);
        System.arraycopy(contents, 0, all, MARGIN, contents.length);
        DeviceBuffer buffer = device.allocate(all.length);
        blocks.add(new Block(buffer, input ? contents : null, contents.length));
        device.transfers().upload(buffer.address(), all);
        return buffer.address(MARGIN);
    }

    /** An input; these values come back unchanged. */
    long input(Type type, double[] values) {
        return place(encode(type, values), true);
    }

    /** f32 input. */
    long input(double[] values) {
        return input(Type.F32, values);
    }

    long input(int[] values) {
        ByteBuffer bytes = little(values.length * 4);
        bytes.asIntBuffer().put(values);
        return place(bytes.array(), true);
    }

    long input(byte[] values) {
        return place(values, true);
    }

    long input(StepScalars scalars) {
        try (var arena = java.lang.foreign.Arena.ofConfined()) {
            var struct = arena.allocate(StepScalars.BYTES, 8);
            scalars.write(struct, 0);
            return place(struct.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE), true);
        }
    }

    /** Memory that an op both reads and writes. */
    long inOut(Type type, double[] values) {
        return place(encode(type, values), false);
    }

    /** f32 memory that an op both reads and writes. */
    long inOut(double[] values) {
        return inOut(Type.F32, values);
    }

    long inOut(StepControl control) {
        long address = bytes(StepControl.BYTES);
        device.transfers().upload(address, control);
        return address;
    }

    /** Room for numbers of a type, NaN at first. */
    long output(Type type, long count) {
        return bytes(count * type.bytes());
    }

    /** Room for f32 numbers, NaN at first. */
    long output(long count) {
        return output(Type.F32, count);
    }

    /** Room for bytes, all 0xff at first. */
    long bytes(long count) {
        byte[] contents = new byte[Math.toIntExact(count)];
        Arrays.fill(contents, (byte) 0xff);
        return place(contents, false);
    }

    /** Workspace for an op; 0 when it needs none. */
    long workspace(Op op, long rows, long columns) {
        return workspace(op, rows, columns, 1);
    }

    /** The same for an op whose workspace also depends on the embedding size. */
    long workspace(Op op, long rows, long columns, long depth) {
        long bytes = device.ops().workspaceBytes(op, rows, columns, depth);
        return bytes == 0 ? 0 : bytes(bytes);
    }

    /** Numbers from the device. */
    double[] read(Type type, long address, long count) {
        int n = Math.toIntExact(count);
        double[] values = new double[n];
        if (type == Type.F32) {
            float[] floats = device.transfers().floats(address, n);
            Arrays.setAll(values, i -> floats[i]);
        } else {
            short[] shorts = device.transfers().shorts(address, n);
            Arrays.setAll(values, i -> Type.fromBf16(shorts[i]));
        }
        return values;
    }

    /** f32 numbers from the device. */
    double[] read(long address, long count) {
        return read(Type.F32, address, count);
    }

    private static byte[] encode(Type type, double[] values) {
        ByteBuffer bytes = little(values.length * type.bytes());
        for (double value : values) {
            if (!(Numbers.round(type, value) == value) && !Double.isNaN(value)) {
                fail("the test's input " + value + " is no " + type + " number");
            }
            if (type == Type.F32) {
                bytes.putFloat((float) value);
            } else {
                bytes.putShort(Type.toBf16((float) value));
            }
        }
        return bytes.array();
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void check() {
        for (int b = 0; b < blocks.size(); b++) {
            Block block = blocks.get(b);
            byte[] all = device.transfers().bytes(block.buffer.address(), (int) block.buffer.bytes());
            int end = MARGIN + block.bytes;
            byte[] margin = new byte[MARGIN];
            Arrays.fill(margin, PATTERN);
            int before = Arrays.mismatch(margin, 0, MARGIN, all, 0, MARGIN);
            int behind = Arrays.mismatch(margin, 0, MARGIN, all, end, all.length);
            if (before >= 0 || behind >= 0) {
                fail("array " + b + " (" + block.bytes + " bytes): the byte at " + (before >= 0 ? before - MARGIN : behind + block.bytes)
                        + ", outside of it, was written");
            }
            int changed = block.input == null ? -1 : Arrays.mismatch(block.input, 0, block.bytes, all, MARGIN, end);
            if (changed >= 0) {
                fail("array " + b + " (" + block.bytes + " bytes): an input, but its byte " + changed + " was written");
            }
        }
    }

    @Override
    public void close() {
        try {
            check();
        } finally {
            blocks.forEach(block -> block.buffer.close());
        }
    }
}
