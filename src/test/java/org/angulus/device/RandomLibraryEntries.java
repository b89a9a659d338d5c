package org.angulus.device;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import org.angulus.device.ffi.Angulus;

/** For each entry point that is no op, a call with arguments from {@link RandomCall}: memory, transfers, events, graphs, kernels, devices. */
final class RandomLibraryEntries {
    private static final int MOST = 8;
    private static final String[] NAMES = {"cpu", "cpu:baseline", "cpu:avx2", "", "gpu", "cpu:", ":", "cuda:-1", "cuda:99", "cuda:x", "simt:1", "cpu:avx512:1",
            "\u00e9\u20ac", "cpu ", "x".repeat(3000)};

    private final Deque<Long> allocations = new ArrayDeque<>();
    private final Deque<MemorySegment> hosts = new ArrayDeque<>();
    private final Deque<Long> events = new ArrayDeque<>();
    private final Deque<MemorySegment> graphs = new ArrayDeque<>();
    private final HostBuffer pinned;

    RandomLibraryEntries(Device device) {
        pinned = device.allocateHost(4096);
    }

    private long event(RandomCall g) {
        return events.isEmpty() ? g.number(7L) : g.number(events.peekFirst());
    }

    /** A pointer that is only compared, never followed: any number will do. */
    private static MemorySegment handle(RandomCall g, MemorySegment right) {
        return MemorySegment.ofAddress(g.number(right.address()));
    }

    Map<String, RandomEntries.Entry> all() {
        Map<String, RandomEntries.Entry> all = new LinkedHashMap<>();
        memory(all);
        transfers(all);
        events(all);
        graphs(all);
        library(all);
        return all;
    }

    private void memory(Map<String, RandomEntries.Entry> all) {
        all.put("ag_alloc", (g, h) -> {
            MemorySegment out = g.memory(8);
            if (allocations.size() >= MOST) {
                return Angulus.ag_free(h, allocations.pollFirst());
            }
            // Never between 64 KiB and an exabyte: memory that the machine has is not this test's to take.
            long bytes = g.number((long) g.size(5000));
            bytes = bytes > 1 << 16 ? 1L << 60 | bytes : bytes;
            int status = Angulus.ag_alloc(h, bytes, g.pointer(out));
            if (status == 0) {
                allocations.addLast(out.get(ValueLayout.JAVA_LONG, 0));
            }
            return status;
        });
        all.put("ag_free", (g, h) -> {
            if (allocations.isEmpty()) {
                return Angulus.ag_free(h, g.random().nextLong());
            }
            long right = allocations.peekFirst();
            long address = g.number(right);
            int status = Angulus.ag_free(h, address);
            if (status == 0 && address == right) {
                allocations.pollFirst();
            }
            return status;
        });
        all.put("ag_host_alloc", (g, h) -> {
            if (hosts.size() >= MOST) {
                return Angulus.ag_host_free(h, hosts.pollFirst());
            }
            MemorySegment out = g.memory(8);
            long bytes = g.number((long) g.size(5000));
            bytes = bytes > 1 << 16 ? 1L << 60 | bytes : bytes;
            int status = Angulus.ag_host_alloc(h, bytes, g.pointer(out));
            if (status == 0) {
                hosts.addLast(out.get(ValueLayout.ADDRESS, 0));
            }
            return status;
        });
        all.put("ag_host_free", (g, h) -> {
            MemorySegment right = hosts.isEmpty() ? MemorySegment.NULL : hosts.peekFirst();
            MemorySegment pointer = handle(g, right);
            int status = Angulus.ag_host_free(h, pointer);
            if (status == 0) {
                hosts.pollFirst();
            }
            return status;
        });
    }

    private void transfers(Map<String, RandomEntries.Entry> all) {
        all.put("ag_upload", (g, h) -> {
            long bytes = g.size(4096);
            MemorySegment source = MemorySegment.ofAddress(g.number(pinned.segment().address()));
            return Angulus.ag_upload(h, g.choice(2), g.address(bytes), source, g.number(bytes));
        });
        // Any host memory: 16 KiB of it, no less than an allocation of the pool holds.
        all.put("ag_upload_sync", (g, h) -> {
            long bytes = g.size(4096);
            return Angulus.ag_upload_sync(h, g.address(bytes), g.pointer(g.memory(16 << 10)), g.number(bytes));
        });
        all.put("ag_download", (g, h) -> {
            long bytes = g.size(4096);
            return Angulus.ag_download(h, g.pointer(g.memory(16 << 10)), g.address(bytes), g.number(bytes));
        });
        all.put("ag_sync", (g, h) -> Angulus.ag_sync(h, g.pointer(g.memory(24))));
    }

