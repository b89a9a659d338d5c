package org.angulus;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.angulus.eval.FlipFusion;
import org.angulus.model.EmbeddingNetwork;

/**
 * Gathers the crops of all callers into batches for one thread, the only one that touches the device. Every caller that waits has a share of each
 * batch, so that a large request does not keep small ones waiting.
 */
final class CropBatcher {
    private static final String CLOSED = "the embedder is closed";

    private final EmbeddingNetwork network;
    private final EmbedderOptions options;
    private final Runnable release;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final ArrayDeque<EmbeddingRequest> queue = new ArrayDeque<>();
    private final Thread thread;
    private boolean closed;
    private boolean company; // whether the last batch was for several callers
    private int batches;
    private RuntimeException releaseFailure; // written before the thread ends

    /** One image of a batch. */
    private record Slot(EmbeddingRequest request, int index) {}

    /** @param release frees network and device; runs last, on the device thread */
    CropBatcher(EmbeddingNetwork network, EmbedderOptions options, Runnable release) {
        this.network = network;
        this.options = options;
        this.release = release;
        this.thread = Thread.ofPlatform().daemon().name("angulus-device").start(this::serve);
    }

    /** Whether the device thread may read a segment itself. */
    boolean reads(MemorySegment segment) {
        return segment.isAccessibleBy(thread);
    }

    /** Enqueues; an embedder that is closed fails the request. */
    void submit(EmbeddingRequest request) {
        lock.lock();
        try {
            if (closed) {
                request.fail(new IllegalStateException(CLOSED));
                return;
            }
            queue.addLast(request);
            arrived.signal();
        } catch (Error noMemory) { // told to the one who waits, whichever thread submits
            request.fail(noMemory);
        } finally {
            lock.unlock();
        }
    }

    boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    void requireOpen() {
        if (isClosed()) {
            throw new IllegalStateException(CLOSED);
        }
    }

    /** Fails what waits, lets the running batch end, frees the device. Waits for all of it, also when another thread closes; an interrupt stays set. */
    void close() {
        end();
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (releaseFailure != null) {
            throw releaseFailure;
        }
    }

    private void end() {
        lock.lock();
        try {
            closed = true;
            failWaiting(new IllegalStateException("the embedder was closed while this call waited for its embedding"));
            arrived.signal();
        } finally {
            lock.unlock();
        }
    }

    private void failWaiting(Throwable cause) {
        lock.lock();
        try {
            queue.forEach(request -> request.fail(cause));
            queue.clear();
        } finally {
            lock.unlock();
        }
    }

    private void serve() {
        List<Slot> batch = new ArrayList<>(network.largest());
        boolean taken = true;
        try {
            while (taken) {
                try {
                    taken = next(batch);
                    if (taken) {
                        run(batch);
                    }
                } catch (Throwable failure) { // also an Error: callers must not wait for ever
                    batch.forEach(slot -> slot.request().fail(failure));
                    if (batch.isEmpty()) {
                        failWaiting(failure);
                    }
                }
            }
        } finally {
            end(); // in case a defect ended the loop
            try {
                release.run();
            } catch (RuntimeException e) {
                releaseFailure = e;
            }
        }
    }

    /** Waits for crops and takes a batch of them; false when there will be no more. */
    private boolean next(List<Slot> batch) {
        batch.clear();
        lock.lock();
        try {
            while (batch.isEmpty()) {
                while (queue.isEmpty() && !closed) {
                    arrived.awaitUninterruptibly();
                }
                if (company) {
                    gather();
                }
                if (closed) {
                    return false;
                }
                take(batch);
            }
            EmbeddingRequest first = batch.getFirst().request();
            company = queue.stream().anyMatch(request -> request != first) || batch.stream().anyMatch(slot -> slot.request() != first);
            batches++;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Batches that were run so far. */
    int batches() {
        lock.lock();
        try {
            return batches;
        } finally {
            lock.unlock();
        }
    }

    /** Waits until a batch is full or the latency bound is over. */
    private void gather() {
        long left = options.latency().toNanos();
        try {
            while (left > 0 && !closed && queue.stream().mapToLong(EmbeddingRequest::left).sum() < network.largest()) {
                left = arrived.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            // The thread is this class's own and nobody's to interrupt: the batch goes early.
        }
    }

    /**
     * Deals the images of a batch out among those who wait, in turns; what is left over of a request goes behind the others. A request leaves the queue
     * when its images are in the batch, so that no Error in between loses it.
     */
    private void take(List<Slot> batch) {
        queue.removeIf(EmbeddingRequest::isDone);
        while (batch.size() < network.largest() && !queue.isEmpty()) {
            int waiting = queue.size();
            int share = Math.max(1, (network.largest() - batch.size()) / waiting);
            for (int i = 0; i < waiting && batch.size() < network.largest(); i++) {
                EmbeddingRequest request = queue.getFirst();
                for (int n = Math.min(Math.min(share, request.left()), network.largest() - batch.size()); n > 0; n--) {
                    batch.add(new Slot(request, request.take()));
                }
                queue.removeFirst();
                if (request.left() > 0) {
                    queue.addLast(request);
                }
            }
        }
    }

    private void run(List<Slot> batch) {
        MemorySegment crops = network.crops();
        for (int i = 0; i < batch.size(); i++) {
            Slot slot = batch.get(i);
            try {
                crops.asSlice((long) i * network.imageBytes(), network.imageBytes()).copyFrom(slot.request().crop(slot.index()));
            } catch (RuntimeException | Error unreadable) { // memory that its owner closed meanwhile: no fault of the other callers
                slot.request().fail(unreadable);
            }
        }
        int size = options.fixedBatch() ? network.largest() : batch.size();
        keep(batch, network.run(batch.size(), size, false), false);
        if (options.flip() != FlipFusion.NONE) {
            keep(batch, network.run(batch.size(), size, true), true);
        }
        batch.forEach(slot -> slot.request().finishOne());
    }

    private void keep(List<Slot> batch, MemorySegment raw, boolean mirrored) {
        long bytes = (long) Float.BYTES * network.embeddingSize();
        for (int i = 0; i < batch.size(); i++) {
            batch.get(i).request().put(batch.get(i).index(), raw.asSlice(i * bytes, bytes), mirrored);
        }
    }
}
