package org.angulus;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.angulus.device.Device;
import org.angulus.device.NativeLibrary;
import org.angulus.eval.FlipFusion;
import org.angulus.image.Fit;
import org.angulus.image.ImageDecoder;
import org.angulus.image.ImageException;
import org.angulus.image.RgbImage;
import org.angulus.model.EmbeddingNetwork;
import org.angulus.model.ModelMetadata;
import org.angulus.model.SafeTensors;

/**
 * A model that turns aligned face crops into {@link Embedding}s. Any number of threads, platform or virtual, may call one embedder: their crops are
 * gathered into batches for its device, and each caller has a share of every batch. The same crop gives the same bits at any place of a batch
 * ({@link EmbedderOptions#fixedBatch} makes them the same in batches of any size).
 *
 * <p>A crop is u8 RGB of exactly the size that the model was trained with, (height, width, 3), cut the way its training crops were
 * ({@link ModelMetadata#aligner}); channel order and normalisation are done here, as the model file says. Nothing is resized: that would hide a missing
 * alignment. The name {@code embed(photo)}, for whole photographs, is reserved for the time when faces are also detected here.
 *
 * <p>A thread that is interrupted while it waits gets an {@link org.angulus.device.AngulusException} and keeps its interrupt flag. After {@link #close}
 * every call, also one that waits, ends with an IllegalStateException.
 */
public final class Embedder implements AutoCloseable {
    /** Batches of a long raw request that wait at a time: bounds its memory. */
    private static final int BATCHES_AT_A_TIME = 16;

    private final ModelMetadata metadata;
    private final EmbedderOptions options;
    private final CropBatcher batcher;
    private final ExecutorService decoders;
    private final int largestBatch;
    private final int dimension;

    private Embedder(ModelMetadata metadata, EmbedderOptions options, Device device, boolean ownsDevice, EmbeddingNetwork network) {
        this.metadata = metadata;
        this.options = options;
        this.largestBatch = network.largest();
        this.dimension = network.embeddingSize();
        this.batcher = new CropBatcher(network, options, () -> release(device, ownsDevice, network));
        this.decoders = Executors.newFixedThreadPool(
                Runtime.getRuntime().availableProcessors(), task -> Thread.ofPlatform().daemon().name("angulus-decode").unstarted(task));
    }

    /**
     * Opens a model on the best device of this machine.
     *
     * @param model a file of weights that says how it was made ({@code .safetensors}, written by {@code angulus train})
     * @throws IOException when the file is missing, damaged or no such model; one sentence says which and what to do
     * @throws org.angulus.device.NativeLibraryException when the native library cannot be used
     */
    public static Embedder open(Path model) throws IOException {
        return open(model, EmbedderOptions.DEFAULT);
    }

    /**
     * Opens a model on a device.
     *
     * @param device "cpu", "cuda:0", ... ({@link Device#open})
     * @throws org.angulus.device.DeviceUnavailableException when there is no such device here; the message says why
     */
    public static Embedder open(Path model, String device) throws IOException {
        return open(model, EmbedderOptions.DEFAULT.withDevice(device));
    }

    /** Opens a model as {@code options} say. */
    public static Embedder open(Path model, EmbedderOptions options) throws IOException {
        CompletableFuture.runAsync(NativeLibrary::require); // while the file is opened; the device waits for it and tells what went wrong
        try (SafeTensors tensors = SafeTensors.open(model)) {
            ModelMetadata metadata = ModelMetadata.of(tensors);
            Device device = options.device() == null ? Device.best() : Device.open(options.device());
            return open(tensors, metadata, options, device, true);
        }
    }

    /**
     * Opens a model on a device that is already open. The device is the embedder's alone until the embedder is closed, and stays open then.
     *
     * @param options its device is not looked at
     */
    public static Embedder open(Path model, Device device, EmbedderOptions options) throws IOException {
        try (SafeTensors tensors = SafeTensors.open(model)) {
            return open(tensors, ModelMetadata.of(tensors), options, device, false);
        }
    }

