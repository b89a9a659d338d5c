package org.angulus.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.angulus.device.ffi.Angulus;
import org.angulus.device.ffi.ag_conv2d_plan;

/**
 * How a device computes one convolution in one direction: which kernel, in which form it reads w and how much workspace it needs. Made by
 * {@link Ops#conv2dPlan}; belongs to that device and holds none of its memory.
 */
public final class Conv2dPlan {
    private final Device device;
    private final Conv2dShape shape;
    private final Direction direction;
    private final int epilogue;
    private final MemorySegment plan = ag_conv2d_plan.allocate(Arena.ofAuto());

    Conv2dPlan(Device device, Conv2dShape shape, Direction direction, int epilogue, Write write, int kernel) {
        this.device = device;
        this.shape = shape;
        this.direction = direction;
        this.epilogue = epilogue;
        Structs structs = device.structs();
        device.call(handle -> Angulus.ag_conv2d_make_plan(handle, structs.conv2d(shape), direction.code(), epilogue, write.code(), kernel, plan));
    }

    /** The shape it was made for. */
    public Conv2dShape shape() {
        return shape;
    }

    /** The direction it was made for. */
    public Direction direction() {
        return direction;
    }

    /** The sum of {@link Epilogue} flags it was made for. */
    public int epilogue() {
        return epilogue;
    }

    /** Index of the kernel in {@link Device#kernels} of {@link Direction#op}. */
    public int kernel() {
        return ag_conv2d_plan.kernel(plan);
    }

    /** The form of w it reads: 0 for w as it is, f32. Plans of one form and one filter shape share the prepared bytes. */
    public int preparedForm() {
        return ag_conv2d_plan.prepared_form(plan);
    }

    /** Bytes of the prepared form of w; 0: reads w as it is. */
    public long preparedBytes() {
        return ag_conv2d_plan.prepared_bytes(plan);
    }

    /** Bytes of workspace; 0: none. */
    public long workspaceBytes() {
        return ag_conv2d_plan.workspace_bytes(plan);
    }

    /** Brings w (K,R,S,C) into the plan's own form: needed again after w changed; not to be called when {@link #preparedBytes} is 0. Recordable. */
    public void prepare(long w, long prepared) {
        device.call(handle -> Angulus.ag_conv2d_prepare(handle, plan, w, prepared));
    }

    /** Runs the convolution. Recordable. */
    public void run(Conv2dOperands operands) {
        Structs structs = device.structs();
        device.call(handle -> Angulus.ag_conv2d_run(handle, plan, structs.operands(operands)));
    }
}
