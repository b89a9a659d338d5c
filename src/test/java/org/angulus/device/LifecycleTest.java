package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.MessageFormat;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/** Who creates closes, once; what is closed refuses; what is left is freed with its device. */
class LifecycleTest {
    @OnEveryDevice
    void usingAClosedDeviceIsRefused(String name) {
        Device device = TestDevices.open(name);
        DeviceBuffer buffer = device.allocate(64);
        DeviceBuffer slice = buffer.slice(16, 16);
        Tensor tensor = buffer.tensor(0, Type.F32, 4);
        HostBuffer host = device.allocateHost(64);
        Event event = device.event();
        Graph graph = device.record(() -> { });
        long address = buffer.address();
        device.close();
        device.close();
        List<Runnable> uses = List.of(buffer::address, slice::address, tensor::address, device::sync, device::info, () -> device.allocate(1),
                () -> device.ops().fill(address, 4, 0), () -> device.transfers().floats(address, 1), () -> host.segment().get(ValueLayout.JAVA_BYTE, 0),
                event::sync, graph::launch, () -> device.record(() -> { }), () -> device.kernels(Op.FILL));
        for (int i = 0; i < uses.size(); i++) {
            assertThrows(IllegalStateException.class, uses.get(i)::run, "use " + i);
        }
        buffer.close();
        host.close();
        event.close();
        graph.close();
        assertFalse(device.isOpen());
    }

    @OnEveryDevice
    void usingAClosedBufferIsRefused(String name) {
        try (Device device = TestDevices.open(name)) {
            DeviceBuffer buffer = device.allocate(64);
            DeviceBuffer slice = buffer.slice(16, 32);
            long address = slice.address();
            slice.close();
            assertEquals(address, slice.address(), "closing a slice frees nothing");
            buffer.close();
            buffer.close();
            assertThrows(IllegalStateException.class, buffer::address);
            assertThrows(IllegalStateException.class, slice::address);
            DeviceException stale = assertThrows(DeviceException.class, () -> device.transfers().bytes(address, 4));
            assertTrue(stale.getMessage().endsWith("lies in no live allocation of device " + name), stale::getMessage);
            HostBuffer host = device.allocateHost(64);
            host.close();
            host.close();
            assertThrows(IllegalStateException.class, () -> host.segment().get(ValueLayout.JAVA_BYTE, 0));
        }
    }

    @OnEveryDevice
    void allocationsAreCounted(String name) {
        try (Device device = TestDevices.open(name)) {
            assertEquals(0, device.info().allocatedBytes());
            DeviceBuffer first = device.allocate(1000);
            DeviceBuffer second = device.allocate(500);
            assertEquals(0, first.address() % 256);
            assertEquals(0, second.address() % 256);
            assertEquals(1500, device.info().allocatedBytes());
            first.close();
            assertEquals(500, device.info().allocatedBytes());
            second.close();
            DeviceInfo info = device.info();
            assertEquals(0, info.allocatedBytes());
            assertEquals(1500, info.peakBytes());
            assertTrue(info.memoryBytes() > 0 && info.freeBytes() <= info.memoryBytes(), info::toString);
            assertTrue(info.threads() > 0, info::toString);
        }
    }

    /** Memory, pinned memory, events and graphs that were never closed go with their device. */
    @OnEveryDevice
    void closingTheDeviceFreesAll(String name) throws IOException {
        long before = 0;
        for (int round = 0; round < 24; round++) {
            try (Device device = TestDevices.open(name)) {
                KernelWalk.require(device, Op.FILL, Type.F32);
                boolean slow = name.equals("simt");
                DeviceBuffer buffer = device.allocate(slow ? 1 << 16 : 16 << 20);
                device.allocateHost(8 << 20).segment().fill((byte) 1);
                device.event().record(Stream.COMPUTE);
                device.record(() -> device.ops().fill(buffer.address(), buffer.bytes(), 1)).launch();
                device.sync();
            }
            before = round == 3 ? resident() : before;
        }
        long grown = resident() - before;
        assertTrue(grown < 100L << 20, () -> "the process grew by " + (grown >> 20) + " MiB over 20 devices of 24 MiB");
    }