    private static Embedder open(SafeTensors tensors, ModelMetadata metadata, EmbedderOptions options, Device device, boolean ownsDevice) throws IOException {
        boolean opened = false;
        try {
            if (options.threads() > 0 && device.isProcessor()) {
                device.setThreads(options.threads());
            }
            EmbeddingNetwork network = EmbeddingNetwork.load(device, tensors, metadata, options.largestBatch(), options.precision());
            opened = true;
            return new Embedder(metadata, options, device, ownsDevice, network);
        } finally {
            if (!opened && ownsDevice) {
                device.close();
            }
        }
    }

    private static void release(Device device, boolean ownsDevice, EmbeddingNetwork network) {
        try {
            network.close();
        } finally {
            if (ownsDevice) {
                device.close();
            }
        }
    }

    /** What the model file says of itself. */
    public ModelMetadata metadata() {
        return metadata;
    }

    /** How it was opened. */
    public EmbedderOptions options() {
        return options;
    }

    /** Rows of a crop. */
    public int cropHeight() {
        return metadata.network().height();
    }

    /** Columns of a crop. */
    public int cropWidth() {
        return metadata.network().width();
    }

    /** Bytes of a crop: 3 x height x width. */
    public int cropBytes() {
        return RgbImage.CHANNELS * cropHeight() * cropWidth();
    }

    /** Numbers of an embedding. */
    public int embeddingSize() {
        return dimension * (options.flip() == FlipFusion.CONCAT ? 2 : 1);
    }

    /** Images that run at one time at most: {@link EmbedderOptions#largestBatch}, rounded up to a power of two. */
    public int largestBatch() {
        return largestBatch;
    }

    /**
     * Embeds one aligned crop; waits.
     *
     * @throws IllegalArgumentException when it has not exactly the model's size; names both sizes
     */
    public Embedding embedCrop(RgbImage crop) {
        requireSize(crop);
        return embedRaw(MemorySegment.ofArray(crop.pixels()));
    }

    /** Embeds one aligned crop of u8 RGB samples, (height, width, 3), exactly {@link #cropBytes}. */
    public Embedding embedCrop(byte[] rgb) {
        if (rgb.length != cropBytes()) {
            throw new IllegalArgumentException("the crop has " + rgb.length + " bytes where this model takes 3 x " + cropHeight() + " x " + cropWidth() + " = "
                    + cropBytes() + "; give u8 RGB samples of exactly that size");
        }
        return embedRaw(MemorySegment.ofArray(rgb));
    }

    /**
     * Embeds one aligned crop in a JPEG, PNG, BMP or PGM file.
     *
     * @throws ImageException when it cannot be read, or has not exactly the model's size; names the file and both sizes
     */
    public Embedding embedCrop(Path file) throws ImageException {
        batcher.requireOpen();
        return embedCrop(read(file));
    }

    /** Embeds several aligned crops, in order; waits. For more than memory should hold there is {@link #embedAll}. */
    public List<Embedding> embedCrops(List<RgbImage> crops) {
        batcher.requireOpen();
        List<RgbImage> all = List.copyOf(crops);
        all.forEach(this::requireSize);
        if (all.isEmpty()) {
            return List.of();
        }
        return embed(all.size(), i -> MemorySegment.ofArray(all.get(i).pixels()));
    }

