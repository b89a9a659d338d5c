package org.angulus.device;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;
import org.angulus.device.ffi.Angulus;
import org.angulus.device.ffi.ag_adam;
import org.angulus.device.ffi.ag_batch_norm;
import org.angulus.device.ffi.ag_center;
import org.angulus.device.ffi.ag_conv2d_plan;
import org.angulus.device.ffi.ag_conv2d_shape;
import org.angulus.device.ffi.ag_head;
import org.angulus.device.ffi.ag_image_shape;
import org.angulus.device.ffi.ag_int8_conv2d;
import org.angulus.device.ffi.ag_max_pool_shape;
import org.angulus.device.ffi.ag_metric;
import org.angulus.device.ffi.ag_rmsprop;
import org.angulus.device.ffi.ag_segment;
import org.angulus.device.ffi.ag_sgd;

/** For each op's entry point, a call with arguments from {@link RandomCall}. */
final class RandomEntries {
    private RandomEntries() {
    }

    /** Makes one call with the device's handle and gives its status. */
    interface Entry extends BiFunction<RandomCall, MemorySegment, Integer> {
    }

    private static int bytes(int rows, int columns) {
        return 4 * rows * columns;
    }

    static Map<String, Entry> ops() {
        Map<String, Entry> all = new LinkedHashMap<>();
        elementwise(all);
        convolution(all);
        channels(all);
        pooling(all);
        rows(all);
        int8(all);
        head(all);
        step(all);
        metric(all);
        return all;
    }

    private static void elementwise(Map<String, Entry> all) {
        all.put("ag_fill", (g, h) -> {
            int n = 4 * g.size(900);
            return Angulus.ag_fill(h, g.address(n), g.number((long) n), g.random().nextInt());
        });
        all.put("ag_copy", (g, h) -> {
            int n = g.size(4000);
            return Angulus.ag_copy(h, g.address(n), g.address(n), g.number((long) n));
        });
        all.put("ag_convert", (g, h) -> {
            int n = g.size(1000);
            int from = g.choice(2);
            return Angulus.ag_convert(h, g.number((long) n), from, g.address(from == 0 ? 4 * n : 2 * n), g.number(1 - from), g.address(from == 0 ? 2 * n : 4 * n));
        });
        all.put("ag_add", (g, h) -> {
            int n = g.size(1000);
            return Angulus.ag_add(h, g.number(0), g.number((long) n), g.address(4 * n), g.address(4 * n), g.address(4 * n));
        });
        all.put("ag_image_normalize", (g, h) -> {
            int[] z = {g.size(3), g.size(8), g.size(8), g.size(4)};
            int count = z[0] * z[1] * z[2] * z[3];
            MemorySegment s = g.memory(ag_image_shape.sizeof());
            ag_image_shape.n(s, g.number(z[0]));
            ag_image_shape.h(s, g.number(z[1]));
            ag_image_shape.w(s, g.number(z[2]));
            ag_image_shape.c(s, g.number(z[3]));
            ag_image_shape.type(s, g.number(0));
            ag_image_shape.reverse(s, g.choice(2));
            return Angulus.ag_image_normalize(h, g.pointer(s), g.address(count), g.optional(z[0]), g.address(4 * count));
        });
    }

    private static void convolution(Map<String, Entry> all) {
        all.put("ag_conv2d_make_plan", (g, h) -> Angulus.ag_conv2d_make_plan(h, g.conv2d(g.shape()), g.choice(3), g.number(0), g.number(0), g.number(-1),
                g.pointer(g.memory(ag_conv2d_plan.sizeof()))));
        all.put("ag_conv2d_prepare", (g, h) -> {
            MemorySegment plan = made(g, h, g.random().nextInt(2));
            return Angulus.ag_conv2d_prepare(h, g.plan(plan), g.address(4096), g.address(ag_conv2d_plan.prepared_bytes(plan)));
        });
        all.put("ag_conv2d_run", (g, h) -> {
            MemorySegment plan = made(g, h, g.random().nextInt(3));
            return Angulus.ag_conv2d_run(h, g.plan(plan), g.operands(ag_conv2d_plan.prepared_bytes(plan), ag_conv2d_plan.workspace_bytes(plan)));
        });
    }

