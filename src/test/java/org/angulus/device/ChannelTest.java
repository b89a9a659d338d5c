package org.angulus.device;

/** channel_sum, prelu_forward and prelu_backward. */
class ChannelTest {
    @OnEveryDeviceAndType
    void channelSum(String name, Type type) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.CHANNEL_SUM, type, MatrixCase.ALL, one -> {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    Numbers numbers = new Numbers(one.seed());
                    double[] x = numbers.signed(type, one.elements());
                    double[] before = numbers.signed(Type.F32, one.columns());
                    Expected sum = ChannelReference.sum(one.columns(), x);
                    long in = memory.input(type, x);
                    long workspace = memory.workspace(Op.CHANNEL_SUM, one.rows(), one.columns());
                    long y = memory.output(one.columns());
                    device.ops().channelSum(one.matrix(type), Write.OVERWRITE, in, y, workspace);
                    Tolerance.check("y", Type.F32, memory.read(y, one.columns()), sum);
                    long added = memory.inOut(before);
                    device.ops().channelSum(one.matrix(type), Write.ACCUMULATE, in, added, workspace);
                    Tolerance.check("y accumulated", Type.F32, memory.read(added, one.columns()), sum.accumulatedOnto(before));
                }
            });
        }
    }

    @OnEveryDeviceAndType
    void preluForward(String name, Type type) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.PRELU_FORWARD, type, MatrixCase.ALL, one -> {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    Numbers numbers = new Numbers(one.seed());
                    double[] x = numbers.signed(type, one.elements());
                    double[] slope = numbers.signed(Type.F32, one.columns());
                    double[] residual = numbers.signed(type, one.elements());
                    long in = memory.input(type, x);
                    long slopes = memory.input(slope);
                    long added = memory.input(type, residual);
                    long y = memory.output(type, one.elements());
                    Matrix shape = one.matrix(type);
                    device.ops().preluForward(shape, in, slopes, 0, y);
                    Tolerance.check("y", type, memory.read(type, y, one.elements()), ChannelReference.prelu(x, slope, null));
                    Expected sum = ChannelReference.prelu(x, slope, residual);
                    device.ops().preluForward(shape, in, slopes, added, y);
                    Tolerance.check("y with residual", type, memory.read(type, y, one.elements()), sum);
                    long inX = memory.inOut(type, x);
                    device.ops().preluForward(shape, inX, slopes, added, inX);
                    Tolerance.check("y in the place of x", type, memory.read(type, inX, one.elements()), sum);
                    long inResidual = memory.inOut(type, residual);
                    device.ops().preluForward(shape, in, slopes, inResidual, inResidual);
                    Tolerance.check("y in the place of the residual", type, memory.read(type, inResidual, one.elements()), sum);
                }
            });
        }
    }

    @OnEveryDeviceAndType
    void preluBackward(String name, Type type) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.PRELU_BACKWARD, type, MatrixCase.ALL, one -> {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    Numbers numbers = new Numbers(one.seed());
                    double[] dy = numbers.signed(type, one.elements());
                    double[] x = numbers.signed(type, one.elements());
                    x[x.length - 1] = -0.5;
                    double[] slope = numbers.signed(Type.F32, one.columns());
                    double[] before = numbers.signed(Type.F32, one.columns());
                    Expected dx = ChannelReference.preluInputGradient(dy, x, slope);
                    Expected dslope = ChannelReference.preluSlopeGradient(one.columns(), dy, x);
                    long gradient = memory.input(type, dy);
                    long in = memory.input(type, x);
                    long slopes = memory.input(slope);
                    long workspace = memory.workspace(Op.PRELU_BACKWARD, one.rows(), one.columns());
                    long out = memory.output(type, one.elements());
                    long bySlope = memory.output(one.columns());
                    Matrix shape = one.matrix(type);
                    device.ops().preluBackward(shape, Write.OVERWRITE, gradient, in, slopes, out, bySlope, workspace);
                    Tolerance.check("dx", type, memory.read(type, out, one.elements()), dx);
                    Tolerance.compare("dslope", Type.F32, memory.read(bySlope, one.columns()), dslope);
                    long inPlace = memory.inOut(type, dy);
                    long added = memory.inOut(before);
                    device.ops().preluBackward(shape, Write.ACCUMULATE, inPlace, in, slopes, inPlace, added, workspace);
                    Tolerance.check("dx in the place of dy", type, memory.read(type, inPlace, one.elements()), dx);
                    Tolerance.check("dslope accumulated", Type.F32, memory.read(added, one.columns()), dslope.accumulatedOnto(before));
                }
            });
        }
    }
}
