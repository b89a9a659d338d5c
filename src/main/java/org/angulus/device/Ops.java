package org.angulus.device;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.angulus.device.ffi.Angulus;

/**
 * The ops of a device, one method for each of the header's; {@link Conv2dPlan} runs the convolutions. Addresses are device addresses, 0 where an operand is
 * optional and not given. Every address is checked against the device's live allocations before anything is enqueued; a failure is a
 * {@link DeviceException} whose words name the op and the argument. All ops enqueue and return, and all can be recorded.
 */
public final class Ops {
    private final Device device;

    Ops(Device device) {
        this.device = device;
    }

    /** The device that runs them. */
    public Device device() {
        return device;
    }

    /** Bytes of workspace for an op that reduces over {@code rows} rows of {@code columns} numbers. */
    public long workspaceBytes(Op op, long rows, long columns) {
        return workspaceBytes(op, rows, columns, 1);
    }

    /** The same for the head's ops: {@code rows} samples, {@code columns} classes, {@code depth} the embedding size. */
    public long workspaceBytes(Op op, long rows, long columns, long depth) {
        MemorySegment bytes = device.structs().result();
        device.call(h -> Angulus.ag_workspace_bytes(h, op.code(), rows, columns, depth, bytes));
        return bytes.get(ValueLayout.JAVA_LONG, 0);
    }

    /**
     * Plans a convolution.
     *
     * @param epilogue sum of {@link Epilogue} flags
     * @param write {@link Write#ACCUMULATE} for backward by weight only
     * @param kernel index in the list of the direction's op, -1: choose
     */
    public Conv2dPlan conv2dPlan(Conv2dShape shape, Direction direction, int epilogue, Write write, int kernel) {
        return new Conv2dPlan(device, shape, direction, epilogue, write, kernel);
    }

    /** Plans a convolution that overwrites, with the kernel the device chooses. */
    public Conv2dPlan conv2dPlan(Conv2dShape shape, Direction direction, int epilogue) {
        return conv2dPlan(shape, direction, epilogue, Write.OVERWRITE, -1);
    }

    /** Every 4 bytes of y become {@code pattern}; bytes is a multiple of 4. */
    public void fill(long y, long bytes, int pattern) {
        device.call(h -> Angulus.ag_fill(h, y, bytes, pattern));
    }

    /** y = x, byte by byte. */
    public void copy(long y, long x, long bytes) {
        device.call(h -> Angulus.ag_copy(h, y, x, bytes));
    }

    /** y, stored as {@code to}, = x, stored as {@code from}: {@code count} numbers; the types differ. */
    public void convert(long count, Type from, long x, Type to, long y) {
        device.call(h -> Angulus.ag_convert(h, count, from.code(), x, to.code(), y));
    }

    /** y = a + b, {@code count} numbers; y may be a or b. */
    public void add(Type type, long count, long a, long b, long y) {
        device.call(h -> Angulus.ag_add(h, type.code(), count, a, b, y));
    }

