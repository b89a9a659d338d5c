package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;

/** What a wrong call is told: one sentence that names the op, the argument, what came and what was expected. The same on every device. */
class RefusalTest {
    /** The words of the refusal; %x stands for an address. */
    private record Wrong(String words, Runnable call) {
    }

    private static List<Wrong> table(Device device, long a, long b, long freed) {
        Ops ops = device.ops();
        Matrix four = new Matrix(4, 4, Type.F32);
        Conv2dShape conv = Conv2dShape.square(1, 4, 4, 2, 3, 3, 1, 1, Type.F32);
        List<Wrong> table = new ArrayList<>();
        table.add(new Wrong("fill: bytes is 0; expected 1 to 9223372036854775807", () -> ops.fill(a, 0, 0)));
        table.add(new Wrong("fill: bytes is 6; expected a multiple of 4", () -> ops.fill(a, 6, 0)));
        table.add(new Wrong("fill: y is missing (address 0); expected 8 bytes of device memory", () -> ops.fill(0, 8, 0)));
        table.add(new Wrong("fill: y at %x is not aligned to 16 bytes", () -> ops.fill(a + 4, 8, 0)));
        table.add(new Wrong("fill: y at %x needs 1024 bytes, but only 496 are left in its allocation (%x, 512 bytes)", () -> ops.fill(a + 16, 1024, 0)));
        table.add(new Wrong("fill: y at %x (8 bytes) lies in no live allocation of device " + device, () -> ops.fill(freed, 8, 0)));
        table.add(new Wrong("fill: y at %x (8 bytes) lies in no live allocation of device " + device, () -> ops.fill(16, 8, 0)));
        table.add(new Wrong("copy: y (%x, 64 bytes) overlaps x (%x, 64 bytes)", () -> ops.copy(a + 16, a, 64)));
        table.add(new Wrong("copy: y (%x, 64 bytes) overlaps x (%x, 64 bytes)", () -> ops.copy(a, a, 64)));
        table.add(new Wrong("convert: from and to are both bf16; expected two types (ag_copy keeps the type)",
                () -> ops.convert(8, Type.BF16, a, Type.BF16, b)));
        table.add(new Wrong("convert: y (%x, 32 bytes) overlaps x (%x, 16 bytes)", () -> ops.convert(8, Type.BF16, a, Type.F32, a)));
        table.add(new Wrong("add: count is -1; expected 1 to 9223372036854775807", () -> ops.add(Type.F32, -1, a, a, b)));
        table.add(new Wrong("add: count has more than 2^63 bytes", () -> ops.add(Type.F32, Long.MAX_VALUE, a, a, b)));
        table.add(new Wrong("add: y (%x, 64 bytes) overlaps a (%x, 64 bytes)", () -> ops.add(Type.F32, 16, a + 16, b, a)));
        table.add(new Wrong("image_normalize: c is 5; expected 1 to 4", () -> ops.imageNormalize(ImageShape.of(1, 2, 2, 5, Type.F32), a, 0, b)));
        table.add(new Wrong("channel_sum: rows is 0; expected 1 to 2147483647", () -> ops.channelSum(new Matrix(0, 4, Type.F32), Write.OVERWRITE, a, b, 0)));
        table.add(new Wrong("prelu_forward: slope is missing (address 0); expected 16 bytes of device memory", () -> ops.preluForward(four, a, 0, 0, b)));
        table.add(new Wrong("prelu_backward: x is missing (address 0); expected 64 bytes of device memory",
                () -> ops.preluBackward(four, Write.OVERWRITE, a, 0, a + 64, b, b + 128, 0)));
        table.add(new Wrong("batch_norm_forward: epsilon is -1; expected 0 to 1",
                () -> ops.batchNormForward(new BatchNormLayer(four, -1, a, a + 64, a + 128, a + 192, 0), 0, b)));
        table.add(new Wrong("batch_norm_forward: epsilon is nan; expected 0 to 1",
                () -> ops.batchNormForward(new BatchNormLayer(four, Float.NaN, a, a + 64, a + 128, a + 192, 0), 0, b)));
        table.add(new Wrong("batch_norm_backward_reduce: dslope is given but the layer has no slope; expected both or neither",
                () -> ops.batchNormBackwardReduce(new BatchNormLayer(four, 0, a, a + 64, a + 128, a + 192, 0), Write.OVERWRITE, a, b, b + 64, b + 128,
                        b + 192, 0)));
        table.add(new Wrong("max_pool_forward: window is 16; expected 1 to 15",
                () -> ops.maxPoolForward(new MaxPoolShape(1, 16, 16, 1, 16, 1, 0, 0, Type.F32), a, 0, b)));
        table.add(new Wrong("max_pool_forward: pad_right is 2; expected 0 to 1",
                () -> ops.maxPoolForward(new MaxPoolShape(1, 4, 4, 1, 2, 2, 0, 2, Type.F32), a, 0, b)));
        table.add(new Wrong("max_pool_forward: the window (3 x 3) is larger than the padded input (2 x 4)",
                () -> ops.maxPoolForward(new MaxPoolShape(1, 2, 4, 1, 3, 1, 0, 0, Type.F32), a, 0, b)));
        table.add(new Wrong("max_pool_backward: winner is missing (address 0); expected 4 bytes of device memory",
                () -> ops.maxPoolBackward(new MaxPoolShape(1, 4, 4, 1, 2, 2, 0, 0, Type.F32), a, 0, b)));
        table.add(new Wrong("running_statistics: decay is 1.5; expected 0 to 1", () -> ops.runningStatistics(four, 1.5f, true, a, b)));
        table.add(new Wrong("dropout: keep is 0; expected above 0 and at most 1", () -> ops.dropout(four, 0, 0, 0, a, a + 64, b)));
        table.add(new Wrong("row_norm: inverse (%x, 16 bytes) overlaps x (%x, 64 bytes)", () -> ops.rowNorm(four, NormGuard.ADD, a, a)));
        table.add(new Wrong("margin_target: classes is 0; expected 1 to 2147483647", () -> ops.marginTarget(head(a, 0, HeadKind.NORMFACE), b)));
        table.add(new Wrong("margin_target: bias is missing (address 0); expected 12 bytes of device memory",
                () -> ops.marginTarget(head(a, 3, HeadKind.SOFTMAX), b)));
        table.add(new Wrong("margin_forward: first is 3; expected 0 to 2", () -> ops.marginForward(head(a, 3, HeadKind.NORMFACE), 3, 1, b, 0, b, b, 0)));
        table.add(new Wrong("margin_forward: count is 3; expected 1 to 2", () -> ops.marginForward(head(a, 3, HeadKind.NORMFACE), 1, 3, b, 0, b, b, 0)));
        table.add(new Wrong("margin_backward: dbias is given, but only the SOFTMAX and SPHEREFACE2 heads have a bias; expected 0",
                () -> ops.marginBackward(head(a, 3, HeadKind.NORMFACE), 0, 3, Write.OVERWRITE, Write.OVERWRITE, a, a, a, 0, b, b + 64, b + 128, b + 192,
                        0)));
        table.add(new Wrong("gradient_norm: max_norm is -1; expected 0 to 3.40282e+38", () -> ops.gradientNorm(4, 1, -1, a, b, 0)));
        table.add(new Wrong("sgd_update: segment 0 is [2, +3); expected a part of [0, 4)", () -> sgd(ops, a, b, new Segment(2, 3, 0, 1))));
        table.add(new Wrong("sgd_update: the segments at 0 and 1 overlap", () -> sgd(ops, a, b, new Segment(1, 2, 0, 1), new Segment(0, 2, 0, 1))));
        table.add(new Wrong("sgd_update: segment_count is 0; expected 1 to 2147483647", () -> sgd(ops, a, b)));
        table.add(new Wrong("sgd_update: lower_bound of segment 0 is not a number; expected a bound or -infinity",
                () -> sgd(ops, a, b, new Segment(0, 4, 0, 1, Float.NaN))));
        table.add(new Wrong("adam_update: beta1 is 1 and beta2 is 0.5; expected both from 0 to below 1",
                () -> ops.adamUpdate(new AdamRule(1, 0.5f, 1, AdamRule.Form.TORCH, false), 4, new SegmentTable(List.of(new Segment(0, 4, 0, 1))), b, a, b + 64,
                        b + 128, a, a)));
        table.add(new Wrong("adagrad_update: epsilon is -1; expected 0 to 3.40282e+38",
                () -> ops.adagradUpdate(-1, 4, new SegmentTable(List.of(new Segment(0, 4, 0, 1))), b, a, b + 64, a, a)));
        table.add(new Wrong("rmsprop_update: decay is nan; expected 0 to 1",
                () -> ops.rmspropUpdate(new RmspropRule(Float.NaN, 0, 1, RmspropRule.Form.TORCH), 4, new SegmentTable(List.of(new Segment(0, 4, 0, 1))), b, a,
                        b + 64, b + 128, a, a)));
        table.add(new Wrong("ema_update: average (%x, 16 bytes) overlaps x (%x, 16 bytes)", () -> ops.emaUpdate(4, 0.5f, a, a, b)));
        table.add(new Wrong("commit_end: control is missing (address 0); expected 32 bytes of device memory", () -> ops.commitEnd(0)));
        table.addAll(convolutions(ops, conv, a));
        table.addAll(library(device, a));
        return table;
    }

