package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.angulus.device.ffi.Angulus;

/**
 * Random arguments into every entry point: each call gives a status, a failure has its words, no defect of the library is reported, memory outside the call's own
 * stays as it is, and the process lives.
 */
class RandomArgumentsTest {
    private static final int CALLS = 200_000;
    private static final int SHIM_CALLS = 20_000;
    private static final int RIGHT = 0;
    private static final int REFUSED = 1;

    @OnEveryDevice
    void everyCallGivesAStatus(String name) {
        Numbers numbers = Numbers.printed("RandomArgumentsTest " + name);
        try (Device device = TestDevices.open(name); Device other = TestDevices.open(name); DeviceBuffer foreign = other.allocate(1 << 14);
                DeviceBuffer bystander = device.allocate(1 << 14); Arena arena = Arena.ofConfined()) {
            byte[] before = new byte[1 << 14];
            Arrays.fill(before, (byte) 0x5a);
            device.transfers().upload(bystander.address(), before);
            other.transfers().upload(foreign.address(), before);

            RandomCall arguments = new RandomCall(numbers.random(), device, foreign.address(), arena);
            Map<String, RandomEntries.Entry> entries = RandomEntries.ops();
            entries.putAll(new RandomLibraryEntries(device).all());
            Map<String, int[]> outcomes = new LinkedHashMap<>();
            List<String> names = new ArrayList<>(entries.keySet());
            names.forEach(entry -> outcomes.put(entry, new int[2]));
            MemorySegment handle = handleOf(device);
            int calls = name.equals("simt") ? SHIM_CALLS : CALLS;
            for (int i = 0; i < calls; i++) {
                String entry = names.get(numbers.random().nextInt(names.size()));
                arguments.begin();
                int status = entries.get(entry).apply(arguments, handle);
                outcomes.get(entry)[status == Angulus.AG_OK() ? RIGHT : REFUSED]++;
                check(device, entry, status);
            }

            device.status(Angulus::ag_graph_abort);
            device.status(open -> Angulus.ag_sync(open, MemorySegment.NULL));
            assertArrayEquals(before, device.transfers().bytes(bystander.address(), before.length), "memory that no call named");
            assertArrayEquals(before, other.transfers().bytes(foreign.address(), before.length), "memory of another device");
            judge(device, outcomes);
        }
    }

    private static MemorySegment handleOf(Device device) {
        MemorySegment[] handle = new MemorySegment[1];
        device.status(open -> {
            handle[0] = open;
            return Angulus.AG_OK();
        });
        return handle[0];
    }

    private static void check(Device device, String entry, int status) {
        Status said = Status.of(status);
        assertEquals(status, said.ordinal(), () -> entry + " gave a status that is none");
        if (said != Status.OK && !entry.equals("ag_device_open") && !entry.startsWith("a device")) {
            String[] words = new String[1];
            device.status(handle -> {
                words[0] = Angulus.ag_last_error(handle).reinterpret(1024).getString(0);
                return 0;
            });
            assertFalse(words[0].isBlank(), () -> entry + " failed with " + said + " and no words");
            assertTrue(said != Status.INTERNAL, () -> entry + ": " + words[0]);
        }
    }

    /** Every entry point was refused and, where the device has the op, also did its work. */
    private static void judge(Device device, Map<String, int[]> outcomes) {
        outcomes.forEach((entry, counts) -> {
            if (!entry.equals("ag_graph_begin")) {
                assertTrue(counts[REFUSED] > 0, () -> device + ": no call of " + entry + " was refused");
            }
            boolean possible = !entry.startsWith("a device handle") && (!entry.startsWith("ag_device_set") || device.name().startsWith("cpu")) && has(device, entry);
            assertTrue(!possible || counts[RIGHT] > 0, () -> device + ": no call of " + entry + " succeeded, " + counts[REFUSED] + " were refused");
        });
    }

    private static boolean has(Device device, String entry) {
        for (Op op : Op.values()) {
            if (entry.startsWith("ag_" + op.words()) || entry.equals("ag_conv2d_run") && op == Op.CONV2D_FORWARD) {
                return op == Op.CONV2D_PREPARE ? preparesWeights(device) : !device.kernels(op).isEmpty();
            }
        }
        return true;
    }

    /** Whether any kernel of the directions that read w has a form of its own. */
    private static boolean preparesWeights(Device device) {
        Conv2dShape shape = Conv2dShape.square(1, 5, 5, 4, 4, 3, 1, 1, Type.F32);
        for (Direction direction : new Direction[] {Direction.FORWARD, Direction.BACKWARD_INPUT}) {
            for (int kernel = 0; kernel < device.kernels(direction.op()).size(); kernel++) {
                try {
                    if (device.ops().conv2dPlan(shape, direction, Epilogue.NONE, Write.OVERWRITE, kernel).preparedBytes() > 0) {
                        return true;
                    }
                } catch (DeviceUnavailableException refused) {
                    continue;
                }
            }
        }
        return false;
    }
}
