package org.angulus.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.SplittableRandom;
import org.angulus.device.Device;
import org.angulus.device.DeviceBuffer;
import org.angulus.device.StepScalars;
import org.angulus.device.TestDevices;
import org.angulus.device.Type;
import org.angulus.device.Write;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelPlanTest {
    private static final int N = 4;

    private static NetworkConfig config(String kind) {
        return switch (kind) {
            case "lenet" -> LeNetConfig.of(2, true);
            default -> ResFaceConfig.of("resface20", Variant.valueOf(kind)).withWidths(List.of(4, 8, 8, 16)).withCrop(32, 24).withEmbeddingSize(16);
        };
    }

    /** What is made again has the bits of what was kept: gradients and running statistics are the same. */
    @ParameterizedTest
    @CsvSource({
        "cpu, ARTICLE, F32", "cpu, CAFFE, F32", "cpu, lenet, F32", "simt, ARTICLE, F32", "simt, ARTICLE, BF16", "cuda:0, ARTICLE, F32", "cuda:0, ARTICLE, BF16"
    })
    void gradientsKeepTheirBits(String name, String kind, Type type) {
        Network network = config(kind).build();
        try (Device device = TestDevices.open(name)) {
            ActivationPlan least = ActivationPlan.least(network, N, type, 0, arena -> {});
            ActivationPlan whole = ActivationPlan.whole(network, N, type, 0, arena -> {});
            assertTrue(least.bytes() < whole.bytes());
            float[] expected = gradients(device, network, type, whole);
            double sum = 0;
            for (float gradient : expected) {
                assertTrue(Float.isFinite(gradient));
                sum += Math.abs(gradient);
            }
            assertTrue(sum > 1);
            assertArrayEquals(expected, gradients(device, network, type, least));
        }
    }

    /** Gradients of the parameters, and behind them the running statistics, after forward and backward from one start. */
    private static float[] gradients(Device device, Network network, Type type, ActivationPlan activations) {
        var layout = new FlatLayout();
        network.parameters().forEach(layout::add);
        var plan = new ModelPlan(device.ops(), network, InputFormat.DEFAULT, layout, N, 3, type, 0, activations);
        long bytes = Float.BYTES * layout.count();
        long runningBytes = Float.BYTES * network.statistics().count();
        int pixels = N * 3 * network.config().height() * network.config().width();
        try (DeviceBuffer parameters = device.allocate(bytes);
                DeviceBuffer gradients = device.allocate(bytes + runningBytes);
                DeviceBuffer arena = device.allocate(plan.arenaBytes());
                DeviceBuffer prepared = device.allocate(Math.max(256, plan.preparedBytes()));
                DeviceBuffer workspace = device.allocate(Math.max(256, plan.workspaceBytes()));
                DeviceBuffer input = device.allocate(pixels + 512 + StepScalars.BYTES)) {
            long flips = input.address((pixels + 255L) / 256 * 256);
            long running = gradients.address(bytes);
            device.ops().fill(arena.address(), arena.bytes(), Float.floatToRawIntBits(Float.NaN));
            device.ops().fill(gradients.address(), bytes, 0);
            new FlatBuffer(device, layout, parameters.address()).start(1);
            new FlatBuffer(device, network.statistics(), running).start(1);
            var images = new byte[pixels];
            var random = new SplittableRandom(2);
            random.nextBytes(images);
            device.transfers().upload(input.address(), images);
            device.transfers().upload(flips, new byte[N]);
            device.transfers().upload(flips + 256, new StepScalars(0, 0, 0.1f, 0, 1, 0));
            var memory = new PlanMemory(
                    parameters.address(), gradients.address(), running, arena.address(), prepared.address(), workspace.address(), input.address(), flips,
                    flips + 256);
            plan.forward(device.ops(), memory);
            var dy = new float[N * network.config().embeddingSize()];
            for (int i = 0; i < dy.length; i++) {
                dy[i] = (float) random.nextDouble(-1, 1);
            }
            device.transfers().upload(arena.address(plan.embeddingGradient().offset()), dy);
            plan.backward(device.ops(), memory, Write.OVERWRITE);
            return device.transfers().floats(gradients.address(), Math.toIntExact((bytes + runningBytes) / Float.BYTES));
        }
    }
}
