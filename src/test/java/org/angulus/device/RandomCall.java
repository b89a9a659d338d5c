package org.angulus.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.angulus.device.ffi.ag_conv2d_operands;
import org.angulus.device.ffi.ag_conv2d_plan;
import org.angulus.device.ffi.ag_conv2d_shape;
import org.angulus.device.ffi.ag_matrix;

/**
 * Arguments for one call: each is right, or with the call's probability bad: an extreme, a neighbour of the right one, an enum that is none, an address that is
 * freed, foreign, shifted by a few bytes or random. Structs lie in memory of the test, or are null.
 */
final class RandomCall {
    private static final int POOL = 24;
    private static final int BUFFER = 16 << 10;
    private static final long[] EXTREMES = {0, 1, -1, 2, 3, 255, 256, 65535, 1 << 20, Integer.MAX_VALUE, Integer.MIN_VALUE, Integer.MAX_VALUE - 1, 1L << 32,
            1L << 40, Long.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE - 3, -256};
    private static final float[] BAD_FLOATS = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -1, -0f, Float.MAX_VALUE, -Float.MAX_VALUE,
            Float.MIN_VALUE, 1.0000001f, 2, 1e-30f};

    private final SplittableRandom random;
    private final Device device;
    private final List<DeviceBuffer> pool = new ArrayList<>();
    private final long freed;
    private final long foreign;
    private final MemorySegment scratch;
    private long scratchEnd;
    private int next;
    private double badness;

    RandomCall(SplittableRandom random, Device device, long foreign, Arena arena) {
        this.random = random;
        this.device = device;
        this.foreign = foreign;
        scratch = arena.allocate(1 << 16, 16);
        for (int i = 0; i < POOL; i++) {
            pool.add(device.allocate(BUFFER));
        }
        DeviceBuffer gone = device.allocate(BUFFER);
        freed = gone.address();
        gone.close();
        refill();
    }

    /** New random contents of the pool: bytes of any kind, labels and numbers that are none among them. */
    void refill() {
        for (DeviceBuffer buffer : pool) {
            byte[] bytes = new byte[BUFFER];
            random.nextBytes(bytes);
            device.transfers().upload(buffer.address(), bytes);
        }
    }

    /** Begins a call; a third of them are right in every argument. */
    void begin() {
        badness = random.nextInt(3) == 0 ? 0 : random.nextDouble(0.02, 0.5);
        next = random.nextInt(POOL);
        scratchEnd = 0;
    }

    SplittableRandom random() {
        return random;
    }

    private boolean bad() {
        return badness > 0 && random.nextDouble() < badness;
    }

    /** 1 to most. */
    int size(int most) {
        return 1 + random.nextInt(most);
    }

    int number(int right) {
        return bad() ? (int) bad(right) : right;
    }

    long number(long right) {
        return bad() ? bad(right) : right;
    }

    private long bad(long right) {
        return switch (random.nextInt(3)) {
            case 0 -> EXTREMES[random.nextInt(EXTREMES.length)];
            case 1 -> right + random.nextInt(-3, 4);
            default -> random.nextLong() >> random.nextInt(64);
        };
    }

    float real(float right) {
        return bad() ? BAD_FLOATS[random.nextInt(BAD_FLOATS.length)] : right;
    }

    /** One of the first `count` values of an enum. */
    int choice(int count) {
        return number(random.nextInt(count));
    }

    /** An address of so many bytes in a buffer that no other argument of this call is in. */
    long address(long bytes) {
        DeviceBuffer buffer = pool.get(next++ % POOL);
        long room = Math.max(0, BUFFER - Math.max(0, bytes));
        long right = buffer.address() + (room == 0 ? 0 : random.nextLong(room + 1) & -16L);
        if (!bad()) {
            return right;
        }
        return switch (random.nextInt(8)) {
            case 0 -> 0;
            case 1 -> right + random.nextInt(-17, 18);
            case 2 -> buffer.address() + BUFFER - random.nextInt(64);
            case 3 -> freed + random.nextInt(BUFFER);
            case 4 -> foreign;
            case 5 -> scratch.address();
            case 6 -> pool.get(next % POOL).address();
            default -> random.nextLong() >> random.nextInt(64);
        };
    }

    /** Often 0. */
    long optional(long bytes) {
        return random.nextBoolean() ? 0 : address(bytes);
    }

    long workspace(Op op, long rows, long columns, long depth) {
        return address(device.ops().workspaceBytes(op, rows, columns, depth));
    }

    /** Fresh host memory of this call, random bytes in it. */
    MemorySegment memory(long bytes) {
        MemorySegment segment = scratch.asSlice(scratchEnd, bytes);
        scratchEnd = scratchEnd + bytes + 15 & -16L;
        for (long i = 0; i + 8 <= bytes; i += 8) {
            segment.set(ValueLayout.JAVA_LONG_UNALIGNED, i, random.nextLong());
        }
        return segment;
    }

    /** The pointer, or null. */
    MemorySegment pointer(MemorySegment right) {
        return bad() && random.nextInt(3) == 0 ? MemorySegment.NULL : right;
    }

    MemorySegment matrix(int rows, int columns) {
        MemorySegment s = memory(ag_matrix.sizeof());
        ag_matrix.rows(s, number(rows));
        ag_matrix.columns(s, number(columns));
        ag_matrix.type(s, number(0));
        return pointer(s);
    }

    /** A small shape, each field right or bad. */
    Conv2dShape shape() {
        int r = size(3);
        int s = size(3);
        return new Conv2dShape(size(2), random.nextInt(r, 8), random.nextInt(s, 8), size(9), size(9), r, s, size(2), size(2), random.nextInt(r), random.nextInt(r),
                random.nextInt(s), random.nextInt(s), Type.F32);
    }

    MemorySegment conv2d(Conv2dShape z) {
        MemorySegment s = memory(ag_conv2d_shape.sizeof());
        int[] fields = {z.n(), z.h(), z.w(), z.c(), z.k(), z.r(), z.s(), z.strideH(), z.strideW(), z.padTop(), z.padBottom(), z.padLeft(), z.padRight(), 0};
        for (int i = 0; i < fields.length; i++) {
            s.setAtIndex(ValueLayout.JAVA_INT, i, number(fields[i]));
        }
        return pointer(s);
    }

    /** A plan that the library made, with fields changed at random. */
    MemorySegment plan(MemorySegment made) {
        MemorySegment s = memory(ag_conv2d_plan.sizeof()).copyFrom(made);
        for (int i = 0; i < ag_conv2d_plan.sizeof() / 4; i++) {
            s.setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt(6) == 0 ? number(s.getAtIndex(ValueLayout.JAVA_INT, i)) : s.getAtIndex(ValueLayout.JAVA_INT, i));
        }
        return pointer(s);
    }

    MemorySegment operands(long prepared, long workspace) {
        MemorySegment s = memory(ag_conv2d_operands.sizeof());
        long[] bytes = {2048, 4096, 8192, prepared, workspace, 64, 64, 8192, 128};
        for (int i = 0; i < bytes.length; i++) {
            s.setAtIndex(ValueLayout.JAVA_LONG, i, address(bytes[i]));
        }
        return pointer(s);
    }
}