    private static long resident() throws IOException {
        return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]) * 4096;
    }

    @OnEveryDevice
    void moreMemoryThanThereIs(String name) {
        try (Device device = TestDevices.open(name)) {
            OutOfDeviceMemoryException refused = assertThrows(OutOfDeviceMemoryException.class, () -> device.allocate(1L << 60));
            assertEquals(Status.OUT_OF_MEMORY, refused.status());
            assertTrue(refused.getMessage().contains(Long.toString(1L << 60)), refused::getMessage);
            assertEquals(0, device.info().allocatedBytes());
        }
    }

    @Test
    void twoThreadsInsideAtOnceAreRefused() throws Exception {
        try (Device device = Device.open("cpu")) {
            CountDownLatch inside = new CountDownLatch(1);
            CountDownLatch leave = new CountDownLatch(1);
            Thread first = Thread.ofPlatform().name("first").start(() -> device.status(handle -> {
                inside.countDown();
                try {
                    return leave.await(10, TimeUnit.SECONDS) ? 0 : 1;
                } catch (InterruptedException e) {
                    return 1;
                }
            }));
            inside.await();
            IllegalStateException refused = assertThrows(IllegalStateException.class, device::info);
            leave.countDown();
            first.join();
            assertEquals("device cpu is used by two threads at once: 'first' is inside and '" + Thread.currentThread().getName()
                    + "' came; give each thread its own device or let them take turns", refused.getMessage());
            assertEquals("cpu", device.info().name().split(":")[0], "the device works on");
        }
    }

    @Test
    void measuredPeakIsOfThisWorld() {
        try (Device device = Device.open("cpu")) {
            Peak peak = device.measurePeak();
            assertTrue(peak.flops() > 1e8 && peak.flops() < 1e15 && peak.bytesPerSecond() > 1e8 && peak.bytesPerSecond() < 1e14, peak::toString);
        }
    }

    @Test
    void unknownDevicesAreToldApart() {
        DeviceException unknown = assertThrows(DeviceException.class, () -> Device.open("gpu"));
        assertEquals(Status.INVALID_ARGUMENT, unknown.status());
        assertEquals("no device is called \"gpu\"; expected cpu, cpu:avx512, cpu:avx2, cpu:sse2, cpu:baseline, cuda:N or simt", unknown.getMessage());
        assertThrows(DeviceException.class, () -> Device.open("cpu:mmx"));
        assertThrows(DeviceException.class, () -> Device.open(""));
        try (Device best = Device.best()) {
            assertTrue(best.name().equals("cuda:0") || best.name().equals("cpu"));
        }
        List<String> backends = Device.backends();
        assertEquals(List.of("cpu", "cuda", "simt"), backends.stream().map(line -> line.split(":")[0]).toList());
    }

    /** A device that nobody closed is reported when it is collected, and its memory is left alone. */
    @Test
    void aLeakedDeviceIsReported() throws InterruptedException {
        BlockingQueue<String> said = new LinkedBlockingQueue<>();
        Logger logger = Logger.getLogger(Device.class.getName());
        logger.setFilter(record -> {
            said.add(MessageFormat.format(record.getMessage(), record.getParameters()));
            return false;
        });
        try {
            Device.open("cpu:baseline").allocate(64);
            String warning = null;
            for (int i = 0; i < 100 && warning == null; i++) {
                System.gc();
                warning = said.poll(50, TimeUnit.MILLISECONDS);
            }
            assertEquals("device cpu:baseline was never closed: its memory stays taken until the process ends; close it with try-with-resources", warning);
        } finally {
            logger.setFilter(null);
        }
    }

    @Test
    void tensorsAreChecked() {
        try (Device device = Device.open("cpu"); DeviceBuffer buffer = device.allocate(256)) {
            Tensor tensor = buffer.tensor(16, Type.BF16, 3, 5, 4);
            assertEquals(60, tensor.elements());
            assertEquals(120, tensor.bytes());
            assertEquals(buffer.address() + 16, tensor.address());
            assertEquals(new Matrix(15, 4, Type.BF16), tensor.matrix());
            tensor.shape()[0] = 99;
            assertEquals(3, tensor.extent(0), "the shape is a copy");
            assertEquals(tensor, buffer.tensor(16, Type.BF16, 3, 5, 4));
            assertThrows(IllegalArgumentException.class, () -> buffer.tensor(0, Type.F32, 65));
            assertThrows(IllegalArgumentException.class, () -> buffer.tensor(8, Type.F32, 1));
            assertThrows(IllegalArgumentException.class, () -> buffer.tensor(0, Type.F32, 4, 0));
            assertThrows(IllegalArgumentException.class, () -> buffer.tensor(0, Type.F32));
            assertThrows(ArithmeticException.class, () -> buffer.tensor(0, Type.F32, Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE));
            assertThrows(IndexOutOfBoundsException.class, () -> buffer.slice(200, 57));
            assertThrows(IndexOutOfBoundsException.class, () -> buffer.address(257));
        }
    }
}
