package org.angulus.loss;

/**
 * What there is to know of a loss.
 *
 * @param name as a configuration gives it
 * @param family softmax, margin, ...
 * @param formula in one line
 * @param source paper, and code where the default is from
 * @param defaults of its constants
 * @param published the figure its authors give
 */
public record LossInfo(String name, String family, String formula, String source, String defaults, String published) {}
