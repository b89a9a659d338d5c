package org.angulus.model;

import org.angulus.device.MaxPoolShape;
import org.angulus.device.Ops;
import org.angulus.device.Write;
import org.angulus.model.ArenaPlanner.Place;

/**
 * A {@link PoolLayer} for N images. Backward needs the winners alone, so the input is gone by then.
 *
 * @param shape N images
 * @param x input
 * @param winner u8, which place of each window is the largest
 * @param y output
 * @param dy gradient of y; null where backward ends above, like dx
 * @param dx gradient of x
 */
record PlannedPool(MaxPoolShape shape, Place x, Place winner, Place y, Place dy, Place dx) implements PlannedLayer {
    @Override
    public void forward(Ops ops, PlanMemory memory) {
        ops.maxPoolForward(shape, memory.arena() + x.offset(), memory.arena() + winner.offset(), memory.arena() + y.offset());
    }

    @Override
    public void backward(Ops ops, PlanMemory memory, Write write) {
        ops.maxPoolBackward(shape, memory.arena() + dy.offset(), memory.arena() + winner.offset(), memory.arena() + dx.offset());
    }
}
