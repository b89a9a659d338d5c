package org.angulus.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.angulus.device.ffi.ag_adam;
import org.angulus.device.ffi.ag_batch_norm;
import org.angulus.device.ffi.ag_center;
import org.angulus.device.ffi.ag_conv2d_operands;
import org.angulus.device.ffi.ag_conv2d_shape;
import org.angulus.device.ffi.ag_head;
import org.angulus.device.ffi.ag_image_shape;
import org.angulus.device.ffi.ag_int8_conv2d;
import org.angulus.device.ffi.ag_matrix;
import org.angulus.device.ffi.ag_rmsprop;
import org.angulus.device.ffi.ag_max_pool_shape;
import org.angulus.device.ffi.ag_metric;
import org.angulus.device.ffi.ag_sgd;

/**
 * One native struct of each kind for each device, filled anew for each call, so that no call allocates native memory. Written only by the thread that is
 * inside the device. Freed by the garbage collector, so that no closed device leaves a dangling address.
 */
final class Structs {
    private final MemorySegment image;
    private final MemorySegment matrix;
    private final MemorySegment conv2d;
    private final MemorySegment operands;
    private final MemorySegment int8;
    private final MemorySegment batchNorm;
    private final MemorySegment head;
    private final MemorySegment maxPool;
    private final MemorySegment sgd;
    private final MemorySegment adam;
    private final MemorySegment rmsprop;
    private final MemorySegment metric;
    private final MemorySegment center;
    private final MemorySegment result;

    Structs() {
        Arena arena = Arena.ofAuto();
        image = ag_image_shape.allocate(arena);
        matrix = ag_matrix.allocate(arena);
        conv2d = ag_conv2d_shape.allocate(arena);
        operands = ag_conv2d_operands.allocate(arena);
        int8 = ag_int8_conv2d.allocate(arena);
        batchNorm = ag_batch_norm.allocate(arena);
        head = ag_head.allocate(arena);
        maxPool = ag_max_pool_shape.allocate(arena);
        sgd = ag_sgd.allocate(arena);
        adam = ag_adam.allocate(arena);
        rmsprop = ag_rmsprop.allocate(arena);
        metric = ag_metric.allocate(arena);
        center = ag_center.allocate(arena);
        result = arena.allocate(16, 8);
    }

    /** 16 bytes for a number that a call gives back. */
    MemorySegment result() {
        return result;
    }

    MemorySegment matrix(Matrix m) {
        ag_matrix.rows(matrix, m.rows());
        ag_matrix.columns(matrix, m.columns());
        ag_matrix.type(matrix, m.type().code());
        return matrix;
    }

    MemorySegment image(ImageShape s) {
        ag_image_shape.n(image, s.n());
        ag_image_shape.h(image, s.h());
        ag_image_shape.w(image, s.w());
        ag_image_shape.c(image, s.c());
        ag_image_shape.type(image, s.type().code());
        ag_image_shape.reverse(image, s.reverse() ? 1 : 0);
        ag_image_shape.mean(image, s.mean());
        ag_image_shape.factor(image, s.factor());
        return image;
    }

    MemorySegment maxPool(MaxPoolShape s) {
        ag_max_pool_shape.n(maxPool, s.n());
        ag_max_pool_shape.h(maxPool, s.h());
        ag_max_pool_shape.w(maxPool, s.w());
        ag_max_pool_shape.c(maxPool, s.c());
        ag_max_pool_shape.window(maxPool, s.window());
        ag_max_pool_shape.stride(maxPool, s.stride());
        ag_max_pool_shape.pad_bottom(maxPool, s.padBottom());
        ag_max_pool_shape.pad_right(maxPool, s.padRight());
        ag_max_pool_shape.type(maxPool, s.type().code());
        return maxPool;
    }

    MemorySegment conv2d(Conv2dShape s) {
        ag_conv2d_shape.n(conv2d, s.n());
        ag_conv2d_shape.h(conv2d, s.h());
        ag_conv2d_shape.w(conv2d, s.w());
        ag_conv2d_shape.c(conv2d, s.c());
        ag_conv2d_shape.k(conv2d, s.k());
        ag_conv2d_shape.r(conv2d, s.r());
        ag_conv2d_shape.s(conv2d, s.s());
        ag_conv2d_shape.stride_h(conv2d, s.strideH());
        ag_conv2d_shape.stride_w(conv2d, s.strideW());
        ag_conv2d_shape.pad_top(conv2d, s.padTop());
        ag_conv2d_shape.pad_bottom(conv2d, s.padBottom());
        ag_conv2d_shape.pad_left(conv2d, s.padLeft());
        ag_conv2d_shape.pad_right(conv2d, s.padRight());
        ag_conv2d_shape.type(conv2d, s.type().code());
        return conv2d;
    }

    MemorySegment operands(Conv2dOperands o) {
        ag_conv2d_operands.x(operands, o.x);
        ag_conv2d_operands.w(operands, o.w);
        ag_conv2d_operands.y(operands, o.y);
        ag_conv2d_operands.prepared(operands, o.prepared);
        ag_conv2d_operands.workspace(operands, o.workspace);
        ag_conv2d_operands.bias(operands, o.bias);
        ag_conv2d_operands.slope(operands, o.slope);
        ag_conv2d_operands.residual(operands, o.residual);
        ag_conv2d_operands.statistics(operands, o.statistics);
        return operands;
    }

