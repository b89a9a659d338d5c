package org.angulus.loss;

/**
 * One loss, in words for a reader.
 *
 * @param name in a configuration
 * @param family "margin": a head with class vectors; "metric": on pairs and triplets of embeddings
 * @param formula what is minimised
 * @param source paper and equation
 * @param defaults the constants that stand where none are given
 * @param published accuracies of the authors, or ""
 */
public record LossInfo(String name, String family, String formula, String source, String defaults, String published) {}
