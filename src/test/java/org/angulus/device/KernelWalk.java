package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.junit.jupiter.api.Assumptions;

/** Runs the cases of a test on every kernel that a device has for an op. */
final class KernelWalk {
    private KernelWalk() {
    }

    /** Whether a kernel is for a type: its name says f32 or bf16, or neither when it moves bytes. */
    static boolean isFor(String kernel, Type type) {
        String padded = kernel + "_";
        boolean namesOne = padded.contains("_f32_") || padded.contains("_bf16_");
        return !namesOne || padded.contains("_" + type.name().toLowerCase(Locale.ROOT) + "_");
    }

    /** Aborts the test when the device has no such op, or not for this type. */
    static void require(Device device, Op op, Type type) {
        List<String> kernels = device.kernels(op);
        Assumptions.assumeFalse(kernels.isEmpty(), () -> device + " has no kernel for " + op.words());
        Assumptions.assumeTrue(kernels.stream().anyMatch(kernel -> isFor(kernel, type)), () -> device + " has no " + type + " kernel for " + op.words());
    }

    /**
     * Forces each kernel in turn and gives it every case. A kernel may refuse a case; one that refuses them all fails the test, since no case hits it, and the
     * plain one, which is last, may refuse none.
     */
    static <C> void each(Device device, Op op, Type type, List<C> cases, Consumer<C> body) {
        require(device, op, type);
        List<String> kernels = device.kernels(op);
        boolean plain = true;
        try {
            for (int kernel = kernels.size() - 1; kernel >= 0; kernel--) {
                String name = kernels.get(kernel);
                if (!isFor(name, type)) {
                    continue;
                }
                device.forceKernel(op, kernel);
                int accepted = 0;
                for (C one : cases) {
                    accepted += attempt(device + " " + name + " " + one, body, one) ? 1 : 0;
                }
                boolean all = plain;
                int taken = accepted;
                assertTrue(taken == cases.size() || !all && taken > 0, () -> device + " " + name + " accepted " + taken + " of " + cases.size() + " cases");
                plain = false;
            }
        } finally {
            device.forceKernel(op, -1);
        }
    }

    /** Runs one case; false when the kernel does not accept it. A failure names where it happened. */
    static <C> boolean attempt(String where, Consumer<C> body, C one) {
        try {
            body.accept(one);
            return true;
        } catch (DeviceUnavailableException refused) {
            return false;
        } catch (AssertionError | DeviceException failure) {
            throw new AssertionError(where + ": " + failure.getMessage(), failure);
        }
    }
}