    /** u8 images (N,H,W,C) to y (N,H,W,C). flips: u8 (N), 1 = mirrored left to right; optional. */
    public void imageNormalize(ImageShape shape, long images, long flips, long y) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_image_normalize(h, s.image(shape), images, flips, y));
    }

    /**
     * y (count), u8 = the nearest whole number of x (count), f32, times {@code factor} (ties to even), plus {@code zero}, within 0 to 255.
     *
     * @param zero 0 to 255: what stands for 0
     */
    public void quantize(long count, float factor, int zero, long x, long y) {
        device.call(h -> Angulus.ag_quantize(h, count, factor, zero, x, y));
    }

    /** Bytes of an int8 convolution's weights in the form that {@link #int8Conv2d} reads. */
    public long int8PreparedBytes(Conv2dShape shape) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_int8_prepared_bytes(h, s.conv2d(shape), s.result()));
        return s.result().get(ValueLayout.JAVA_LONG, 0);
    }

    /** w (K,R,S,C), s8, into that form. */
    public void int8Prepare(Conv2dShape shape, long w, long prepared) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_int8_prepare(h, s.conv2d(shape), w, prepared));
    }

    /** Runs a convolution of u8 activations and s8 weights. */
    public void int8Conv2d(Int8Conv2d convolution) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_int8_conv2d_run(h, s.int8(convolution)));
    }

    /** y (columns), f32: sum of the rows of x. workspace: {@link Op#CHANNEL_SUM}. */
    public void channelSum(Matrix shape, Write write, long x, long y, long workspace) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_channel_sum(h, s.matrix(shape), write.code(), x, y, workspace));
    }

    /** y = residual + (x > 0 ? x : slope x). residual optional; y may be x or residual. */
    public void preluForward(Matrix shape, long x, long slope, long residual, long y) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_prelu_forward(h, s.matrix(shape), x, slope, residual, y));
    }

    /** dx = dy (x > 0 ? 1 : slope), may be dy; dslope = sum dy min(x, 0), as {@code write} says. workspace: {@link Op#PRELU_BACKWARD}. */
    public void preluBackward(Matrix shape, Write write, long dy, long x, long slope, long dx, long dslope, long workspace) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_prelu_backward(h, s.matrix(shape), write.code(), dy, x, slope, dx, dslope, workspace));
    }

    /** statistics (2, columns), f32: mean and biased variance of x. workspace: {@link Op#BATCH_NORM_STATISTICS}. */
    public void batchNormStatistics(Matrix shape, long x, long statistics, long workspace) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_batch_norm_statistics(h, s.matrix(shape), x, statistics, workspace));
    }

    /** y = residual + prelu(v). residual optional; y may be x (inference) or residual. */
    public void batchNormForward(BatchNormLayer layer, long residual, long y) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_batch_norm_forward(h, s.batchNorm(layer), residual, y));
    }

    /**
     * With dv = dy (v > 0 ? 1 : slope): sums (2, columns), f32: sum dv, sum dv x^; dgamma, dbeta and (only with a slope) dslope, as {@code write} says.
     * workspace: {@link Op#BATCH_NORM_BACKWARD_REDUCE}.
     */
    public void batchNormBackwardReduce(BatchNormLayer layer, Write write, long dy, long dgamma, long dbeta, long dslope, long sums, long workspace) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_batch_norm_backward_reduce(h, s.batchNorm(layer), write.code(), dy, dgamma, dbeta, dslope, sums, workspace));
    }

    /** dx = gamma / sqrt(variance + epsilon) (dv - sum dv / rows - x^ sum(dv x^) / rows). dx may be dy. */
    public void batchNormBackwardInput(BatchNormLayer layer, long dy, long sums, long dx) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_batch_norm_backward_input(h, s.batchNorm(layer), dy, sums, dx));
    }

    /** running (2, columns) = decay running + (1 - decay) statistics; the variance times rows / (rows - 1) when unbiased and rows > 1. */
    public void runningStatistics(Matrix shape, float decay, boolean unbiased, long statistics, long running) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_running_statistics(h, s.matrix(shape), decay, unbiased ? 1 : 0, statistics, running));
    }

    /**
     * y = keep this element ? x / keep : 0, by Philox(seed, purpose; scalars.randomCounter, index): the same call on dy is the backward. y may be x.
     *
     * @param keep above 0, at most 1
     * @param scalars device address of {@link StepScalars}
     */
    public void dropout(Matrix shape, float keep, long seed, int purpose, long x, long scalars, long y) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_dropout(h, s.matrix(shape), keep, seed, purpose, x, scalars, y));
    }

    /**
     * y (N,P,Q,C) = the largest number of each window of x (N,H,W,C), NaN where one is NaN.
     *
     * @param winner (N,P,Q,C), u8: its place in the window, row * window + column, of equal ones the first: output, optional
     */
    public void maxPoolForward(MaxPoolShape shape, long x, long winner, long y) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_max_pool_forward(h, s.maxPool(shape), x, winner, y));
    }

    /** dx (N,H,W,C) = the sum of dy (N,P,Q,C) over the windows that this place won, by the winner of {@link #maxPoolForward}. */
    public void maxPoolBackward(MaxPoolShape shape, long dy, long winner, long dx) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_max_pool_backward(h, s.maxPool(shape), dy, winner, dx));
    }

    /** inverse (rows), f32: one over the guarded length of each row. */
    public void rowNorm(Matrix shape, NormGuard guard, long x, long inverse) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_row_norm(h, s.matrix(shape), guard.code(), x, inverse));
    }

    /** y = x / |x|, may be x. inverse (rows), f32, as by {@link #rowNorm}: output. */
    public void normalizeForward(Matrix shape, NormGuard guard, long x, long inverse, long y) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_normalize_forward(h, s.matrix(shape), guard.code(), x, inverse, y));
    }

    /** dx from dy, x and inverse; dx may be dy. */
    public void normalizeBackward(Matrix shape, NormGuard guard, long dy, long x, long inverse, long dx) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_normalize_backward(h, s.matrix(shape), guard.code(), dy, x, inverse, dx));
    }

    /** target ({@link HeadOperands#TARGET_ROWS}, N), f32: cosine c_y as an exact dot product, phi, phi', scale, margin and more; writes the head's state. */
    public void marginTarget(HeadOperands head, long target) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_margin_target(h, s.head(head), target));
    }

    /**
     * The classes [first, first + count) other than y. partial ({@link HeadOperands#PARTIAL_ROWS}, N), f32: largest logit, sum of exp(z - largest), sum
     * of c; best (N), int32: the class of the largest; a range without another class gives -inf, 0, 0 and -1.
     *
     * @param cosines (N,count), f32: c kept for backward; optional
     * @param workspace {@link Op#MARGIN_FORWARD} for (n, count)
     */
    public void marginForward(HeadOperands head, int first, int count, long target, long cosines, long partial, long best, long workspace) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_margin_forward(h, s.head(head), first, count, target, cosines, partial, best, workspace));
    }

    /**
     * Merges the partials of {@code ranges} class ranges, (ranges, PARTIAL_ROWS, N), in their order.
     *
     * @param logSumExp (N), f32, over all classes, the target with its margin: output
     * @param losses (N), f32, precise relative to themselves: output
     * @param summary {@link HeadSummary}: output
     */
    public void marginLoss(HeadOperands head, int ranges, long target, long partial, long logSumExp, long losses, long summary) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_margin_loss(h, s.head(head), ranges, target, partial, logSumExp, losses, summary));
    }

    /**
     * Gradients of the mean loss for the classes [first, first + count).
     *
     * @param writeX of dx and dscale: overwrite for the first range, accumulate for the rest
     * @param writeW of dw and dbias
     * @param logSumExp of {@link #marginLoss}
     * @param losses of {@link #marginLoss}: p_y - 1 = expm1(-loss)
     * @param cosines (N,count) of {@link #marginForward}; 0: computed again
     * @param dx (N,D)
     * @param dw (count,D): the rows of the range
     * @param dbias (count): SOFTMAX only, else 0
     * @param dscale (N): dL/dS per row
     * @param workspace {@link Op#MARGIN_BACKWARD} for (n, count)
     */
    public void marginBackward(HeadOperands head, int first, int count, Write writeX, Write writeW, long target, long logSumExp, long losses, long cosines,
                               long dx, long dw, long dbias, long dscale, long workspace) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_margin_backward(h, s.head(head), first, count, writeX.code(), writeW.code(), target, logSumExp, losses, cosines, dx,
                dw, dbias, dscale, workspace));
    }

    /**
     * gradientNorm and apply of {@code control} ({@link StepControl}) from gradients (count), f32; gradientFactor = gradientScale * min(1, maxNorm / norm).
     *
     * @param maxNorm 0: no clipping
     * @param workspace {@link Op#GRADIENT_NORM} for (count, 1)
     */
    public void gradientNorm(long count, float gradientScale, float maxNorm, long gradients, long control, long workspace) {
        device.call(h -> Angulus.ag_gradient_norm(h, count, gradientScale, maxNorm, gradients, control, workspace));
    }

    /** parameters, gradients, velocity (count), f32; segments lie inside [0, count) and do not overlap; elements outside stay. */
    public void sgdUpdate(SgdRule rule, long count, SegmentTable segments, long parameters, long gradients, long velocity, long scalars, long control) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_sgd_update(h, s.sgd(rule), count, segments.memory(), segments.segments().size(), parameters, gradients, velocity,
                scalars, control));
    }

    /** parameters, gradients, first and second moments (count), f32; segments as in {@link #sgdUpdate}. */
    public void adamUpdate(AdamRule rule, long count, SegmentTable segments, long parameters, long gradients, long first, long second, long scalars,
                           long control) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_adam_update(h, s.adam(rule), count, segments.memory(), segments.segments().size(), parameters, gradients, first,
                second, scalars, control));
    }

    /** parameters, gradients, sums of squares (count), f32; segments as in {@link #sgdUpdate}. {@code s += g^2, w -= lr g / (sqrt(s) + epsilon)}. */
    public void adagradUpdate(float epsilon, long count, SegmentTable segments, long parameters, long gradients, long squares, long scalars, long control) {
        device.call(h -> Angulus.ag_adagrad_update(h, epsilon, count, segments.memory(), segments.segments().size(), parameters, gradients, squares,
                scalars, control));
    }

    /** parameters, gradients, means of squares, velocity (count), f32; segments as in {@link #sgdUpdate}. */
    public void rmspropUpdate(RmspropRule rule, long count, SegmentTable segments, long parameters, long gradients, long squares, long velocity,
                              long scalars, long control) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_rmsprop_update(h, s.rmsprop(rule), count, segments.memory(), segments.segments().size(), parameters, gradients,
                squares, velocity, scalars, control));
    }

    /** average = e average + (1 - e) x with e = min(decay, (1 + t) / (10 + t)), t the applied steps before this one. f32. */
    public void emaUpdate(long count, float decay, long x, long average, long control) {
        device.call(h -> Angulus.ag_ema_update(h, count, decay, x, average, control));
    }

    /** y = x if the step applies: candidates become persistent. */
    public void commitCopy(long y, long x, long bytes, long control) {
        device.call(h -> Angulus.ag_commit_copy(h, y, x, bytes, control));
    }

    /** Counts the step as applied or skipped. Last op of a step. */
    public void commitEnd(long control) {
        device.call(h -> Angulus.ag_commit_end(h, control));
    }

    /** distances (N,N) of all pairs of the rows of x (N,D). workspace: {@link Op#METRIC_DISTANCES} for (n, d). */
    public void metricDistances(Matrix shape, PairDistance distance, long x, long distances, long workspace) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_metric_distances(h, s.matrix(shape), distance.code(), x, distances, workspace));
    }

    /**
     * Loss and gradients by distance.
     *
     * @param coefficients (N,N): weight dL/dD of (anchor, other): output
     * @param dbeta (N): weight dL/db of each anchor; MARGIN only, else 0: output
     * @param summary {@link MetricSummary}: output
     * @param workspace {@link Op#METRIC_LOSS} for (n, n)
     */
    public void metricLoss(MetricOperands metric, long coefficients, long dbeta, long summary, long workspace) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_metric_loss(h, s.metric(metric), coefficients, dbeta, summary, workspace));
    }

    /** dx (N,D) from distances and their coefficients, as {@code write} says. workspace: {@link Op#METRIC_BACKWARD} for (n, d). */
    public void metricBackward(Matrix shape, PairDistance distance, Write write, long x, long distances, long coefficients, long dx, long workspace) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_metric_backward(h, s.matrix(shape), distance.code(), write.code(), x, distances, coefficients, dx, workspace));
    }

    /** From dbeta (N) the gradients of beta (1), betaClass (classes) and betaImage (images), each optional. */
    public void metricBeta(MetricOperands metric, Write write, long dbeta, long dbetaAll, long dbetaClass, long dbetaImage) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_metric_beta(h, s.metric(metric), write.code(), dbeta, dbetaAll, dbetaClass, dbetaImage));
    }

    /** Center loss: dx (N,D) as {@code write} says; summary: {@link MetricSummary}. workspace: {@link Op#CENTER_LOSS} for (n, d). */
    public void centerLoss(CenterOperands center, Write write, long centers, long dx, long summary, long workspace) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_center_loss(h, s.center(center), write.code(), centers, dx, summary, workspace));
    }

    /** centers (classes,D): those of the classes in the batch move towards their rows. */
    public void centerUpdate(CenterOperands center, long centers) {
        Structs s = device.structs();
        device.call(h -> Angulus.ag_center_update(h, s.center(center), centers));
    }
}