    private static void int8(Map<String, Entry> all) {
        all.put("ag_quantize", (g, h) -> {
            int n = g.size(1000);
            return Angulus.ag_quantize(h, g.number((long) n), g.real(3), g.number(g.random().nextInt(256)), g.address(4 * n), g.address(n));
        });
        all.put("ag_int8_prepared_bytes", (g, h) -> Angulus.ag_int8_prepared_bytes(h, g.conv2d(g.shape()), g.pointer(g.memory(8))));
        all.put("ag_int8_prepare", (g, h) -> {
            Conv2dShape z = g.shape();
            return Angulus.ag_int8_prepare(h, g.conv2d(z), g.address(z.weights()), g.address(int8Bytes(g, h, z)));
        });
        all.put("ag_int8_conv2d_run", (g, h) -> {
            Conv2dShape z = g.shape();
            MemorySegment s = g.memory(ag_int8_conv2d.sizeof());
            int rounded = g.choice(2);
            MemorySegment shape = g.conv2d(z);
            if (shape.address() != 0) {
                MemorySegment.copy(shape, 0, ag_int8_conv2d.shape(s), 0, ag_conv2d_shape.sizeof());
            }
            ag_int8_conv2d.rounded(s, rounded);
            ag_int8_conv2d.x_zero(s, g.number(g.random().nextInt(256)));
            ag_int8_conv2d.y_zero(s, g.number(g.random().nextInt(256)));
            ag_int8_conv2d.residual_zero(s, g.number(g.random().nextInt(256)));
            ag_int8_conv2d.residual_scale(s, g.real(0.5f));
            ag_int8_conv2d.reserved(s, g.number(0));
            ag_int8_conv2d.x(s, g.address(z.inputs()));
            ag_int8_conv2d.prepared(s, g.address(int8Bytes(g, h, z)));
            ag_int8_conv2d.scale(s, g.address(bytes(1, z.k())));
            ag_int8_conv2d.bias(s, g.address(bytes(1, z.k())));
            ag_int8_conv2d.slope(s, g.optional(bytes(1, z.k())));
            ag_int8_conv2d.residual(s, g.optional((int) z.outputs()));
            ag_int8_conv2d.y(s, g.address(z.outputs() * (rounded == 1 ? 1 : 4)));
            return Angulus.ag_int8_conv2d_run(h, g.pointer(s));
        });
    }

    /** Bytes of the prepared weights; 0 where the device has no int8 kernels. */
    private static long int8Bytes(RandomCall g, MemorySegment h, Conv2dShape shape) {
        MemorySegment bytes = g.memory(8);
        int status = Angulus.ag_int8_prepared_bytes(h, new Structs().conv2d(shape), bytes);
        return status == 0 ? bytes.get(ValueLayout.JAVA_LONG, 0) : 0;
    }

    /** A right plan, for any kernel. */
    private static MemorySegment made(RandomCall g, MemorySegment h, int direction) {
        MemorySegment plan = g.memory(ag_conv2d_plan.sizeof());
        Conv2dShape z = g.shape();
        MemorySegment shape = new Structs().conv2d(z);
        int epilogue = direction == 0 ? g.random().nextInt(9) : 0;
        int kernel = g.random().nextInt(-1, 3);
        if (Angulus.ag_conv2d_make_plan(h, shape, direction, epilogue, 0, kernel, plan) != 0) {
            Angulus.ag_conv2d_make_plan(h, shape, direction, epilogue, 0, -1, plan);
        }
        return plan;
    }

