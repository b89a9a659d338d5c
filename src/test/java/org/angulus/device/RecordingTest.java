package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;

/** The recording contract: nothing runs, what waits or allocates is refused, what a graph names is pinned, and a replay does what the calls would. */
class RecordingTest {
    private static final int COUNT = 1000;

    @OnEveryDevice
    void replayEqualsTheCalls(String name) {
        try (Device device = TestDevices.open(name); GuardedMemory memory = new GuardedMemory(device)) {
            KernelWalk.require(device, Op.ADD, Type.F32);
            Numbers numbers = new Numbers(1);
            double[] x = numbers.signed(Type.F32, COUNT);
            double[] start = numbers.signed(Type.F32, COUNT);
            long a = memory.input(x);
            long direct = memory.inOut(start);
            long replayed = memory.inOut(start);
            try (Graph graph = device.record(() -> work(device, a, replayed))) {
                assertArrayEquals(start, memory.read(replayed, COUNT), "recording ran an op");
                for (int round = 0; round < 3; round++) {
                    work(device, a, direct);
                    graph.launch();
                    assertArrayEquals(memory.read(direct, COUNT), memory.read(replayed, COUNT), "round " + round);
                }
            }
        }
    }

    /** Convolution, its prepared filter and its workspace through a graph: the biggest call structs, read again at each launch. */
    @OnEveryDevice
    void replayedConvolutionSeesNewWeights(String name) {
        try (Device device = TestDevices.open(name); GuardedMemory memory = new GuardedMemory(device)) {
            KernelWalk.require(device, Op.CONV2D_FORWARD, Type.F32);
            Conv2dShape shape = Conv2dShape.square(1, 7, 6, 8, 12, 3, 1, 1, Type.F32);
            Numbers numbers = new Numbers(2);
            double[] x = numbers.signed(Type.F32, shape.inputs());
            double[] w = numbers.signed(Type.F32, shape.weights());
            Conv2dPlan plan = device.ops().conv2dPlan(shape, Direction.FORWARD, Epilogue.NONE);
            long weights = memory.inOut(w);
            long prepared = plan.preparedBytes() == 0 ? 0 : memory.bytes(plan.preparedBytes());
            long y = memory.output(shape.outputs());
            Conv2dOperands operands = new Conv2dOperands().x(memory.input(x)).w(weights).y(y).prepared(prepared)
                    .workspace(plan.workspaceBytes() == 0 ? 0 : memory.bytes(plan.workspaceBytes()));
            try (Graph graph = device.record(() -> {
                if (prepared != 0) {
                    plan.prepare(weights, prepared);
                }
                plan.run(operands);
            })) {
                operands.x(0).y(0);
                graph.launch();
                Tolerance.check("y", Type.F32, memory.read(y, shape.outputs()), ConvolutionReference.forward(shape, x, w));
                float[] others = new float[w.length];
                for (int i = 0; i < w.length; i++) {
                    w[i] = others[i] = (float) -w[w.length - 1 - i];
                }
                device.transfers().upload(weights, others);
                graph.launch();
                Tolerance.check("y of other weights", Type.F32, memory.read(y, shape.outputs()), ConvolutionReference.forward(shape, x, w));
            }
        }
    }

    private static void work(Device device, long a, long y) {
        device.ops().add(Type.F32, COUNT, a, y, y);
        device.ops().fill(y, 40, 0x3f800000);
        device.ops().add(Type.F32, COUNT, y, y, y);
    }

