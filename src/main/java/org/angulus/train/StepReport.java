package org.angulus.train;

import org.angulus.loss.HeadHealth;

/**
 * What is known after a step whose loss was read.
 *
 * @param step number of the step, from 0
 * @param loss mean over the batch
 * @param accuracy share of the batch whose target cosine beats every other class; without a head the share of its terms that are 0
 * @param targetCosine mean cosine to the right class vector (the mean logit for SOFTMAX)
 * @param otherCosine mean cosine to the other class vectors (the mean logit for SOFTMAX)
 * @param gradientNorm of the whole gradient, before clipping
 * @param learningRate of this step
 * @param margin of this step
 * @param imagesPerSecond since the last report
 * @param skippedSteps steps of the run so far that had no finite gradient
 * @param loaderShare share of the time since the last report that was spent waiting for batches
 * @param health angles, lengths and shares of the gradient in the step's last micro-batch
 */
public record StepReport(
        long step,
        double loss,
        double accuracy,
        double targetCosine,
        double otherCosine,
        double gradientNorm,
        double learningRate,
        double margin,
        double imagesPerSecond,
        long skippedSteps,
        double loaderShare,
        HeadHealth health) {
    /** The same after {@code before} more steps. */
    StepReport later(long before) {
        return new StepReport(step + before, loss, accuracy, targetCosine, otherCosine, gradientNorm, learningRate, margin, imagesPerSecond, skippedSteps,
                loaderShare, health);
    }
}
