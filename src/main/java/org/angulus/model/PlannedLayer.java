package org.angulus.model;

import org.angulus.device.Ops;
import org.angulus.device.Write;

/** A layer whose tensors have their places: it emits its ops, at once or while a graph is recorded. */
sealed interface PlannedLayer permits PlannedConv, PlannedDropout, PlannedPool {
    /** Makes the layer's output. */
    void forward(Ops ops, PlanMemory memory);

    /** Makes the gradients of the layer's parameters, as {@code write} says, and that of its input. */
    void backward(Ops ops, PlanMemory memory, Write write);
}
