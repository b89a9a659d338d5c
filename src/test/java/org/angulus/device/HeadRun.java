package org.angulus.device;

/**
 * All ops of a head in their order, over embeddings x (N,D) of class 0 and class vectors w (classes,K,D); what they wrote.
 *
 * @param target rows of the target
 * @param dx (N,D)
 * @param dw (classes,K,D)
 */
record HeadRun(int n, double[] target, double loss, double[] dx, double[] dw) {
    /** The state before, of the heads that keep one. */
    static final double[] STATE = {0.25, 1};

    static HeadRun of(Device device, HeadFormula head, int n, int d, int classes, double[] rows, double[] classVectors, double scale, double margin) {
        try (GuardedMemory memory = new GuardedMemory(device)) {
            HeadKind kind = head.kind();
            int vectors = classes * head.constants().centres();
            long x = memory.input(rows);
            long w = memory.input(classVectors);
            long inverseX = memory.output(n);
            long inverseW = memory.output(vectors);
            Ops ops = device.ops();
            ops.rowNorm(new Matrix(n, d, Type.F32), NormGuard.CLAMP_LENGTH, x, inverseX);
            ops.rowNorm(new Matrix(vectors, d, Type.F32), NormGuard.CLAMP_LENGTH, w, inverseW);
            long scalars = memory.input(new StepScalars(0, HeadReference.RANDOM_COUNTER, 0, (float) margin, (float) scale, (float) head.lambda()));
            var operands = new HeadOperands(kind, head.constants(), n, d, classes, NormGuard.CLAMP_LENGTH, Type.F32, x, w,
                    kind.hasBias() ? memory.input(new double[classes]) : 0, memory.input(new int[n]), kind.needsLengths() ? inverseX : 0,
                    kind.needsLengths() ? inverseW : 0, scalars, 0, kind.hasState() ? memory.inOut(STATE) : 0);
            int count = HeadOperands.TARGET_ROWS * n;
            long target = memory.output(count);
            long partial = memory.output((long) HeadOperands.PARTIAL_ROWS * n);
            long logSumExp = memory.output(n);
            long losses = memory.output(n);
            long summary = memory.bytes(HeadSummary.BYTES);
            long dx = memory.output((long) n * d);
            long dw = memory.output((long) vectors * d);
            ops.marginTarget(operands, target);
            ops.marginForward(operands, 0, classes, target, 0, partial, memory.bytes(4L * n), memory.workspace(Op.MARGIN_FORWARD, n, classes, d));
            ops.marginLoss(operands, 1, target, partial, logSumExp, losses, summary);
            ops.marginBackward(operands, 0, classes, Write.OVERWRITE, Write.OVERWRITE, target, logSumExp, losses, 0, dx, dw,
                    kind.hasBias() ? memory.output(classes) : 0, memory.output(n), memory.workspace(Op.MARGIN_BACKWARD, n, classes, d));
            return new HeadRun(n, memory.read(target, count), device.transfers().summary(summary).loss(), memory.read(dx, (long) n * d),
                    memory.read(dw, (long) vectors * d));
        }
    }

    double phi(int row) {
        return target[n + row];
    }

    double slope(int row) {
        return target[2 * n + row];
    }
}