    MemorySegment int8(Int8Conv2d c) {
        MemorySegment.copy(conv2d(c.shape()), 0, ag_int8_conv2d.shape(int8), 0, ag_conv2d_shape.sizeof());
        ag_int8_conv2d.rounded(int8, c.rounded() ? 1 : 0);
        ag_int8_conv2d.x_zero(int8, c.xZero());
        ag_int8_conv2d.y_zero(int8, c.yZero());
        ag_int8_conv2d.residual_zero(int8, c.residualZero());
        ag_int8_conv2d.residual_scale(int8, c.residualScale());
        ag_int8_conv2d.reserved(int8, 0);
        ag_int8_conv2d.x(int8, c.x());
        ag_int8_conv2d.prepared(int8, c.prepared());
        ag_int8_conv2d.scale(int8, c.scale());
        ag_int8_conv2d.bias(int8, c.bias());
        ag_int8_conv2d.slope(int8, c.slope());
        ag_int8_conv2d.residual(int8, c.residual());
        ag_int8_conv2d.y(int8, c.y());
        return int8;
    }

    MemorySegment batchNorm(BatchNormLayer l) {
        ag_batch_norm.rows(batchNorm, l.shape().rows());
        ag_batch_norm.columns(batchNorm, l.shape().columns());
        ag_batch_norm.type(batchNorm, l.shape().type().code());
        ag_batch_norm.epsilon(batchNorm, l.epsilon());
        ag_batch_norm.x(batchNorm, l.x());
        ag_batch_norm.statistics(batchNorm, l.statistics());
        ag_batch_norm.gamma(batchNorm, l.gamma());
        ag_batch_norm.beta(batchNorm, l.beta());
        ag_batch_norm.slope(batchNorm, l.slope());
        return batchNorm;
    }

    MemorySegment head(HeadOperands h) {
        ag_head.kind(head, h.kind().code());
        ag_head.n(head, h.n());
        ag_head.d(head, h.d());
        ag_head.classes(head, h.classes());
        ag_head.guard(head, h.guard().code());
        ag_head.type(head, h.type().code());
        ag_head.x(head, h.x());
        ag_head.w(head, h.w());
        ag_head.bias(head, h.bias());
        ag_head.labels(head, h.labels());
        ag_head.inverse_x(head, h.inverseX());
        ag_head.inverse_w(head, h.inverseW());
        ag_head.scalars(head, h.scalars());
        ag_head.scale(head, h.scale());
        ag_head.state(head, h.state());
        HeadConstants c = h.constants();
        ag_head.flags(head, c.flags());
        ag_head.centres(head, c.centres());
        ag_head.seed(head, c.seed());
        ag_head.m1(head, c.m1());
        ag_head.m3(head, c.m3());
        ag_head.filter(head, c.filter());
        ag_head.rate(head, c.rate());
        ag_head.spread(head, c.spread());
        ag_head.low(head, c.low());
        ag_head.high(head, c.high());
        ag_head.weight(head, c.weight());
        ag_head.balance(head, c.balance());
        return head;
    }

    MemorySegment sgd(SgdRule rule) {
        ag_sgd.momentum(sgd, rule.momentum());
        ag_sgd.convention(sgd, rule.convention().ordinal());
        ag_sgd.nesterov(sgd, rule.nesterov() ? 1 : 0);
        ag_sgd.reserved(sgd, 0);
        return sgd;
    }

    MemorySegment adam(AdamRule rule) {
        ag_adam.beta1(adam, rule.beta1());
        ag_adam.beta2(adam, rule.beta2());
        ag_adam.epsilon(adam, rule.epsilon());
        ag_adam.form(adam, rule.form().ordinal());
        ag_adam.decoupled(adam, rule.decoupled() ? 1 : 0);
        ag_adam.reserved(adam, 0);
        return adam;
    }

    MemorySegment rmsprop(RmspropRule rule) {
        ag_rmsprop.decay(rmsprop, rule.decay());
        ag_rmsprop.momentum(rmsprop, rule.momentum());
        ag_rmsprop.epsilon(rmsprop, rule.epsilon());
        ag_rmsprop.form(rmsprop, rule.form().ordinal());
        return rmsprop;
    }

    MemorySegment metric(MetricOperands m) {
        ag_metric.loss(metric, m.kind().code());
        ag_metric.distance(metric, m.distance().code());
        ag_metric.selection(metric, m.selection().code());
        ag_metric.form(metric, m.soft() ? 1 : 0);
        ag_metric.mean(metric, m.ofActive() ? 1 : 0);
        ag_metric.fallback(metric, m.farthest() ? 1 : 0);
        ag_metric.n(metric, m.n());
        ag_metric.d(metric, m.d());
        ag_metric.classes(metric, m.classes());
        ag_metric.images(metric, m.images());
        ag_metric.purpose(metric, m.purpose());
        ag_metric.weight(metric, m.weight());
        ag_metric.pull(metric, m.pull());
        ag_metric.nu(metric, m.nu());
        ag_metric.seed(metric, m.seed());
        ag_metric.distances(metric, m.distances());
        ag_metric.labels(metric, m.labels());
        ag_metric.margin(metric, m.margin());
        ag_metric.beta(metric, m.beta());
        ag_metric.beta_class(metric, m.betaClass());
        ag_metric.beta_image(metric, m.betaImage());
        ag_metric.image(metric, m.image());
        ag_metric.scalars(metric, m.scalars());
        return metric;
    }

    MemorySegment center(CenterOperands c) {
        ag_center.n(center, c.n());
        ag_center.d(center, c.d());
        ag_center.classes(center, c.classes());
        ag_center.form(center, c.meanOfNumbers() ? 1 : 0);
        ag_center.weight(center, c.weight());
        ag_center.rate(center, c.rate());
        ag_center.counted(center, c.counted() ? 1 : 0);
        ag_center.reserved(center, 0);
        ag_center.x(center, c.x());
        ag_center.labels(center, c.labels());
        ag_center.scalars(center, c.scalars());
        return center;
    }
}