    private static List<Wrong> convolutions(Ops ops, Conv2dShape conv, long a) {
        return List.of(
                new Wrong("conv2d_forward: stride_w is 0; expected 1 to 2147483647",
                        () -> plan(ops, new Conv2dShape(1, 4, 4, 2, 3, 3, 3, 1, 0, 1, 1, 1, 1, Type.F32), Direction.FORWARD, 0, Write.OVERWRITE, -1)),
                new Wrong("conv2d_forward: pad_bottom is 3; expected 0 to 2",
                        () -> plan(ops, new Conv2dShape(1, 4, 4, 2, 3, 3, 3, 1, 1, 1, 3, 1, 1, Type.F32), Direction.FORWARD, 0, Write.OVERWRITE, -1)),
                new Wrong("conv2d_backward_weight: the filter (7 x 3) is larger than the padded input (4 x 6)",
                        () -> plan(ops, new Conv2dShape(1, 4, 4, 2, 3, 7, 3, 1, 1, 0, 0, 1, 1, Type.F32), Direction.BACKWARD_WEIGHT, 0, Write.OVERWRITE, -1)),
                new Wrong("conv2d_forward: epilogue is 0x9; AG_EPILOGUE_STATISTICS stands alone",
                        () -> plan(ops, conv, Direction.FORWARD, Epilogue.STATISTICS | Epilogue.BIAS, Write.OVERWRITE, -1)),
                new Wrong("conv2d_backward_input: epilogue is 0x1; expected a sum of flags of 0x4",
                        () -> plan(ops, conv, Direction.BACKWARD_INPUT, Epilogue.BIAS, Write.OVERWRITE, -1)),
                new Wrong("conv2d_forward: write is AG_ACCUMULATE; expected AG_OVERWRITE (only backward by weight accumulates)",
                        () -> plan(ops, conv, Direction.FORWARD, 0, Write.ACCUMULATE, -1)),
                new Wrong("conv2d_forward: kernel is -2; expected -1 to ", () -> plan(ops, conv, Direction.FORWARD, 0, Write.OVERWRITE, -2)),
                new Wrong("conv2d_forward: bias is missing (address 0); expected 12 bytes of device memory",
                        () -> plan(ops, Conv2dShape.linear(1, 2, 3, Type.F32), Direction.FORWARD, Epilogue.BIAS, Write.OVERWRITE, plain(ops))
                                .run(new Conv2dOperands().x(a).w(a).y(a + 256))));
    }

