package org.angulus.model;

import org.angulus.device.MaxPoolShape;
import org.angulus.device.Ops;
import org.angulus.device.Write;

/**
 * A {@link PoolLayer} for N images. Backward needs the winners alone, so the input is gone by then.
 *
 * @param shape N images
 * @param places going forward
 * @param gradients places going backward; null where backward ends above
 */
record PlannedPool(MaxPoolShape shape, ActivationPlaces.Forward places, ActivationPlaces.Backward gradients) implements PlannedLayer {
    @Override
    public void forward(Ops ops, PlanMemory memory) {
        ops.maxPoolForward(
                shape, memory.arena() + places.x().offset(), memory.arena() + places.winner().offset(), memory.arena() + places.y().offset());
    }

    @Override
    public void backward(Ops ops, PlanMemory memory, Write write) {
        ops.maxPoolBackward(
                shape, memory.arena() + gradients.dy().offset(), memory.arena() + places.winner().offset(), memory.arena() + gradients.dx().offset());
    }
}
