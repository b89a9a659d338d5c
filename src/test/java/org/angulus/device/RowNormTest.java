package org.angulus.device;

import java.util.Arrays;

/** row_norm, normalize_forward and normalize_backward with every guard, at ordinary lengths and where the guard holds. */
class RowNormTest {
    private interface Check {
        void of(RowNormReference reference, double[] dy);
    }

    /** Every guard on ordinary rows, and on rows so short that a clamp holds (f32 only: bf16 keeps the same path). */
    private static void each(MatrixCase one, Type type, Check check) {
        for (NormGuard guard : NormGuard.values()) {
            for (double factor : new double[] {1, 0x1p-20, 0x1p-50}) {
                Numbers numbers = new Numbers(one.seed());
                double[] x = numbers.signed(type, one.elements());
                double[] scaled = Arrays.stream(x).map(v -> v * factor).toArray();
                check.of(new RowNormReference(one.rows(), one.columns(), guard, scaled), numbers.signed(type, one.elements()));
            }
        }
    }

    @OnEveryDeviceAndType
    void rowNorm(String name, Type type) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.ROW_NORM, type, MatrixCase.ALL, one -> each(one, type, (reference, dy) -> {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    long inverse = memory.output(one.rows());
                    device.ops().rowNorm(one.matrix(type), reference.guard(), memory.input(type, reference.x()), inverse);
                    Tolerance.check("inverse " + reference.guard(), Type.F32, memory.read(inverse, one.rows()), reference.inverses());
                }
            }));
        }
    }

    @OnEveryDeviceAndType
    void forward(String name, Type type) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.NORMALIZE_FORWARD, type, MatrixCase.ALL, one -> each(one, type, (reference, dy) -> {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    long inverse = memory.output(one.rows());
                    long y = memory.output(type, one.elements());
                    device.ops().normalizeForward(one.matrix(type), reference.guard(), memory.input(type, reference.x()), inverse, y);
                    Tolerance.check("y " + reference.guard(), type, memory.read(type, y, one.elements()), reference.forward());
                    Tolerance.check("inverse " + reference.guard(), Type.F32, memory.read(inverse, one.rows()), reference.inverses());
                    long inPlace = memory.inOut(type, reference.x());
                    device.ops().normalizeForward(one.matrix(type), reference.guard(), inPlace, inverse, inPlace);
                    Tolerance.check("y in the place of x", type, memory.read(type, inPlace, one.elements()), reference.forward());
                }
            }));
        }
    }

    @OnEveryDeviceAndType
    void backward(String name, Type type) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.NORMALIZE_BACKWARD, type, MatrixCase.ALL, one -> each(one, type, (reference, dy) -> {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    double[] inverses = Arrays.stream(reference.inverses().value).map(v -> Numbers.round(Type.F32, v)).toArray();
                    Expected dx = reference.backward(dy);
                    long x = memory.input(type, reference.x());
                    long inverse = memory.input(inverses);
                    long out = memory.output(type, one.elements());
                    device.ops().normalizeBackward(one.matrix(type), reference.guard(), memory.input(type, dy), x, inverse, out);
                    // One column: x^ is the sign of x, dy is all along it and the gradient is 0 but for rounding.
                    Tolerance.compare("dx " + reference.guard(), type, memory.read(type, out, one.elements()), dx);
                    long inPlace = memory.inOut(type, dy);
                    device.ops().normalizeBackward(one.matrix(type), reference.guard(), inPlace, x, inverse, inPlace);
                    Tolerance.compare("dx in the place of dy", type, memory.read(type, inPlace, one.elements()), dx);
                }
            }));
        }
    }
}