    private static List<Wrong> library(Device device, long a) {
        return List.of(
                new Wrong("ag_alloc: bytes is 0; expected 1 or more", () -> device.allocate(0)),
                new Wrong("ag_alloc: bytes is -5; expected 1 or more", () -> device.allocate(-5)),
                new Wrong("ag_host_alloc: bytes is 0; expected 1 or more", () -> device.allocateHost(0)),
                new Wrong("ag_free: %x is not the start of a live allocation of device " + device, () -> device.free(a + 16)),
                new Wrong("ag_download: source at %x needs 1024 bytes, but only 512 are left in its allocation (%x, 512 bytes)",
                        () -> device.transfers().bytes(a, 1024)),
                new Wrong("ag_kernel_force: kernel is 99; device " + device + " has " + device.kernels(Op.FILL).size() + " kernel(s) for fill",
                        () -> device.forceKernel(Op.FILL, 99)),
                new Wrong("ag_kernel_force: conv2d_forward chooses its kernel in ag_conv2d_make_plan", () -> device.forceKernel(Op.CONV2D_FORWARD, 0)));
    }

    /** The plain kernel of f32: it reads w as it is and needs no workspace, so the first thing missing is the bias. */
    private static int plain(Ops ops) {
        List<String> kernels = ops.device().kernels(Op.CONV2D_FORWARD);
        return IntStream.range(0, kernels.size()).filter(kernel -> KernelWalk.isFor(kernels.get(kernel), Type.F32)).max().orElseThrow();
    }

    private static Conv2dPlan plan(Ops ops, Conv2dShape shape, Direction direction, int epilogue, Write write, int kernel) {
        return ops.conv2dPlan(shape, direction, epilogue, write, kernel);
    }

