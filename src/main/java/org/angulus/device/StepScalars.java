package org.angulus.device;

import java.lang.foreign.MemorySegment;
import org.angulus.device.ffi.ag_step_scalars;

/**
 * What changes from step to step, as device data: sent in stream order, read by the ops that take {@code scalars}.
 *
 * @param step number of this step, from 0
 * @param randomCounter one value for each micro-batch, never used twice in a run
 * @param learningRate of the optimizer
 * @param margin m of the head
 * @param scale s of the head, where it is not |x|
 * @param lambda annealing of the head
 */
public record StepScalars(long step, long randomCounter, float learningRate, float margin, float scale, float lambda) {
    /** Bytes of the native struct. */
    public static final long BYTES = ag_step_scalars.sizeof();

    /** Writes the native struct at {@code offset} of {@code target}, which is a multiple of 8. */
    public void write(MemorySegment target, long offset) {
        MemorySegment s = target.asSlice(offset, BYTES);
        ag_step_scalars.step(s, step);
        ag_step_scalars.random_counter(s, randomCounter);
        ag_step_scalars.learning_rate(s, learningRate);
        ag_step_scalars.margin(s, margin);
        ag_step_scalars.scale(s, scale);
        ag_step_scalars.lambda(s, lambda);
    }

    /** Reads the native struct. */
    public static StepScalars read(MemorySegment source, long offset) {
        MemorySegment s = source.asSlice(offset, BYTES);
        return new StepScalars(ag_step_scalars.step(s), ag_step_scalars.random_counter(s), ag_step_scalars.learning_rate(s),
                ag_step_scalars.margin(s), ag_step_scalars.scale(s), ag_step_scalars.lambda(s));
    }
}
