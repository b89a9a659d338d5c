package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;

/**
 * Runs the cases of a test on every kernel that a device has for an op. The system property {@code angulus.kernels}, a comma list of parts of names, leaves
 * the others out: after a fault a card refuses all work of the process, and this finds which kernel it was.
 */
final class KernelWalk {
    private static final List<String> CHOSEN =
            Arrays.stream(System.getProperty("angulus.kernels", "").split(",")).filter(part -> !part.isEmpty()).toList();

    private KernelWalk() {
    }

    /** Whether a kernel is for a type and is not left out. */
    static boolean takes(String kernel, Type type) {
        return isFor(kernel, type) && (CHOSEN.isEmpty() || CHOSEN.stream().anyMatch(kernel::contains));
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
     * Forces each kernel in turn and gives it every case, up to the first that it gets wrong. A kernel may refuse a case; one that refuses them all fails the
     * test, since no case hits it, and the plain one, which is last, may refuse none.
     */
    static <C> void each(Device device, Op op, Type type, List<C> cases, Consumer<C> body) {
        require(device, op, type);
        List<String> kernels = device.kernels(op);
        int last = last(kernels, type);
        var problems = new Problems();
        try {
            for (int kernel = kernels.size() - 1; kernel >= 0; kernel--) {
                String name = kernels.get(kernel);
                if (takes(name, type)) {
                    device.forceKernel(op, kernel);
                    boolean plain = kernel == last;
                    problems.collect(() -> {
                        int accepted = 0;
                        for (C one : cases) {
                            accepted += attempt(device + " " + name + " " + one, body, one) ? 1 : 0;
                        }
                        requireAccepted(device + " " + name, accepted, cases.size(), plain);
                    });
                }
            }
        } finally {
            device.forceKernel(op, -1);
        }
        problems.fail();
    }

    /** The plain kernel of a type. */
    static int last(List<String> kernels, Type type) {
        return IntStream.range(0, kernels.size()).filter(i -> isFor(kernels.get(i), type)).max().orElseThrow();
    }

    static void requireAccepted(String where, int accepted, int cases, boolean plain) {
        assertTrue(accepted == cases || !plain && accepted > 0, () -> where + " accepted " + accepted + " of " + cases + " cases");
    }

    /** What went wrong with each kernel: the walk goes on with the next one. */
    static final class Problems {
        private final List<AssertionError> found = new ArrayList<>();

        void collect(Runnable kernel) {
            try {
                kernel.run();
            } catch (AssertionError problem) {
                found.add(problem);
            }
        }

        void fail() {
            if (!found.isEmpty()) {
                var all = new AssertionError(found.stream().map(Throwable::getMessage).collect(Collectors.joining("; ")), found.getFirst());
                found.stream().skip(1).forEach(all::addSuppressed);
                throw all;
            }
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
