/**
 * What a library user imports first: an {@link org.angulus.Embedder} turns aligned crops into {@link org.angulus.Embedding}s, for any number of
 * threads at once. No arithmetic of networks and no file format lives here; {@link org.angulus.model.EmbeddingNetwork} is the layer below.
 */
package org.angulus;
