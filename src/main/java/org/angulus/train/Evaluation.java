package org.angulus.train;

import java.io.IOException;
import java.util.Map;
import org.angulus.model.EmbeddingNetwork;

/** Measures a network while it trains, say on pairs of faces. */
@FunctionalInterface
public interface Evaluation {
    /**
     * Figures by name, in the order they are reported; the larger the first one, the better the network.
     *
     * @param network the weights of now (their moving average, where there is one); closed after the call
     */
    Map<String, Double> evaluate(EmbeddingNetwork network) throws IOException;
}
