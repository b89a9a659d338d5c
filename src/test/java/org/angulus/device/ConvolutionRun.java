package org.angulus.device;

/** Runs one planned convolution in guarded memory. Null operands are not given; `before` is what stands in the output, null: NaN. */
record ConvolutionRun(Direction direction, int epilogue, Write write, double[] x, double[] w, double[] y, double[] bias, double[] slope, double[] residual,
                      double[] before, boolean inPlace) {
    static ConvolutionRun forward(double[] x, double[] w) {
        return new ConvolutionRun(Direction.FORWARD, Epilogue.NONE, Write.OVERWRITE, x, w, null, null, null, null, null, false);
    }

    static ConvolutionRun backwardInput(double[] dy, double[] w) {
        return new ConvolutionRun(Direction.BACKWARD_INPUT, Epilogue.NONE, Write.OVERWRITE, null, w, dy, null, null, null, null, false);
    }

    static ConvolutionRun backwardWeight(double[] x, double[] dy) {
        return new ConvolutionRun(Direction.BACKWARD_WEIGHT, Epilogue.NONE, Write.OVERWRITE, x, null, dy, null, null, null, null, false);
    }

    /** Adds onto what stands in dw. */
    ConvolutionRun accumulating(double[] standing) {
        return new ConvolutionRun(direction, epilogue, Write.ACCUMULATE, x, w, y, bias, slope, residual, standing, false);
    }

    ConvolutionRun with(int flags, double[] bias, double[] slope, double[] residual) {
        return new ConvolutionRun(direction, flags, write, x, w, y, (flags & Epilogue.BIAS) == 0 ? null : bias, (flags & Epilogue.PRELU) == 0 ? null : slope,
                (flags & Epilogue.RESIDUAL) == 0 ? null : residual, before, false);
    }

    /** The residual is the output itself. */
    ConvolutionRun residualInPlace() {
        return new ConvolutionRun(direction, epilogue, write, x, w, y, bias, slope, residual, residual, true);
    }

    /** The output, and mean and variance of it with that epilogue. */
    record Result(double[] output, double[] statistics) {
    }

    Result on(Device device, Conv2dShape shape, int kernel) {
        Conv2dPlan plan = device.ops().conv2dPlan(shape, direction, epilogue, write, kernel);
        Type type = shape.type();
        Type stored = direction == Direction.BACKWARD_WEIGHT ? Type.F32 : type;
        long count = switch (direction) {
            case FORWARD -> shape.outputs();
            case BACKWARD_INPUT -> shape.inputs();
            case BACKWARD_WEIGHT -> shape.weights();
        };
        try (GuardedMemory memory = new GuardedMemory(device)) {
            long output = before == null ? memory.output(stored, count) : memory.inOut(stored, before);
            long filter = w == null ? 0 : memory.input(w);
            Conv2dOperands operands = new Conv2dOperands()
                    .x(direction == Direction.BACKWARD_INPUT ? output : memory.input(type, x))
                    .y(direction == Direction.FORWARD ? output : memory.input(type, y))
                    .w(direction == Direction.BACKWARD_WEIGHT ? output : filter);
            if (plan.preparedBytes() > 0) {
                long prepared = memory.bytes(plan.preparedBytes());
                plan.prepare(filter, prepared);
                operands.prepared(prepared).w(0);
            }
            if (plan.workspaceBytes() > 0) {
                operands.workspace(memory.bytes(plan.workspaceBytes()));
            }
            operands.bias(bias == null ? 0 : memory.input(bias)).slope(slope == null ? 0 : memory.input(slope));
            operands.residual(inPlace ? output : residual == null ? 0 : memory.input(type, residual));
            long statistics = (epilogue & Epilogue.STATISTICS) == 0 ? 0 : memory.output(2L * shape.k());
            operands.statistics(statistics);
            plan.run(operands);
            return new Result(memory.read(stored, output, count), statistics == 0 ? null : memory.read(statistics, 2L * shape.k()));
        }
    }
}
