package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** Uploads from pinned memory, streams and events. */
class TransfersTest {
    private static final int FLOATS = 256;
    private static final long BYTES = 4L * FLOATS;

    /** A loader's ring: uploads on the copy stream, a copy on the compute stream that waits for them, and the slot's next upload waits for that copy. */
    @OnEveryDevice
    void ringOfUploads(String name) {
        try (Device device = TestDevices.open(name); DeviceBuffer slots = device.allocate(2 * BYTES); DeviceBuffer sum = device.allocate(BYTES);
                HostBuffer host = device.allocateHost(2 * BYTES)) {
            KernelWalk.require(device, Op.ADD, Type.F32);
            device.ops().fill(sum.address(), BYTES, 0);
            Event[] uploaded = {device.event(), device.event()};
            Event[] consumed = {device.event(), device.event()};
            for (int step = 0; step < 7; step++) {
                int slot = step % 2;
                uploaded[slot].sync(); // an event that was never recorded is passed at once
                MemorySegment memory = host.segment().asSlice(slot * BYTES, BYTES);
                for (int i = 0; i < FLOATS; i++) {
                    memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, step * i);
                }
                consumed[slot].await(Stream.COPY);
                device.transfers().enqueue(Stream.COPY, slots.address(slot * BYTES), host, slot * BYTES, BYTES);
                uploaded[slot].record(Stream.COPY);
                uploaded[slot].await(Stream.COMPUTE);
                device.ops().add(Type.F32, FLOATS, slots.address(slot * BYTES), sum.address(), sum.address());
                consumed[slot].record(Stream.COMPUTE);
            }
            float[] expected = new float[FLOATS];
            for (int i = 0; i < FLOATS; i++) {
                expected[i] = 21 * i;
            }
            assertArrayEquals(expected, device.transfers().floats(sum.address(), FLOATS));
            assertTrue(consumed[0].secondsSince(uploaded[1]) > 0);
            Arrays.stream(uploaded).forEach(Event::close);
            assertThrows(IllegalStateException.class, uploaded[0]::sync);
        }
    }

    @OnEveryDevice
    void elapsedNeedsRecordedEvents(String name) {
        try (Device device = TestDevices.open(name); Event start = device.event(); Event end = device.event()) {
            start.record(Stream.COMPUTE);
            DeviceException refused = assertThrows(DeviceException.class, () -> end.secondsSince(start));
            assertEquals(Status.INVALID_STATE, refused.status());
            assertEquals("ag_event_elapsed: end was never recorded; call ag_event_record first", refused.getMessage());
        }
    }

    @OnEveryDevice
    void hostSliceIsChecked(String name) {
        try (Device device = TestDevices.open(name); HostBuffer host = device.allocateHost(64); DeviceBuffer buffer = device.allocate(64)) {
            assertThrows(IndexOutOfBoundsException.class, () -> device.transfers().enqueue(Stream.COPY, buffer.address(), host, 60, 8));
            assertThrows(IllegalArgumentException.class, () -> device.transfers().upload(buffer.address(), MemorySegment.ofArray(new byte[8])));
        }
    }

    /** An event that was recorded in both streams has passed when the later record has, in whichever order the streams ran. */
    @OnEveryDevice
    void anEventRecordedInBothStreams(String name) {
        try (Device device = TestDevices.open(name); DeviceBuffer memory = device.allocate(256); HostBuffer host = device.allocateHost(256); Event event = device.event()) {
            for (byte round = 1; round <= 20; round++) {
                host.segment().fill(round);
                event.record(Stream.COPY);
                event.record(Stream.COMPUTE);
                event.await(Stream.COPY);
                device.transfers().enqueue(Stream.COPY, memory.address(), host, 0, 256);
                device.sync();
                assertEquals(round, device.transfers().bytes(memory.address(), 1)[0]);
            }
        }
    }
}