    private static MemorySegment layer(RandomCall g, int rows, int columns, long slope) {
        MemorySegment s = g.memory(ag_batch_norm.sizeof());
        ag_batch_norm.rows(s, g.number(rows));
        ag_batch_norm.columns(s, g.number(columns));
        ag_batch_norm.type(s, g.number(0));
        ag_batch_norm.epsilon(s, g.real(1e-3f));
        ag_batch_norm.x(s, g.address(bytes(rows, columns)));
        ag_batch_norm.statistics(s, g.address(bytes(2, columns)));
        ag_batch_norm.gamma(s, g.address(bytes(1, columns)));
        ag_batch_norm.beta(s, g.address(bytes(1, columns)));
        ag_batch_norm.slope(s, slope);
        return g.pointer(s);
    }

    private static void pooling(Map<String, Entry> all) {
        all.put("ag_max_pool_forward", (g, h) -> {
            MaxPoolShape z = maxPool(g);
            return Angulus.ag_max_pool_forward(h, written(g, z), g.address(4 * (int) z.inputs()), g.optional((int) z.outputs()),
                    g.address(4 * (int) z.outputs()));
        });
        all.put("ag_max_pool_backward", (g, h) -> {
            MaxPoolShape z = maxPool(g);
            return Angulus.ag_max_pool_backward(h, written(g, z), g.address(4 * (int) z.outputs()), g.address((int) z.outputs()),
                    g.address(4 * (int) z.inputs()));
        });
    }

    private static MaxPoolShape maxPool(RandomCall g) {
        int window = g.size(4);
        return new MaxPoolShape(g.size(3), window + g.size(5), window + g.size(5), g.size(20), window, g.size(3), g.random().nextInt(window),
                g.random().nextInt(window), Type.F32);
    }

    private static MemorySegment written(RandomCall g, MaxPoolShape z) {
        MemorySegment s = g.memory(ag_max_pool_shape.sizeof());
        ag_max_pool_shape.n(s, g.number(z.n()));
        ag_max_pool_shape.h(s, g.number(z.h()));
        ag_max_pool_shape.w(s, g.number(z.w()));
        ag_max_pool_shape.c(s, g.number(z.c()));
        ag_max_pool_shape.window(s, g.number(z.window()));
        ag_max_pool_shape.stride(s, g.number(z.stride()));
        ag_max_pool_shape.pad_bottom(s, g.number(z.padBottom()));
        ag_max_pool_shape.pad_right(s, g.number(z.padRight()));
        ag_max_pool_shape.type(s, g.number(0));
        return g.pointer(s);
    }

    private static void channels(Map<String, Entry> all) {
        all.put("ag_channel_sum", (g, h) -> {
            int r = g.size(40);
            int c = g.size(40);
            return Angulus.ag_channel_sum(h, g.matrix(r, c), g.choice(2), g.address(bytes(r, c)), g.address(bytes(1, c)),
                    g.workspace(Op.CHANNEL_SUM, r, c, 1));
        });
        all.put("ag_prelu_forward", (g, h) -> {
            int r = g.size(40);
            int c = g.size(40);
            return Angulus.ag_prelu_forward(h, g.matrix(r, c), g.address(bytes(r, c)), g.address(bytes(1, c)), g.optional(bytes(r, c)), g.address(bytes(r, c)));
        });
        all.put("ag_prelu_backward", (g, h) -> {
            int r = g.size(40);
            int c = g.size(40);
            return Angulus.ag_prelu_backward(h, g.matrix(r, c), g.choice(2), g.address(bytes(r, c)), g.address(bytes(r, c)), g.address(bytes(1, c)),
                    g.address(bytes(r, c)), g.address(bytes(1, c)), g.workspace(Op.PRELU_BACKWARD, r, c, 1));
        });
        all.put("ag_batch_norm_statistics", (g, h) -> {
            int r = g.size(40);
            int c = g.size(40);
            return Angulus.ag_batch_norm_statistics(h, g.matrix(r, c), g.address(bytes(r, c)), g.address(bytes(2, c)),
                    g.workspace(Op.BATCH_NORM_STATISTICS, r, c, 1));
        });
        all.put("ag_batch_norm_forward", (g, h) -> {
            int r = g.size(40);
            int c = g.size(40);
            return Angulus.ag_batch_norm_forward(h, layer(g, r, c, g.optional(bytes(1, c))), g.optional(bytes(r, c)), g.address(bytes(r, c)));
        });
        all.put("ag_batch_norm_backward_reduce", (g, h) -> {
            int r = g.size(40);
            int c = g.size(40);
            long slope = g.optional(bytes(1, c));
            long dslope = slope == 0 ? g.number(0L) : g.address(bytes(1, c));
            return Angulus.ag_batch_norm_backward_reduce(h, layer(g, r, c, slope), g.choice(2), g.address(bytes(r, c)), g.address(bytes(1, c)),
                    g.address(bytes(1, c)), dslope, g.address(bytes(2, c)), g.workspace(Op.BATCH_NORM_BACKWARD_REDUCE, r, c, 1));
        });
        all.put("ag_batch_norm_backward_input", (g, h) -> {
            int r = g.size(40);
            int c = g.size(40);
            return Angulus.ag_batch_norm_backward_input(h, layer(g, r, c, g.optional(bytes(1, c))), g.address(bytes(r, c)), g.address(bytes(2, c)),
                    g.address(bytes(r, c)));
        });
        all.put("ag_running_statistics", (g, h) -> {
            int c = g.size(40);
            return Angulus.ag_running_statistics(h, g.matrix(g.size(100), c), g.real(0.9f), g.choice(2), g.address(bytes(2, c)), g.address(bytes(2, c)));
        });
        all.put("ag_dropout", (g, h) -> {
            int r = g.size(40);
            int c = g.size(40);
            return Angulus.ag_dropout(h, g.matrix(r, c), g.real(0.8f), g.random().nextLong(), g.random().nextInt(), g.address(bytes(r, c)), g.address(32),
                    g.address(bytes(r, c)));
        });
    }

