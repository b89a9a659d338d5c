package org.angulus.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.Cleaner;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.angulus.device.ffi.Angulus;
import org.angulus.device.ffi.ag_device_info;
import org.angulus.device.ffi.ag_fault;
import org.angulus.device.ffi.ag_peak;

/**
 * A processor or card that runs ops. Used by one thread at a time: a second thread inside at the same moment is an IllegalStateException. Ops enqueue and
 * return; methods that say so wait. Using a closed device is an IllegalStateException.
 */
public final class Device implements AutoCloseable {
    private static final Cleaner CLEANER = Cleaner.create(Thread.ofPlatform().daemon().name("angulus-device-leaks").factory());
    private static final VarHandle INSIDE;
    private static final long MESSAGE_BYTES = 1024;

    static {
        try {
            INSIDE = MethodHandles.lookup().findVarHandle(Device.class, "inside", Thread.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** A native call with this device's handle; gives the status. */
    @FunctionalInterface
    interface Call {
        int with(MemorySegment handle);
    }

    private final String name;
    private final MemorySegment handle;
    private final Structs structs = new Structs();
    private final Ops ops = new Ops(this);
    private final Transfers transfers = new Transfers(this);
    private final Set<HostBuffer> hostBuffers = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean closed;
    private volatile boolean recording;
    @SuppressWarnings("unused") // by INSIDE
    private volatile Thread inside;

    private Device(String name, MemorySegment handle) {
        this.name = name;
        this.handle = handle;
        AtomicBoolean flag = new AtomicBoolean();
        closed = flag;
        CLEANER.register(this, () -> warn(name, flag));
    }

    private static void warn(String name, AtomicBoolean closed) {
        if (!closed.get()) {
            System.getLogger(Device.class.getName()).log(System.Logger.Level.WARNING,
                    "device {0} was never closed: its memory stays taken until the process ends; close it with try-with-resources", name);
        }
    }

    /**
     * Opens a device.
     *
     * @param name "cpu" (the best instruction set here), "cpu:avx512", "cpu:avx2", "cpu:sse2", "cpu:baseline" (plain kernels), "cuda:N", "simt"
     * @throws NativeLibraryException when the native library cannot be used
     * @throws DeviceUnavailableException when there is no such device here; the message says why
     */
    public static Device open(String name) {
        NativeLibrary.require();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            MemorySegment message = arena.allocate(MESSAGE_BYTES);
            int status = Angulus.ag_device_open(arena.allocateFrom(name), out, message, MESSAGE_BYTES);
            if (status != Angulus.AG_OK()) {
                throw DeviceException.of(status, message.getString(0));
            }
            return new Device(name, out.get(ValueLayout.ADDRESS, 0));
        }
    }

    /** The first card, or without one the processor. */
    public static Device best() {
        try {
            return open("cuda:0");
        } catch (DeviceUnavailableException e) {
            return open("cpu");
        }
    }

    /** One line for each backend: ready, or not and why. */
    public static List<String> backends() {
        NativeLibrary.require();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(8 * MESSAGE_BYTES);
            int status = Angulus.ag_backends(text, text.byteSize());
            if (status != Angulus.AG_OK()) {
                throw DeviceException.of(status, "the native library could not list its backends");
            }
            return text.getString(0).lines().toList();
        }
    }

    /** The name it was opened with. */
    public String name() {
        return name;
    }

    /** The ops of this device. */
    public Ops ops() {
        return ops;
    }

    /** What the device is and holds now. */
    public DeviceInfo info() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = ag_device_info.allocate(arena);
            call(device -> Angulus.ag_device_query(device, info));
            return new DeviceInfo(ag_device_info.name(info).getString(0), ag_device_info.description(info).getString(0),
                    ag_device_info.isa(info).getString(0), ag_device_info.memory_bytes(info), ag_device_info.free_bytes(info),
                    ag_device_info.allocated_bytes(info), ag_device_info.peak_bytes(info), ag_device_info.threads(info));
        }
    }

    /** Whether it is the processor, which has workers and whose memory others use too; a card has neither. */
    public boolean isProcessor() {
        return name().startsWith("cpu");
    }

    /** Sets the number of workers, 1 to 256; waits. Results keep their bits. */
    public void setThreads(int threads) {
        call(device -> Angulus.ag_device_set_threads(device, threads));
    }

    /** Measures the roof of this device; waits about 0.2 s. */
    public Peak measurePeak() {
        MemorySegment out = structs.result();
        call(device -> Angulus.ag_device_measure(device, out));
        return new Peak(ag_peak.flops(out), ag_peak.bytes_per_second(out));
    }

    /** Takes device memory; its contents are undefined. */
    public DeviceBuffer allocate(long bytes) {
        MemorySegment out = structs.result();
        call(device -> Angulus.ag_alloc(device, bytes, out));
        return new DeviceBuffer(this, null, out.get(ValueLayout.JAVA_LONG, 0), bytes);
    }

    /** Takes host memory that this device reads directly; its contents are undefined. */
    public HostBuffer allocateHost(long bytes) {
        MemorySegment out = structs.result();
        call(device -> Angulus.ag_host_alloc(device, bytes, out));
        HostBuffer buffer = new HostBuffer(this, out.get(ValueLayout.ADDRESS, 0), bytes);
        hostBuffers.add(buffer);
        return buffer;
    }

    /** Copies between host and device. */
    public Transfers transfers() {
        return transfers;
    }

    /** A new event. */
    public Event event() {
        MemorySegment out = structs.result();
        call(device -> Angulus.ag_event_create(device, out));
        return new Event(this, out.get(ValueLayout.JAVA_LONG, 0));
    }

    /**
     * Waits until both streams are empty.
     *
     * @throws DeviceFaultException when a kernel met bad data since the last waiting call
     */
    public void sync() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment fault = ag_fault.allocate(arena);
            int status = status(device -> Angulus.ag_sync(device, fault));
            if (status == Angulus.AG_DEVICE_FAULT()) {
                Fault met = new Fault(faultCode(ag_fault.code(fault)), Op.words(ag_fault.op(fault)), ag_fault.index(fault), ag_fault.step(fault));
                throw new DeviceFaultException("device " + name + ": " + met.words(), met);
            }
            check(status);
        }
    }

    private static Fault.Code faultCode(int code) {
        Fault.Code[] codes = Fault.Code.values();
        return code >= 0 && code < codes.length ? codes[code] : Fault.Code.NONE;
    }

    /**
     * Records what {@code ops} enqueues; nothing of it runs. Waiting, allocation, free, transfers and events are refused meanwhile.
     *
     * @throws RuntimeException what {@code ops} throws; the recording is forgotten
     */
    public Graph record(Runnable ops) {
        call(Angulus::ag_graph_begin);
        recording = true;
        boolean complete = false;
        try {
            ops.run();
            complete = true;
        } finally {
            recording = false;
            if (!complete) {
                status(Angulus::ag_graph_abort);
            }
        }
        MemorySegment out = structs.result();
        call(device -> Angulus.ag_graph_end(device, out));
        return new Graph(this, out.get(ValueLayout.ADDRESS, 0));
    }

    /**
     * Checks that networks can be trained here with their activations stored in a type. Every device embeds in every type.
     *
     * @throws DeviceUnavailableException when this device has no kernels for it; one sentence says what to do
     */
    public void requireTraining(Type type) {
        try {
            for (Direction direction : Direction.values()) {
                ops.conv2dPlan(Conv2dShape.linear(1, 1, 1, type), direction, Epilogue.NONE);
            }
        } catch (DeviceUnavailableException none) {
            throw new DeviceUnavailableException("device " + name + " does not train in precision " + type.words() + "; choose precision "
                    + Type.F32.words() + ", or a card such as cuda:0");
        }
    }

    /**
     * Checks that int8 models run here.
     *
     * @throws DeviceUnavailableException when this device has no kernels for them; one sentence says what to do
     */
    public void requireInt8() {
        if (kernels(Op.INT8_CONV2D).isEmpty()) {
            throw new DeviceUnavailableException("device " + name + " has no int8 kernels; use the device cpu, or a model in f32");
        }
    }

    /** The kernels of an op, fastest first, the plain one last; empty when this device has no such op. */
    public List<String> kernels(Op op) {
        MemorySegment count = structs.result();
        call(device -> Angulus.ag_kernel_count(device, op.code(), count));
        int kernels = count.get(ValueLayout.JAVA_INT, 0);
        List<String> names = new ArrayList<>(kernels);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(MESSAGE_BYTES);
            for (int i = 0; i < kernels; i++) {
                int kernel = i;
                call(device -> Angulus.ag_kernel_name(device, op.code(), kernel, text, MESSAGE_BYTES));
                names.add(text.getString(0));
            }
        }
        return names;
    }

    /** Makes every call of {@code op} take this kernel; -1: choose again. Convolutions name theirs in the plan instead. For tests and benchmarks. */
    public void forceKernel(Op op, int kernel) {
        call(device -> Angulus.ag_kernel_force(device, op.code(), kernel));
    }

    /** Whether it is not closed. */
    public boolean isOpen() {
        return !closed.get();
    }

    /**
     * Waits for the device and frees all that was taken from it. Does nothing the second time.
     *
     * @throws IllegalStateException while recording: the device stays open
     */
    @Override
    public void close() {
        requireNotRecording("closing the device");
        if (!isOpen()) {
            return;
        }
        enter();
        int status;
        try {
            closed.set(true);
            hostBuffers.forEach(HostBuffer::end);
            status = Angulus.ag_device_close(handle);
        } finally {
            leave();
        }
        if (status != Angulus.AG_OK()) {
            throw DeviceException.of(status, "device " + name + " was closed, but its last work had failed (status " + Status.of(status) + ")");
        }
    }

    @Override
    public String toString() {
        return name;
    }

    /** Makes a native call and turns a failure into an exception with the library's words. */
    void call(Call call) {
        check(status(call));
    }

    Structs structs() {
        return structs;
    }

    void requireOpen() {
        if (!isOpen()) {
            throw new IllegalStateException("device " + name + " is closed");
        }
    }

    void requireNotRecording(String what) {
        if (recording) {
            throw new IllegalStateException(what + " is not allowed while recording on device " + name);
        }
    }

    void free(long address) {
        call(device -> Angulus.ag_free(device, address));
    }

    void freeHost(HostBuffer buffer, MemorySegment pointer) {
        hostBuffers.remove(buffer);
        call(device -> Angulus.ag_host_free(device, pointer));
    }

    /** Makes a native call and gives its status. */
    int status(Call call) {
        enter();
        try {
            return call.with(handle);
        } finally {
            leave();
        }
    }

    private void check(int status) {
        if (status != Angulus.AG_OK()) {
            throw failure(status);
        }
    }

    private DeviceException failure(int status) {
        String[] words = new String[1];
        status(device -> {
            words[0] = Angulus.ag_last_error(device).reinterpret(Long.MAX_VALUE).getString(0);
            return Angulus.AG_OK();
        });
        return DeviceException.of(status, words[0]);
    }

    private void enter() {
        Thread self = Thread.currentThread();
        Thread other = (Thread) INSIDE.compareAndExchange(this, (Thread) null, self);
        if (other != null) {
            throw new IllegalStateException("device " + name + " is used by two threads at once: '" + other.getName() + "' is inside and '"
                    + self.getName() + "' came; give each thread its own device or let them take turns");
        }
        if (closed.get()) {
            leave();
            throw new IllegalStateException("device " + name + " is closed");
        }
    }

    private void leave() {
        INSIDE.setRelease(this, (Thread) null);
    }
}
