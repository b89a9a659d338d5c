package org.angulus.train;

import java.util.List;
import org.angulus.device.HeadSummary;
import org.angulus.device.MetricSummary;
import org.angulus.device.StepControl;
import org.angulus.device.StepScalars;
import org.angulus.model.FlatLayout;
import org.angulus.model.ModelPlan;
import org.angulus.model.TensorSpec;

/**
 * The device memory that a run takes once, in bytes.
 *
 * @param network the network's parameters
 * @param classVectors the head's: one vector, and for softmax one bias, for each person
 * @param gradients of both, as far as they are not frozen
 * @param optimizer what the optimizer keeps of those
 * @param state running statistics, moving averages and some numbers of a step
 * @param activations what lives from forward to backward: of the network, and of the head
 * @param workspace what one operation needs at a time, and prepared filters
 * @param input pictures and labels of the batches on their way
 */
public record TrainingMemory(
        long network, long classVectors, long gradients, long optimizer, long state, long activations, long workspace, long input) {
    private static final long ALIGNMENT = 256;

    /**
     * @param layout parameters of network and head
     * @param trained those that are not frozen
     * @param vectors parameters of the head, the last of {@code layout}
     * @param workspaceBytes of the most demanding operation
     */
    static TrainingMemory of(TrainingConfig config, FlatLayout layout, FlatLayout trained, List<TensorSpec> vectors, FlatLayout statistics, ModelPlan plan, long workspaceBytes,
            long inputBytes) {
        long parameters = align(Float.BYTES * layout.count());
        long gradients = align(Float.BYTES * trained.count());
        long network = vectors.isEmpty() ? parameters : Float.BYTES * layout.offset(vectors.getFirst());
        long running = align(Float.BYTES * statistics.count());
        long small = align(StepControl.BYTES) + align(StepScalars.BYTES) + 2 * align(HeadSummary.BYTES) + 2 * align(MetricSummary.BYTES);
        long state = 2 * running + small + (config.averageDecay() > 0 ? parameters + running : 0);
        return new TrainingMemory(network, parameters - network, gradients, config.optimizer().states().size() * gradients, state, plan.arenaBytes(),
                align(plan.preparedBytes()) + workspaceBytes, inputBytes);
    }

    /** Parameters of network and head, which lie in one buffer. */
    public long parameters() {
        return network + classVectors;
    }

    /** All of it. */
    public long total() {
        return parameters() + gradients + optimizer + state + activations + workspace + input;
    }

    static long align(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