    private static void rows(Map<String, Entry> all) {
        all.put("ag_row_norm", (g, h) -> {
            int r = g.size(40);
            int c = g.size(40);
            return Angulus.ag_row_norm(h, g.matrix(r, c), g.choice(3), g.address(bytes(r, c)), g.address(bytes(r, 1)));
        });
        all.put("ag_normalize_forward", (g, h) -> {
            int r = g.size(40);
            int c = g.size(40);
            return Angulus.ag_normalize_forward(h, g.matrix(r, c), g.choice(3), g.address(bytes(r, c)), g.address(bytes(r, 1)), g.address(bytes(r, c)));
        });
        all.put("ag_normalize_backward", (g, h) -> {
            int r = g.size(40);
            int c = g.size(40);
            return Angulus.ag_normalize_backward(h, g.matrix(r, c), g.choice(3), g.address(bytes(r, c)), g.address(bytes(r, c)), g.address(bytes(r, 1)),
                    g.address(bytes(r, c)));
        });
    }

    private static int anyKind(RandomCall g) {
        return g.random().nextInt(Angulus.AG_HEAD_COUNT());
    }

    /** A head over random bytes: its labels are mostly outside the classes. */
    private static MemorySegment head(RandomCall g, int kind, int n, int d, int classes) {
        MemorySegment s = g.memory(ag_head.sizeof());
        ag_head.kind(s, g.number(kind));
        ag_head.n(s, g.number(n));
        ag_head.d(s, g.number(d));
        ag_head.classes(s, g.number(classes));
        ag_head.guard(s, g.choice(3));
        ag_head.type(s, g.number(0));
        ag_head.x(s, g.address(bytes(n, d)));
        ag_head.w(s, g.address(bytes(classes, d)));
        ag_head.bias(s, g.address(bytes(classes, 1)));
        ag_head.labels(s, g.address(bytes(n, 1)));
        ag_head.inverse_x(s, g.address(bytes(n, 1)));
        ag_head.inverse_w(s, g.address(bytes(classes, 1)));
        ag_head.scalars(s, g.address(StepScalars.BYTES));
        ag_head.scale(s, g.random().nextBoolean() ? 0 : g.address(4));
        ag_head.state(s, g.address(4L * HeadConstants.STATE));
        ag_head.flags(s, g.number(g.random().nextInt(64)));
        ag_head.centres(s, g.number(1 + (kind == HeadKind.ARCFACE.code() ? g.random().nextInt(2) : 0)));
        ag_head.seed(s, g.random().nextLong());
        ag_head.m1(s, g.real(1 + g.random().nextInt(4)));
        ag_head.m3(s, g.real(0.8f));
        ag_head.filter(s, g.real(g.random().nextBoolean() ? 1 : 0.4f));
        ag_head.rate(s, g.real(0.01f));
        ag_head.spread(s, g.real(0.333f));
        ag_head.low(s, g.real(10));
        ag_head.high(s, g.real(110));
        ag_head.weight(s, g.real(35));
        ag_head.balance(s, g.real(0.7f));
        return g.pointer(s);
    }

