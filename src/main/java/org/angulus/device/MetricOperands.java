package org.angulus.device;

/**
 * What a loss on distances is made of. All numbers are f32 but the labels.
 *
 * @param kind which loss
 * @param distance of the matrix D
 * @param selection which terms
 * @param soft triplets: softplus(d_ap - d_an) + pull softplus(d_ap) in the place of the hinge
 * @param ofActive the mean is taken over the terms that are not 0
 * @param farthest SEMI_HARD: where no negative is farther than the positive the farthest one is taken, instead of none
 * @param n rows
 * @param d embedding size
 * @param classes numbers of {@code betaClass}
 * @param images numbers of {@code betaImage}
 * @param purpose tells the draws of one step apart
 * @param weight times all gradients
 * @param pull weight of softplus(d_ap)
 * @param nu weight of the mean of b
 * @param seed of the draws
 * @param distances (N,N), of {@link Ops#metricDistances}
 * @param labels (N), int32
 * @param margin (1): device data
 * @param beta (1): MARGIN, else 0
 * @param betaClass (classes); optional
 * @param betaImage (images); optional
 * @param image (N), int32: row's number in {@code betaImage}
 * @param scalars {@link StepScalars}: random counter
 */
public record MetricOperands(MetricKind kind, PairDistance distance, PairSelection selection, boolean soft, boolean ofActive, boolean farthest, int n, int d,
                             int classes, int images, int purpose, float weight, float pull, float nu, long seed, long distances, long labels, long margin,
                             long beta, long betaClass, long betaImage, long image, long scalars) {
}
