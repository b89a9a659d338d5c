package org.angulus.device;

import java.lang.foreign.MemorySegment;
import org.angulus.device.ffi.ag_step_control;

/**
 * Persistent device data of the commit phase: every commit op reads {@code apply} and leaves all bytes unchanged when it is false.
 *
 * @param gradientNorm of this step, after the gradient scale
 * @param gradientFactor gradient scale times the clipping factor
 * @param apply whether the norm and the losses of this step are finite
 * @param appliedSteps Adam's t is this + 1
 * @param skippedSteps steps that were not applied
 */
public record StepControl(float gradientNorm, float gradientFactor, boolean apply, long appliedSteps, long skippedSteps) {
    /** Bytes of the native struct. */
    public static final long BYTES = ag_step_control.sizeof();

    /** Writes the native struct at {@code offset} of {@code target}, which is a multiple of 8. */
    public void write(MemorySegment target, long offset) {
        MemorySegment s = target.asSlice(offset, BYTES);
        s.fill((byte) 0);
        ag_step_control.gradient_norm(s, gradientNorm);
        ag_step_control.gradient_factor(s, gradientFactor);
        ag_step_control.apply(s, apply ? 1 : 0);
        ag_step_control.applied_steps(s, appliedSteps);
        ag_step_control.skipped_steps(s, skippedSteps);
    }

    /** Reads the native struct. */
    public static StepControl read(MemorySegment source, long offset) {
        MemorySegment s = source.asSlice(offset, BYTES);
        return new StepControl(ag_step_control.gradient_norm(s), ag_step_control.gradient_factor(s), ag_step_control.apply(s) != 0,
                ag_step_control.applied_steps(s), ag_step_control.skipped_steps(s));
    }
}
