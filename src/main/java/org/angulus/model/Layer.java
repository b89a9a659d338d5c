package org.angulus.model;

/** One step of a network: reads the activation before it, makes the next one. What it needs while training is planned by {@link ModelPlan}. */
public sealed interface Layer permits ConvLayer, DropoutLayer, PoolLayer {
    /** Elements of one image that the layer makes. */
    long outputCount();
}