    private static void head(Map<String, Entry> all) {
        all.put("ag_margin_target", (g, h) -> {
            int n = g.size(12);
            return Angulus.ag_margin_target(h, head(g, anyKind(g), n, g.size(20), g.size(100)), g.address(bytes(HeadOperands.TARGET_ROWS, n)));
        });
        all.put("ag_margin_forward", (g, h) -> {
            int n = g.size(12);
            int d = g.size(20);
            int classes = g.size(100);
            int first = g.random().nextInt(classes);
            int count = g.size(classes - first);
            return Angulus.ag_margin_forward(h, head(g, anyKind(g), n, d, classes), g.number(first), g.number(count), g.address(bytes(HeadOperands.TARGET_ROWS, n)),
                    g.optional(bytes(n, count)), g.address(bytes(HeadOperands.PARTIAL_ROWS, n)), g.address(bytes(n, 1)), g.workspace(Op.MARGIN_FORWARD, n, count, d));
        });
        all.put("ag_margin_loss", (g, h) -> {
            int n = g.size(12);
            int classes = g.size(100);
            int ranges = g.size(Math.min(5, classes));
            return Angulus.ag_margin_loss(h, head(g, anyKind(g), n, g.size(20), classes), g.number(ranges), g.address(bytes(HeadOperands.TARGET_ROWS, n)),
                    g.address(bytes(HeadOperands.PARTIAL_ROWS * ranges, n)), g.address(bytes(n, 1)), g.address(bytes(n, 1)), g.address(HeadSummary.BYTES));
        });
        all.put("ag_margin_backward", (g, h) -> {
            int n = g.size(12);
            int d = g.size(20);
            int classes = g.size(100);
            int first = g.random().nextInt(classes);
            int count = g.size(classes - first);
            int kind = anyKind(g);
            boolean biased = kind == HeadKind.SOFTMAX.code() || kind == HeadKind.SPHEREFACE2.code();
            return Angulus.ag_margin_backward(h, head(g, kind, n, d, classes), g.number(first), g.number(count), g.choice(2), g.choice(2),
                    g.address(bytes(HeadOperands.TARGET_ROWS, n)), g.address(bytes(n, 1)), g.address(bytes(n, 1)), g.optional(bytes(n, count)), g.address(bytes(n, d)),
                    g.address(bytes(count, d)), biased ? g.address(bytes(count, 1)) : g.number(0L), g.address(bytes(n, 1)), g.workspace(Op.MARGIN_BACKWARD, n, count, d));
        });
    }

    /** Segments in memory that holds 64 of them; their number stays within, since a host pointer is the caller's to answer for. */
    private static MemorySegment segments(RandomCall g, int count) {
        MemorySegment s = g.memory(64 * ag_segment.sizeof());
        int half = Math.max(1, count / 2);
        for (int i = 0; i < 64; i++) {
            MemorySegment one = ag_segment.asSlice(s, i);
            ag_segment.offset(one, g.number(i == 0 ? 0L : half));
            ag_segment.count(one, g.number((long) (i == 0 ? half : Math.max(1, count - half))));
            ag_segment.weight_decay(one, g.real(0.1f));
            ag_segment.rate_factor(one, g.real(1));
            ag_segment.lower_bound(one, g.real(-1));
        }
        return g.pointer(s);
    }

    private static int segmentCount(RandomCall g) {
        int count = g.number(1 + g.random().nextInt(2));
        return count > 64 ? 64 : count;
    }

