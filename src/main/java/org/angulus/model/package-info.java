/**
 * Networks: their configuration, their layers, where each tensor lies in device memory ({@link org.angulus.model.ModelPlan}), their weights on
 * the host and in files, and the folded form that embeds pictures ({@link org.angulus.model.EmbeddingNetwork}), in int8 too ({@link org.angulus.model.Int8Quantizer}). No loss, no optimizer and no
 * image decoding live here.
 */
package org.angulus.model;
