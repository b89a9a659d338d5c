package org.angulus.model;

import org.angulus.device.Matrix;
import org.angulus.device.Ops;
import org.angulus.device.Write;
import org.angulus.model.ArenaPlanner.Place;

/**
 * Dropout in place, forward on the activation and backward on its gradient.
 *
 * @param shape (N, elements of one image)
 * @param keep share that is kept
 * @param seed start value of the masks
 * @param purpose tells this layer's masks from those of others
 * @param value the activation
 * @param gradient of the activation; null where backward ends above
 */
record PlannedDropout(Matrix shape, float keep, long seed, int purpose, Place value, Place gradient) implements PlannedLayer {
    @Override
    public void forward(Ops ops, PlanMemory memory) {
        long x = memory.arena() + value.offset();
        ops.dropout(shape, keep, seed, purpose, x, memory.scalars(), x);
    }

    @Override
    public void backward(Ops ops, PlanMemory memory, Write write) {
        long dy = memory.arena() + gradient.offset();
        ops.dropout(shape, keep, seed, purpose, dy, memory.scalars(), dy);
    }
}