    private static void step(Map<String, Entry> all) {
        all.put("ag_gradient_norm", (g, h) -> {
            int n = g.size(1000);
            return Angulus.ag_gradient_norm(h, g.number((long) n), g.real(1), g.real(5), g.address(4 * n), g.address(32), g.workspace(Op.GRADIENT_NORM, n, 1, 1));
        });
        all.put("ag_sgd_update", (g, h) -> {
            int n = 2 + g.size(1000);
            MemorySegment rule = g.memory(ag_sgd.sizeof());
            ag_sgd.momentum(rule, g.real(0.9f));
            ag_sgd.convention(rule, g.choice(2));
            ag_sgd.nesterov(rule, g.number(0));
            return Angulus.ag_sgd_update(h, g.pointer(rule), g.number((long) n), segments(g, n), segmentCount(g), g.address(4 * n), g.address(4 * n),
                    g.address(4 * n), g.address(32), g.address(32));
        });
        all.put("ag_adam_update", (g, h) -> {
            int n = 2 + g.size(1000);
            MemorySegment rule = g.memory(ag_adam.sizeof());
            ag_adam.beta1(rule, g.real(0.9f));
            ag_adam.beta2(rule, g.real(0.99f));
            ag_adam.epsilon(rule, g.real(1e-8f));
            ag_adam.form(rule, g.choice(2));
            ag_adam.decoupled(rule, g.choice(2));
            return Angulus.ag_adam_update(h, g.pointer(rule), g.number((long) n), segments(g, n), segmentCount(g), g.address(4 * n), g.address(4 * n),
                    g.address(4 * n), g.address(4 * n), g.address(32), g.address(32));
        });
        all.put("ag_adagrad_update", (g, h) -> {
            int n = 2 + g.size(1000);
            return Angulus.ag_adagrad_update(h, g.real(1e-8f), g.number((long) n), segments(g, n), segmentCount(g), g.address(4 * n), g.address(4 * n),
                    g.address(4 * n), g.address(32), g.address(32));
        });
        all.put("ag_rmsprop_update", (g, h) -> {
            int n = 2 + g.size(1000);
            MemorySegment rule = g.memory(ag_rmsprop.sizeof());
            ag_rmsprop.decay(rule, g.real(0.9f));
            ag_rmsprop.momentum(rule, g.real(0.9f));
            ag_rmsprop.epsilon(rule, g.real(1e-8f));
            ag_rmsprop.form(rule, g.choice(2));
            return Angulus.ag_rmsprop_update(h, g.pointer(rule), g.number((long) n), segments(g, n), segmentCount(g), g.address(4 * n), g.address(4 * n),
                    g.address(4 * n), g.address(4 * n), g.address(32), g.address(32));
        });
        all.put("ag_ema_update", (g, h) -> {
            int n = g.size(1000);
            return Angulus.ag_ema_update(h, g.number((long) n), g.real(0.9f), g.address(4 * n), g.address(4 * n), g.address(32));
        });
        all.put("ag_commit_copy", (g, h) -> {
            int n = g.size(4000);
            return Angulus.ag_commit_copy(h, g.address(n), g.address(n), g.number((long) n), g.address(32));
        });
        all.put("ag_commit_end", (g, h) -> Angulus.ag_commit_end(h, g.address(32)));
    }

