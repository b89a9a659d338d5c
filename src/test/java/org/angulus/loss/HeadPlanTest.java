package org.angulus.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.angulus.device.Device;
import org.angulus.device.TestDevices;
import org.angulus.device.Type;
import org.angulus.model.ArenaPlanner;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HeadPlanTest {
    private static final long CAP = 128L << 20;

    /** 1,024 embeddings of 512 numbers and a million people: N x C numbers would take 3.8 GiB. */
    @ParameterizedTest
    @MethodSource("org.angulus.device.TestDevices#withTypes")
    void aMillionClassesTakeLittleBesideTheirVectors(String name, Type precision) {
        int n = 1024;
        int classes = 1_000_000;
        try (Device device = TestDevices.open(name)) {
            var plan = new HeadPlan(device.ops(), MarginHead.amSoftmax(30, 0.35), classes, n, 512, precision, CAP, 0);
            var arena = new ArenaPlanner();
            plan.reserve(arena);
            assertEquals(31, plan.ranges());
            long inverses = (long) Float.BYTES * classes;
            assertTrue(plan.workspaceBytes() <= 5 * CAP / 2, () -> "workspace of " + plan.workspaceBytes());
            assertTrue(arena.bytes() <= inverses + CAP / 64, () -> "between forward and backward " + arena.bytes());
        }
    }
}
