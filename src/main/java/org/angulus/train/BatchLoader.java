package org.angulus.train;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.angulus.device.Device;
import org.angulus.device.Event;
import org.angulus.device.HostBuffer;
import org.angulus.device.StepScalars;
import org.angulus.device.Stream;
import org.angulus.image.Grey;
import org.angulus.train.TrainingBuffers.InputBlock;

/**
 * Fills batches ahead of the device. A ring of slots, each with host memory that the device reads and a device block: worker threads fill host
 * memory, the copy stream brings it to the slot's block while earlier steps run, and the compute stream copies that into the block the graphs read.
 * A slot is filled again when the device has passed its last use.
 */
final class BatchLoader implements AutoCloseable {
    private final Device device;
    private final BatchSource source;
    private final TrainingBuffers buffers;
    private final int n;
    private final List<Slot> slots = new ArrayList<>();
    private final ExecutorService workers;
    private long nextTaken;
    private long nextFilled;
    private long waitedNanos;

    /** {@code uploaded}: the copy stream has read the host memory; {@code consumed}: the compute stream has read block and scalars. */
    private static final class Slot {
        final HostBuffer host;
        final Event uploaded;
        final Event consumed;
        Future<?> filled;

        Slot(HostBuffer host, Event uploaded, Event consumed) {
            this.host = host;
            this.uploaded = uploaded;
            this.consumed = consumed;
        }
    }

    /** @param micro number of the first micro-batch that will be taken */
    BatchLoader(Device device, BatchSource source, TrainingBuffers buffers, int n, int threads, long micro) {
        this.device = device;
        this.source = source;
        this.buffers = buffers;
        this.n = n;
        for (int i = 0; i < buffers.slots.length; i++) {
            HostBuffer host = device.allocateHost(buffers.inputBlock.bytes() + StepScalars.BYTES);
            slots.add(new Slot(host, device.event(), device.event()));
        }
        workers = Executors.newFixedThreadPool(threads, task -> Thread.ofPlatform().daemon().name("angulus-batches").unstarted(task));
        nextTaken = micro;
        nextFilled = micro;
        while (nextFilled < micro + slots.size()) {
            fillNext();
        }
    }

    private void fillNext() {
        long micro = nextFilled++;
        Slot slot = slot(micro);
        MemorySegment memory = slot.host.segment();
        InputBlock block = buffers.inputBlock;
        var batch = new BatchSource.Batch(
                n,
                memory.asSlice(block.images(), 3L * n * source.height() * source.width()),
                memory.asSlice(block.labels(), 4L * n),
                memory.asSlice(block.flips(), n),
                block.isNumbered() ? memory.asSlice(block.numbers(), 4L * n) : null);
        slot.filled = workers.submit(() -> {
            source.fill(micro * n, batch);
            if (buffers.channels == 1) {
                Grey.of(batch.images(), batch.images(), (long) n * source.height() * source.width());
            }
            checkLabels(batch, micro * n);
            return null;
        });
    }

    private void checkLabels(BatchSource.Batch batch, long position) {
        for (int i = 0; i < n; i++) {
            int label = batch.labels().getAtIndex(ValueLayout.JAVA_INT, i);
            if (label < 0 || label >= source.classes()) {
                throw new IllegalArgumentException("The label " + label + " of example " + (position + i) + " is outside [0, " + source.classes()
                        + "); number the people of the training set from 0.");
            }
        }
    }

    /** Enqueues the next micro-batch and its scalars, so that the graphs read them. Waits for the workers, and for a slot that the device still uses. */
    void send(StepScalars scalars) throws IOException {
        Slot slot = slot(nextTaken);
        long begin = System.nanoTime();
        await(slot.filled);
        waitedNanos += System.nanoTime() - begin;
        long bytes = buffers.inputBlock.bytes();
        scalars.write(slot.host.segment(), bytes);
        long block = buffers.slots[(int) (nextTaken % slots.size())];
        slot.consumed.await(Stream.COPY);
        device.transfers().enqueue(Stream.COPY, block, slot.host, 0, bytes);
        slot.uploaded.record(Stream.COPY);
        slot.uploaded.await(Stream.COMPUTE);
        device.ops().copy(buffers.input, block, bytes);
        device.transfers().enqueue(Stream.COMPUTE, buffers.scalars, slot.host, bytes, StepScalars.BYTES);
        slot.consumed.record(Stream.COMPUTE);
        nextTaken++;
    }

    /** Lets the workers fill what the device has finished with. Called after the step that used the last batch is enqueued: waits for the one before. */
    void refill() {
        while (nextFilled < nextTaken + slots.size() - 1) {
            slot(nextFilled).consumed.sync();
            fillNext();
        }
    }

    /** Time for which {@link #send} waited for the workers since the last call. */
    long takeWaitedNanos() {
        long waited = waitedNanos;
        waitedNanos = 0;
        return waited;
    }

    private Slot slot(long micro) {
        return slots.get((int) (micro % slots.size()));
    }

    private static void await(Future<?> filled) throws IOException {
        try {
            filled.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException problem -> throw new IOException(problem.getMessage(), problem);
                case RuntimeException problem -> throw problem;
                case Error problem -> throw problem;
                default -> throw new IllegalStateException(e.getCause());
            }
        } catch (InterruptedException | CancellationException e) {
            Thread.currentThread().interrupt();
            throw new IOException("The run was interrupted while it waited for a batch.", e);
        }
    }

    /** Waits for the workers and the device, then frees the slots. */
    @Override
    public void close() {
        workers.shutdownNow();
        workers.close();
        if (!device.isOpen()) {
            return;
        }
        try {
            device.sync();
        } finally {
            for (Slot slot : slots) {
                slot.uploaded.close();
                slot.consumed.close();
                slot.host.close();
            }
        }
    }
}