    /**
     * Embeds crops that lie behind each other in memory, heap or native. The device's own buffer is the only copy that is made of them, unless only the
     * calling thread may read them (a confined arena). Waits; do not free either segment before it returns.
     *
     * @param crops u8 RGB, (count, height, width, 3)
     * @param count crops, 0 or more
     * @param embeddings receives f32 (count, {@link #embeddingSize}), rows of unit length
     * @throws IllegalArgumentException when a segment is too small
     */
    public void embedCrops(MemorySegment crops, int count, MemorySegment embeddings) {
        batcher.requireOpen();
        long rowBytes = (long) Float.BYTES * embeddingSize();
        if (count < 0 || crops.byteSize() < (long) count * cropBytes() || embeddings.byteSize() < count * rowBytes) {
            throw new IllegalArgumentException(count + " crops of " + cropHeight() + " x " + cropWidth() + " are " + (long) count * cropBytes() + " bytes and "
                    + count * rowBytes + " bytes of embeddings, but " + crops.byteSize() + " and " + embeddings.byteSize() + " bytes were given");
        }
        int most = BATCHES_AT_A_TIME * largestBatch;
        for (int first = 0; first < count; first += most) {
            int part = Math.min(most, count - first);
            MemorySegment source = readable(crops.asSlice((long) first * cropBytes(), (long) part * cropBytes()));
            List<Embedding> rows = embed(part, i -> source.asSlice((long) i * cropBytes(), cropBytes()));
            for (int i = 0; i < part; i++) {
                MemorySegment.copy(rows.get(i).elements(), 0, embeddings, ValueLayout.JAVA_FLOAT_UNALIGNED, (first + i) * rowBytes, embeddingSize());
            }
        }
    }

    /**
     * Embeds any number of items, in order, with bounded memory: workers decode ahead of the device, by a few batches, and wait when nobody takes the
     * results. An item that cannot be read or has the wrong size comes out with its failure, and the stream goes on; a failure of the device or of
     * {@code items} itself ends it with an exception. Not parallel; for one thread. Close the stream where it may be left before its end.
     *
     * @param items taken by the thread that takes the results, a few batches ahead
     * @param reader gives the crop of an item; called by several threads at once
     */
    public <T> Stream<Embedded<T>> embedAll(Iterator<? extends T> items, CropReader<? super T> reader) {
        batcher.requireOpen();
        EmbeddingStream<T> results = new EmbeddingStream<>(this, decoders, items, reader);
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(results, Spliterator.ORDERED | Spliterator.NONNULL), false)
                .onClose(results::cancel);
    }

    /** Embeds files of aligned crops, as {@link #embedAll} does. */
    public Stream<Embedded<Path>> embedFiles(Iterator<Path> files) {
        return embedAll(files, this::read);
    }

    /**
     * Ends the batch that runs, fails the callers that wait with an IllegalStateException, and frees the device's memory, and the device where the
     * embedder opened it. Waits for that; does nothing the second time.
     */
    @Override
    public void close() {
        try {
            batcher.close();
        } finally {
            decoders.shutdown(); // after the batcher: what they still hold sees it closed and ends at once
        }
    }

    /** Batches that ran so far: tells tests who shared. */
    int batches() {
        return batcher.batches();
    }

    boolean isClosed() {
        return batcher.isClosed();
    }

    /** Refuses a crop of another size. */
    void requireSize(RgbImage crop) {
        if (crop.height() != cropHeight() || crop.width() != cropWidth()) {
            throw new IllegalArgumentException("the crop is " + crop.sizeText() + " (rows x columns) where this model takes " + cropHeight() + " x " + cropWidth()
                    + "; align or crop it first");
        }
    }

    EmbeddingRequest request(int count, IntFunction<MemorySegment> crops) {
        return new EmbeddingRequest(count, crops, dimension, options.flip());
    }

    void submit(EmbeddingRequest request) {
        batcher.submit(request);
    }

    Embedding embedding(EmbeddingRequest request, int index) {
        return request.embedding(index, options.flip());
    }

    private RgbImage read(Path file) throws ImageException {
        return ImageDecoder.decode(file, cropHeight(), cropWidth(), Fit.EXACT);
    }

    private Embedding embedRaw(MemorySegment crop) {
        return embed(1, _ -> crop).getFirst();
    }

    private List<Embedding> embed(int count, IntFunction<MemorySegment> crops) {
        EmbeddingRequest request = request(count, crops);
        submit(request);
        request.await();
        List<Embedding> embeddings = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            embeddings.add(embedding(request, i));
        }
        return embeddings;
    }

    private MemorySegment readable(MemorySegment segment) {
        return batcher.reads(segment) ? segment : MemorySegment.ofArray(segment.toArray(ValueLayout.JAVA_BYTE));
    }
}