    private void events(Map<String, RandomEntries.Entry> all) {
        all.put("ag_event_create", (g, h) -> {
            MemorySegment out = g.memory(8);
            if (events.size() >= MOST) {
                return Angulus.ag_event_destroy(h, events.pollFirst());
            }
            int status = Angulus.ag_event_create(h, g.pointer(out));
            if (status == 0) {
                events.addLast(out.get(ValueLayout.JAVA_LONG, 0));
            }
            return status;
        });
        all.put("ag_event_destroy", (g, h) -> {
            long event = event(g);
            int status = Angulus.ag_event_destroy(h, event);
            if (status == 0) {
                events.remove(event);
            }
            return status;
        });
        all.put("ag_event_record", (g, h) -> Angulus.ag_event_record(h, event(g), g.choice(2)));
        all.put("ag_event_wait", (g, h) -> Angulus.ag_event_wait(h, event(g), g.choice(2)));
        all.put("ag_event_sync", (g, h) -> Angulus.ag_event_sync(h, event(g)));
        all.put("ag_event_elapsed", (g, h) -> Angulus.ag_event_elapsed(h, event(g), event(g), g.pointer(g.memory(8))));
    }

    private void graphs(Map<String, RandomEntries.Entry> all) {
        all.put("ag_graph_begin", (g, h) -> g.random().nextInt(3) == 0 ? Angulus.ag_graph_begin(h) : Angulus.ag_graph_abort(h));
        RandomEntries.Entry end = (g, h) -> {
            MemorySegment out = g.memory(8);
            int status = Angulus.ag_graph_end(h, g.pointer(out));
            if (status == 0) {
                graphs.addLast(out.get(ValueLayout.ADDRESS, 0));
            }
            return status;
        };
        all.put("ag_graph_end", end);
        all.put("ag_graph_end again", end);
        all.put("ag_graph_abort", (g, h) -> Angulus.ag_graph_abort(h));
        all.put("ag_graph_launch", (g, h) -> Angulus.ag_graph_launch(h, handle(g, graphs.isEmpty() ? MemorySegment.NULL : graphs.peekLast())));
        all.put("ag_graph_destroy", (g, h) -> {
            if (graphs.size() < MOST && g.random().nextBoolean()) {
                return Angulus.ag_graph_destroy(h, handle(g, MemorySegment.NULL));
            }
            MemorySegment graph = graphs.isEmpty() ? MemorySegment.NULL : graphs.peekFirst();
            int status = Angulus.ag_graph_destroy(h, graph);
            if (status == 0) {
                graphs.pollFirst();
            }
            return status;
        });
    }

    private void library(Map<String, RandomEntries.Entry> all) {
        all.put("ag_device_query", (g, h) -> Angulus.ag_device_query(h, g.pointer(g.memory(328))));
        all.put("ag_device_set_threads", (g, h) -> {
            int threads = g.number(g.size(4));
            return Angulus.ag_device_set_threads(h, threads > 8 && threads <= 256 ? 8 : threads);
        });
        all.put("ag_kernel_count", (g, h) -> Angulus.ag_kernel_count(h, g.choice(30), g.pointer(g.memory(8))));
        all.put("ag_kernel_name", (g, h) -> Angulus.ag_kernel_name(h, g.choice(30), g.number(0), g.pointer(g.memory(64)),
                Math.min(64, g.number(64L))));
        all.put("ag_kernel_force", (g, h) -> Angulus.ag_kernel_force(h, g.choice(30), g.number(-1)));
        all.put("ag_workspace_bytes", (g, h) -> Angulus.ag_workspace_bytes(h, g.choice(30), g.number((long) g.size(9999)), g.number((long) g.size(999)),
                g.number((long) g.size(99)), g.pointer(g.memory(8))));
        all.put("ag_device_open", (g, h) -> {
            MemorySegment out = g.memory(8);
            MemorySegment name = g.pointer(java.lang.foreign.Arena.ofAuto().allocateFrom(NAMES[g.random().nextInt(NAMES.length)]));
            MemorySegment message = g.memory(128);
            int status = Angulus.ag_device_open(name, g.pointer(out), message, Math.min(128, g.number(128L)));
            return status == 0 ? Angulus.ag_device_close(out.get(ValueLayout.ADDRESS, 0)) : status;
        });
        all.put("a device handle that is none", (g, h) -> {
            long number = g.random().nextInt(4) == 0 ? 0 : g.random().nextLong();
            MemorySegment none = MemorySegment.ofAddress(number == h.address() ? 0 : number);
            return g.random().nextBoolean() ? Angulus.ag_sync(none, MemorySegment.NULL) : Angulus.ag_device_close(none);
        });
    }
}