    @OnEveryDevice
    void whatWaitsOrAllocatesIsRefused(String name) {
        try (Device device = TestDevices.open(name); Arena arena = Arena.ofConfined()) {
            KernelWalk.require(device, Op.FILL, Type.F32);
            DeviceBuffer buffer = device.allocate(256);
            HostBuffer host = device.allocateHost(256);
            Event event = device.event();
            Graph earlier = device.record(() -> device.ops().fill(buffer.address(), 256, 1));
            MemorySegment memory = arena.allocate(256);
            Map<String, Runnable> refused = new LinkedHashMap<>();
            refused.put("ag_alloc", () -> device.allocate(16));
            refused.put("ag_free", buffer::close);
            refused.put("ag_host_alloc", () -> device.allocateHost(16));
            refused.put("ag_upload", () -> device.transfers().enqueue(Stream.COPY, buffer.address(), host, 0, 16));
            refused.put("ag_upload_sync", () -> device.transfers().upload(buffer.address(), memory));
            refused.put("ag_download", () -> device.transfers().download(memory, buffer.address()));
            refused.put("ag_event_create", device::event);
            refused.put("ag_event_record", () -> event.record(Stream.COMPUTE));
            refused.put("ag_event_wait", () -> event.await(Stream.COPY));
            refused.put("ag_event_sync", event::sync);
            refused.put("ag_event_elapsed", () -> event.secondsSince(event));
            refused.put("ag_event_destroy", event::close);
            refused.put("ag_sync", device::sync);
            refused.put("ag_graph_launch", earlier::launch);
            refused.put("ag_graph_destroy", earlier::close);
            refused.put("ag_device_set_threads", () -> device.setThreads(1));
            refused.put("ag_device_measure", device::measurePeak);
            try (Graph graph = device.record(() -> {
                refused.forEach((call, action) -> {
                    DeviceException refusal = assertThrows(DeviceException.class, action::run, call);
                    assertEquals(Status.INVALID_STATE, refusal.status(), call);
                    assertEquals(call + ": not allowed while recording; call ag_graph_end or ag_graph_abort first", refusal.getMessage());
                });
                assertThrows(IllegalStateException.class, host::close);
                assertThrows(IllegalStateException.class, device::close);
                assertEquals(Status.INVALID_STATE, assertThrows(DeviceException.class, () -> device.record(() -> { })).status());
                device.ops().fill(buffer.address(), 256, 2);
            })) {
                graph.launch();
            }
            earlier.close();
            assertEquals(2, device.transfers().ints(buffer.address(), 1)[0], "the recording went on after the refusals");
        }
    }

    @OnEveryDevice
    void aGraphPinsWhatItNames(String name) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.require(device, Op.FILL, Type.F32);
            DeviceBuffer named = device.allocate(256);
            DeviceBuffer other = device.allocate(256);
            Graph first = device.record(() -> device.ops().fill(named.address(), 256, 1));
            Graph second = device.record(() -> device.ops().fill(named.address(128), 128, 2));
            other.close();
            for (Graph graph : new Graph[] {first, second}) {
                DeviceException refusal = assertThrows(DeviceException.class, named::close);
                assertEquals(Status.INVALID_STATE, refusal.status());
                assertTrue(refusal.getMessage().contains("(256 bytes) is named by"), refusal::getMessage);
                graph.launch();
                graph.close();
            }
            named.close();
            assertEquals(0, device.info().allocatedBytes());
            assertThrows(IllegalStateException.class, first::launch);
            first.close();
        }
    }

    @OnEveryDevice
    void anExceptionForgetsTheRecording(String name) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.require(device, Op.FILL, Type.F32);
            DeviceBuffer buffer = device.allocate(256);
            device.ops().fill(buffer.address(), 256, 5);
            assertEquals("no", assertThrows(IllegalArgumentException.class, () -> device.record(() -> {
                device.ops().fill(buffer.address(), 256, 6);
                throw new IllegalArgumentException("no");
            })).getMessage());
            assertEquals(5, device.transfers().ints(buffer.address(), 1)[0]);
            buffer.close();
        }
    }

    @OnEveryDevice
    void aWrongCallWhileRecordingLeavesTheRest(String name) {
        try (Device device = TestDevices.open(name); DeviceBuffer buffer = device.allocate(256)) {
            KernelWalk.require(device, Op.FILL, Type.F32);
            try (Graph graph = device.record(() -> {
                device.ops().fill(buffer.address(), 128, 7);
                assertThrows(DeviceException.class, () -> device.ops().fill(buffer.address(), 1024, 8));
                device.ops().fill(buffer.address(128), 128, 9);
            })) {
                graph.launch();
                int[] filled = device.transfers().ints(buffer.address(), 64);
                assertEquals(7, filled[31]);
                assertEquals(9, filled[32]);
            }
        }
    }
}