    private static HeadOperands head(long a, int classes, HeadKind kind) {
        return new HeadOperands(kind, 2, 2, classes, NormGuard.ADD, Type.F32, a, a, 0, a, a, a, a);
    }

    private static void sgd(Ops ops, long a, long b, Segment... segments) {
        ops.sgdUpdate(new SgdRule(0.5f, SgdRule.Convention.TORCH, false), 4, new SegmentTable(List.of(segments)), b, a, b + 64, a, a);
    }

    @OnEveryDevice
    void wordsOfWrongCalls(String name) {
        try (Device device = TestDevices.open(name); DeviceBuffer a = device.allocate(512); DeviceBuffer b = device.allocate(512)) {
            DeviceBuffer gone = device.allocate(512);
            long freed = gone.address();
            gone.close();
            for (Wrong wrong : table(device, a.address(), b.address(), freed)) {
                DeviceException refused = assertThrows(DeviceException.class, wrong.call::run, wrong.words);
                String said = refused.getMessage().replaceAll("0x[0-9a-f]{4,}|0x10(?= \\()", "%x");
                assertTrue(said.startsWith(wrong.words), () -> "expected: " + wrong.words + "\nsaid:     " + said);
                assertEquals(Status.INVALID_ARGUMENT, refused.status(), said);
            }
            device.sync();
        }
    }

    /** A wrong call enqueues nothing. */
    @OnEveryDevice
    void aRefusedCallChangesNothing(String name) {
        try (Device device = TestDevices.open(name); DeviceBuffer buffer = device.allocate(256)) {
            KernelWalk.require(device, Op.FILL, Type.F32);
            device.ops().fill(buffer.address(), 256, 0x11111111);
            assertThrows(DeviceException.class, () -> device.ops().fill(buffer.address(), 260, 0x22222222));
            assertThrows(DeviceException.class, () -> device.ops().copy(buffer.address(16), buffer.address(), 64));
            for (int word : device.transfers().ints(buffer.address(), 64)) {
                assertEquals(0x11111111, word);
            }
        }
    }

    /** A type that a device has no kernel for is told in words. */
    @OnEveryDevice
    void missingTypesAreUnavailable(String name) {
        try (Device device = TestDevices.open(name); DeviceBuffer buffer = device.allocate(512)) {
            boolean has = device.kernels(Op.ADD).stream().anyMatch(kernel -> KernelWalk.isFor(kernel, Type.BF16));
            if (!has) {
                DeviceUnavailableException refused = assertThrows(DeviceUnavailableException.class,
                        () -> device.ops().add(Type.BF16, 8, buffer.address(), buffer.address(), buffer.address(256)));
                assertTrue(refused.getMessage().startsWith("add: device " + name + " has no kernel for bf16 here"), refused::getMessage);
            } else {
                device.ops().add(Type.BF16, 8, buffer.address(), buffer.address(), buffer.address(256));
                device.sync();
            }
        }
    }

    /** A head asked for products of bf16 rows where there are none: the ops that multiply say so. */
    @OnEveryDevice
    void missingProductsAreUnavailable(String name) {
        try (Device device = TestDevices.open(name); GuardedMemory memory = new GuardedMemory(device)) {
            KernelWalk.require(device, Op.MARGIN_FORWARD, Type.F32);
            boolean has = device.kernels(Op.MARGIN_FORWARD).stream().anyMatch(kernel -> KernelWalk.isFor(kernel, Type.BF16));
            Assumptions.assumeFalse(has, () -> device + " multiplies rows of bf16");
            long a = memory.bytes(256);
            HeadOperands head = new HeadOperands(HeadKind.NORMFACE, 2, 2, 3, NormGuard.ADD, Type.BF16, a, a, 0, a, a, a, a);
            long workspace = memory.workspace(Op.MARGIN_FORWARD, 2, 3, 2);
            DeviceUnavailableException refused = assertThrows(DeviceUnavailableException.class,
                    () -> device.ops().marginForward(head, 0, 3, a, 0, memory.output(6), memory.output(2), workspace));
            assertEquals("margin_forward: device " + name + " has no kernel for bf16 here; use f32", refused.getMessage());
            refused = assertThrows(DeviceUnavailableException.class,
                    () -> device.ops().marginBackward(head, 0, 3, Write.OVERWRITE, Write.OVERWRITE, a, a, a, 0, memory.output(4), memory.output(6), 0,
                            memory.output(2), memory.workspace(Op.MARGIN_BACKWARD, 2, 3, 2)));
            assertEquals("margin_backward: device " + name + " has no kernel for bf16 here; use f32", refused.getMessage());
        }
    }
}
