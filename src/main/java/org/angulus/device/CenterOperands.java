package org.angulus.device;

/**
 * What the ops of center loss share. All numbers are f32 but the labels.
 *
 * @param n rows
 * @param d embedding size
 * @param classes centres
 * @param meanOfNumbers false: sum |x_i - c_y|^2 / (2 N); true: sum |x_i - c_y|^2 / (N D)
 * @param weight times dx
 * @param rate of the update, [0, 1]
 * @param counted the update of a class is divided by 1 + its rows in the batch
 * @param x (N,D)
 * @param labels (N), int32 in [0, classes); another value is a fault of the device and the row adds nothing
 * @param scalars {@link StepScalars}
 */
public record CenterOperands(int n, int d, int classes, boolean meanOfNumbers, float weight, float rate, boolean counted, long x, long labels,
                             long scalars) {
}