    /** A loss over random bytes, most of whose rows have labels of their own. */
    private static MemorySegment metric(RandomCall g, int kind, int n, int classes, int images) {
        MemorySegment s = g.memory(ag_metric.sizeof());
        boolean triplet = kind == MetricKind.TRIPLET.code();
        int selection = triplet ? g.random().nextInt(2, 8) : g.random().nextInt(3);
        ag_metric.loss(s, g.number(kind));
        ag_metric.distance(s, g.number(1));
        ag_metric.selection(s, g.number(triplet || selection < 2 ? selection : 6));
        ag_metric.form(s, g.choice(2));
        ag_metric.mean(s, g.choice(2));
        ag_metric.fallback(s, g.choice(2));
        ag_metric.n(s, g.number(n));
        ag_metric.d(s, g.number(g.size(100)));
        ag_metric.classes(s, g.number(classes));
        ag_metric.images(s, g.number(images));
        ag_metric.weight(s, g.real(1));
        ag_metric.pull(s, g.real(0.001f));
        ag_metric.nu(s, g.real(0.1f));
        ag_metric.distances(s, g.address(bytes(n, n)));
        ag_metric.labels(s, g.address(bytes(n, 1)));
        ag_metric.margin(s, g.address(4));
        ag_metric.beta(s, g.address(4));
        ag_metric.beta_class(s, g.address(bytes(classes, 1)));
        ag_metric.beta_image(s, g.address(bytes(images, 1)));
        ag_metric.image(s, g.address(bytes(n, 1)));
        ag_metric.scalars(s, g.address(StepScalars.BYTES));
        return g.pointer(s);
    }

    private static MemorySegment center(RandomCall g, int n, int d, int classes) {
        MemorySegment s = g.memory(ag_center.sizeof());
        ag_center.n(s, g.number(n));
        ag_center.d(s, g.number(d));
        ag_center.classes(s, g.number(classes));
        ag_center.form(s, g.choice(2));
        ag_center.weight(s, g.real(1));
        ag_center.rate(s, g.real(0.5f));
        ag_center.counted(s, g.choice(2));
        ag_center.x(s, g.address(bytes(n, d)));
        ag_center.labels(s, g.address(bytes(n, 1)));
        ag_center.scalars(s, g.address(StepScalars.BYTES));
        return g.pointer(s);
    }

    private static void metric(Map<String, Entry> all) {
        all.put("ag_metric_distances", (g, h) -> {
            int n = g.size(40);
            int d = g.size(40);
            return Angulus.ag_metric_distances(h, g.matrix(n, d), g.choice(3), g.address(bytes(n, d)), g.address(bytes(n, n)),
                    g.workspace(Op.METRIC_DISTANCES, n, d, 1));
        });
        all.put("ag_metric_loss", (g, h) -> {
            int n = g.size(40);
            int kind = g.random().nextInt(3);
            return Angulus.ag_metric_loss(h, metric(g, kind, n, g.size(100), g.size(100)), g.address(bytes(n, n)),
                    kind == MetricKind.MARGIN.code() ? g.address(bytes(n, 1)) : g.number(0L), g.address(MetricSummary.BYTES), g.workspace(Op.METRIC_LOSS, n, n, 1));
        });
        all.put("ag_metric_backward", (g, h) -> {
            int n = g.size(40);
            int d = g.size(40);
            return Angulus.ag_metric_backward(h, g.matrix(n, d), g.choice(3), g.choice(2), g.address(bytes(n, d)), g.address(bytes(n, n)), g.address(bytes(n, n)),
                    g.address(bytes(n, d)), g.workspace(Op.METRIC_BACKWARD, n, d, 1));
        });
        all.put("ag_metric_beta", (g, h) -> {
            int n = g.size(40);
            int classes = g.size(100);
            int images = g.size(100);
            return Angulus.ag_metric_beta(h, metric(g, MetricKind.MARGIN.code(), n, classes, images), g.choice(2), g.address(bytes(n, 1)), g.optional(4),
                    g.optional(bytes(classes, 1)), g.optional(bytes(images, 1)));
        });
        all.put("ag_center_loss", (g, h) -> {
            int n = g.size(40);
            int d = g.size(40);
            int classes = g.size(40);
            return Angulus.ag_center_loss(h, center(g, n, d, classes), g.choice(2), g.address(bytes(classes, d)), g.address(bytes(n, d)),
                    g.address(MetricSummary.BYTES), g.workspace(Op.CENTER_LOSS, n, d, 1));
        });
        all.put("ag_center_update", (g, h) -> {
            int n = g.size(40);
            int d = g.size(40);
            int classes = g.size(40);
            return Angulus.ag_center_update(h, center(g, n, d, classes), g.address(bytes(classes, d)));
        });
    }
}
