package org.angulus.model;

import java.util.List;
import org.angulus.model.ArenaPlanner.Place;

/** Where one layer's activations and their gradients lie, as an {@link ActivationPlan} gives them. */
final class ActivationPlaces {
    private ActivationPlaces() {}

    /**
     * Places of a layer going forward; null for what the layer has not.
     *
     * @param x input
     * @param result of the convolution
     * @param c the result as all that follows reads it, result itself where the types are the same; y itself where nothing follows
     * @param y output
     * @param residual what is added
     * @param statistics (2, K) of the batch; null for a frozen layer as well
     * @param sums (2, K) of batch norm's backward, like statistics
     * @param winner of pooling
     */
    record Forward(Place x, Place result, Place c, Place y, Place residual, Place statistics, Place sums, Place winner) {
        static Forward inPlace(Place x) {
            return new Forward(x, null, null, x, null, null, null, null);
        }

        static Forward pooled(Place x, Place winner, Place y) {
            return new Forward(x, null, null, y, null, null, null, winner);
        }
    }

    /**
     * Places of a layer going backward.
     *
     * @param again what is made again before
     * @param x input
     * @param c as forward left it or as it was made again
     * @param dy gradient of y
     * @param dc gradient of c; may be dy
     * @param dResult gradient of the result; dc itself where the types are the same
     * @param dx gradient of x, or null where backward ends
     * @param skip gradient that the block adds to dx (dx itself), or null
     */
    record Backward(List<Again> again, Place x, Place c, Place dy, Place dc, Place dResult, Place dx, Place skip) {
        static Backward of(Place dy, Place dx) {
            return new Backward(List.of(), null, null, dy, null, null, dx, null);
        }
    }

    /**
     * A layer that goes forward again.
     *
     * @param layer its number
     * @param x input of the convolution; null: c is there
     * @param c result of the convolution
     * @param residual what is added, or null
     * @param y output; null: c alone is wanted
     */
    record Again(int layer, Place x, Place c, Place residual, Place y) {}
}
