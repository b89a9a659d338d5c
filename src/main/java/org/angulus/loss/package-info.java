/**
 * Losses: the margin heads with their class vectors, their table, and the bounds that say which scale can train. A head emits its ops while recording; it
 * knows nothing of networks, optimizers or data.
 */
package org.angulus.loss;
