package org.angulus.model;

import java.util.List;
import java.util.function.ToLongFunction;
import org.angulus.device.Conv2dPlan;
import org.angulus.device.Device;
import org.angulus.device.Ops;
import org.angulus.model.ArenaPlanner.Place;

/** A network for one number of images: places of its activations, its prepared weights, and its ops. */
interface NetworkBucket {
    /** Base addresses of what all buckets share; parameters are f32. */
    record Addresses(long parameters, long arena, long workspace, long images, long flips) {
        /** Address of an element of the parameters. */
        long parameter(long element) {
            return parameters + Float.BYTES * element;
        }
    }

    /**
     * A layer's weights in the form its kernel reads.
     *
     * @param form layers of one form share it between buckets
     * @param bytes 0: the kernel reads the parameters themselves
     * @param maker writes it
     */
    record PreparedWeights(String form, long bytes, Maker maker) {
        @FunctionalInterface
        interface Maker {
            void make(Device device, Addresses a, long prepared);
        }

        /** Of a planned convolution. */
        static PreparedWeights of(int layer, Conv2dPlan plan, ToLongFunction<Addresses> weight) {
            return new PreparedWeights(layer + "/" + plan.preparedForm() + "/" + plan.preparedBytes(), plan.preparedBytes(),
                    (_, a, prepared) -> plan.prepare(weight.applyAsLong(a), prepared));
        }
    }

    long arenaBytes();

    long workspaceBytes();

    /** In the order of the layers. */
    List<PreparedWeights> preparedWeights();

    /** Where the embeddings are left in the arena, f32 (N, D). */
    Place embeddings();

    /**
     * Emits the ops.
     *
     * @param prepared address of each layer's prepared weights, 0 for none
     */
    void emit(Ops ops, Addresses a, long[] prepared);
}
