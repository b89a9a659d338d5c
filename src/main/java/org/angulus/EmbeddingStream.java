package org.angulus;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.angulus.image.RgbImage;

/**
 * The embeddings of a sequence of items, in order. Items are taken in blocks of a batch: workers decode a block side by side, the last one hands it to
 * the device, and a few blocks are under way at a time. No more is read ahead, whatever the length of the sequence and however slow the one who asks.
 */
final class EmbeddingStream<T> implements Iterator<Embedded<T>> {
    /** One with the device, one behind it, one being decoded. */
    private static final int BLOCKS = 3;

    private final Embedder embedder;
    private final Executor decoders;
    private final Iterator<? extends T> items;
    private final CropReader<? super T> reader;
    private final ArrayDeque<Block> blocks = new ArrayDeque<>();
    private final ArrayDeque<Embedded<T>> ready = new ArrayDeque<>();
    private long index;
    private boolean ended;

    EmbeddingStream(Embedder embedder, Executor decoders, Iterator<? extends T> items, CropReader<? super T> reader) {
        this.embedder = embedder;
        this.decoders = decoders;
        this.items = items;
        this.reader = reader;
    }

    /** Items that are decoded and embedded together. */
    private final class Block {
        final List<T> items;
        final byte[][] crops; // null where there is none
        final Exception[] failures;
        final EmbeddingRequest request;
        final AtomicInteger left;

        Block(List<T> items) {
            this.items = items;
            this.crops = new byte[items.size()][];
            this.failures = new Exception[items.size()];
            this.left = new AtomicInteger(items.size());
            byte[] blank = new byte[embedder.cropBytes()]; // runs in the place of a failed item, so that the others keep theirs
            this.request = embedder.request(items.size(), i -> MemorySegment.ofArray(crops[i] == null ? blank : crops[i]));
        }

        void decode(int i) {
            try {
                if (!embedder.isClosed()) {
                    RgbImage crop = reader.read(items.get(i));
                    embedder.requireSize(crop);
                    crops[i] = crop.pixels();
                }
            } catch (Exception e) {
                failures[i] = e;
            } catch (Throwable error) {
                request.fail(error);
            } finally {
                if (left.decrementAndGet() == 0) {
                    embedder.submit(request);
                }
            }
        }

        void deliver() {
            request.await();
            for (int i = 0; i < failures.length; i++) {
                Embedding embedding = failures[i] == null ? embedder.embedding(request, i) : null;
                ready.add(new Embedded<>(index++, items.get(i), embedding, failures[i]));
            }
        }
    }

    @Override
    public boolean hasNext() {
        if (!ready.isEmpty()) {
            return true;
        }
        while (!ended && blocks.size() < BLOCKS) {
            List<T> part = new ArrayList<>();
            while (part.size() < embedder.largestBatch() && items.hasNext()) {
                part.add(items.next());
            }
            if (part.isEmpty()) {
                ended = true;
            } else {
                start(part);
            }
        }
        if (blocks.isEmpty()) {
            return false;
        }
        blocks.getFirst().deliver();
        blocks.removeFirst();
        return true;
    }

    private void start(List<T> part) {
        Block block = new Block(part);
        blocks.addLast(block);
        for (int i = 0; i < part.size(); i++) {
            int item = i;
            try {
                decoders.execute(() -> block.decode(item));
            } catch (RejectedExecutionException closed) {
                embedder.submit(block.request); // which fails it with the reason
                return;
            } catch (Error noThread) {
                block.request.fail(noThread);
                return;
            }
        }
    }

    @Override
    public Embedded<T> next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the stream has no more items");
        }
        return ready.removeFirst();
    }

    /** Forgets what is under way. */
    void cancel() {
        ended = true;
        ready.clear();
        blocks.forEach(block -> block.request.fail(new IllegalStateException("the stream is closed")));
        blocks.clear();
    }
}
