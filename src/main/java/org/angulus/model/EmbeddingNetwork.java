package org.angulus.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.angulus.device.Device;
import org.angulus.device.DeviceBuffer;
import org.angulus.device.Graph;
import org.angulus.device.HostBuffer;
import org.angulus.device.OutOfDeviceMemoryException;
import org.angulus.device.Type;
import org.angulus.image.Grey;
import org.angulus.image.RgbImage;
import org.angulus.model.NetworkBucket.PreparedWeights;

/**
 * A trained network that turns aligned crops into embeddings. Batch norm is folded into the convolutions. For 1, 2, 4, ... images there is a bucket; all
 * memory is taken at once, and when a bucket first runs its weights are prepared and its graph is recorded. What is over the largest bucket is done in
 * parts, and a part runs in the smallest bucket it fits. Used by one thread at a time, like its device.
 */
public final class EmbeddingNetwork implements AutoCloseable {
    private final Device device;
    private final NetworkConfig config;
    private final int largest;
    private final int imageBytes;
    private final HostBuffer hostImages;
    /** What is sent of the crops where the network reads one channel; null: they are sent themselves. */
    private final HostBuffer hostGrey;
    private final HostBuffer hostEmbeddings;
    private final List<NetworkBucket> buckets = new ArrayList<>();
    /** Of each bucket; null until it first runs. */
    private final long[][] preparedPlaces;
    private final Graph[] graphs;
    /** Where each form of prepared weights lies in {@link #prepared}, and which are written. */
    private final Map<String, Long> preparedOffsets = new HashMap<>();
    private final Set<String> written = new HashSet<>();
    private final DeviceBuffer prepared;
    private final List<DeviceBuffer> buffers = new ArrayList<>();
    private final long parameterCount;
    private final NetworkBucket.Addresses addresses;
    private boolean closed;

    /**
     * @param weights parameters and running statistics; others are left alone
     * @param largest images that run at one time at most; rounded up to a power of two
     * @param precision of activations and of the factors of all products
     * @throws OutOfDeviceMemoryException when so many do not fit; the sentence names how many do, and nothing stays taken
     */
    public EmbeddingNetwork(Device device, NetworkConfig config, InputFormat format, Weights weights, int largest, Type precision) {
        this(device, config, format, (TensorRows) weights, largest, precision);
    }

    private EmbeddingNetwork(Device device, NetworkConfig config, InputFormat format, TensorRows weights, int largest, Type precision) {
        Network network = config.build();
        var folded = new FoldedWeights(network, weights);
        this(device, config, folded.layout(), folded, n -> new EmbeddingBucket(device.ops(), network, format, folded, n, precision), largest);
    }

    /** In int8. */
    EmbeddingNetwork(Device device, NetworkConfig config, InputFormat format, Int8Weights weights, int largest) {
        device.requireInt8();
        this(device, config, weights.layout(), weights.parameters(), n -> new Int8Bucket(device.ops(), config, format, weights, n), largest);
    }

    private EmbeddingNetwork(Device device, NetworkConfig config, FlatLayout layout, TensorRows parameters, IntFunction<NetworkBucket> bucket, int largest) {
        if (largest < 1 || largest > 4096) {
            throw new IllegalArgumentException("The largest batch is " + largest + " images; it must be 1 to 4096.");
        }
        this.device = device;
        this.config = config;
        this.largest = Math.max(1, Integer.highestOneBit(2 * largest - 1));
        this.imageBytes = RgbImage.CHANNELS * config.height() * config.width();
        this.parameterCount = layout.count();
        for (int n = 1; n <= this.largest; n *= 2) {
            buckets.add(bucket.apply(n));
        }
        preparedPlaces = new long[buckets.size()][];
        graphs = new Graph[buckets.size()];
        long images = (long) this.largest * config.inputCount();
        long flips = (images + 255) / 256 * 256;
        boolean complete = false;
        try {
            hostImages = device.allocateHost((long) this.largest * (imageBytes + 1));
            hostGrey = config.channels() == 1 ? device.allocateHost(images) : null;
            hostEmbeddings = device.allocateHost((long) Float.BYTES * this.largest * config.embeddingSize());
            DeviceBuffer inputs = allocate(flips + this.largest);
            DeviceBuffer memory = allocate(Float.BYTES * parameterCount);
            DeviceBuffer arena = allocate(mostOf(buckets, NetworkBucket::arenaBytes));
            DeviceBuffer workspace = allocate(mostOf(buckets, NetworkBucket::workspaceBytes));
            addresses = new NetworkBucket.Addresses(memory.address(), arena.address(), workspace.address(), inputs.address(), inputs.address(flips));
            new FlatBuffer(device, layout, memory.address()).write(parameters);
            prepared = allocate(placePrepared(buckets, preparedOffsets));
            complete = true;
        } catch (OutOfDeviceMemoryException full) {
            release();
            throw BatchMemory.refused(device, "embedding", this.largest, this::memoryBytes, full);
        } finally {
            if (!complete) {
                release();
            }
        }
    }

    /**
     * Loads a model file with all it says of itself.
     *
     * @param precision {@link Type#F32} for an int8 model: what is not int8 in it is f32
     */
    public static EmbeddingNetwork load(Device device, Path file, int largest, Type precision) throws IOException {
        try (SafeTensors tensors = SafeTensors.open(file)) {
            return load(device, tensors, ModelMetadata.of(tensors), largest, precision);
        }
    }

    /** As the other, of an open file and what it says of itself. */
    public static EmbeddingNetwork load(Device device, SafeTensors tensors, ModelMetadata metadata, int largest, Type precision) throws IOException {
        if (Int8Weights.isIn(tensors.metadata())) {
            if (precision != Type.F32) {
                throw new IOException(tensors.file() + ": an int8 model has its precision already; leave the precision at " + Type.F32.words() + ".");
            }
            return new EmbeddingNetwork(device, metadata.network(), metadata.input(), Int8Weights.of(tensors, Int8Weights.network(tensors.file(), metadata)), largest);
        }
        var weights = new WeightFile(tensors, metadata.network().build().modelTensors(), "");
        try {
            return new EmbeddingNetwork(device, metadata.network(), metadata.input(), weights, largest, precision);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Checks that a model file holds every tensor of its network; an IOException says in one sentence what is wrong. */
    public static void check(Path file) throws IOException {
        try (SafeTensors tensors = SafeTensors.open(file)) {
            ModelMetadata metadata = ModelMetadata.of(tensors);
            if (Int8Weights.isIn(tensors.metadata())) {
                Int8Weights.of(tensors, Int8Weights.network(file, metadata));
            } else {
                Weights.of(tensors, metadata.network().build().modelTensors(), "");
            }
        }
    }

    /** In f32. */
    public EmbeddingNetwork(Device device, NetworkConfig config, InputFormat format, Weights weights, int largest) {
        this(device, config, format, weights, largest, Type.F32);
    }

    /** Loads a model file, to run in f32. */
    public static EmbeddingNetwork load(Device device, Path file, int largest) throws IOException {
        return load(device, file, largest, Type.F32);
    }

    /** Memory for {@code n} images at a time, a power of two: that of the buckets up to it. */
    private long memoryBytes(int n) {
        List<NetworkBucket> used = buckets.subList(0, 1 + Integer.numberOfTrailingZeros(n));
        long images = (long) n * (imageBytes + 1);
        return 2 * images + Float.BYTES * ((long) n * config.embeddingSize() + parameterCount) + mostOf(used, NetworkBucket::arenaBytes)
                + mostOf(used, NetworkBucket::workspaceBytes) + placePrepared(used, new HashMap<>());
    }

    private static long mostOf(List<NetworkBucket> buckets, ToLongFunction<NetworkBucket> bytes) {
        return buckets.stream().mapToLong(bytes).max().orElse(0);
    }

    /** Gives each form of prepared weights its offset, and all their bytes. */
    private static long placePrepared(List<NetworkBucket> buckets, Map<String, Long> offsets) {
        long bytes = 0;
        for (NetworkBucket bucket : buckets) {
            for (PreparedWeights weights : bucket.preparedWeights()) {
                if (weights.bytes() > 0 && offsets.putIfAbsent(weights.form(), bytes) == null) {
                    bytes += (weights.bytes() + 255) / 256 * 256;
                }
            }
        }
        return bytes;
    }

    /** The bucket's prepared weights, written where none of its form has been needed yet: only batches that run pay for theirs. */
    private long[] places(int index) {
        if (preparedPlaces[index] == null) {
            List<PreparedWeights> weights = buckets.get(index).preparedWeights();
            var places = new long[weights.size()];
            for (int i = 0; i < places.length; i++) {
                PreparedWeights one = weights.get(i);
                if (one.bytes() > 0) {
                    places[i] = prepared.address(preparedOffsets.get(one.form()));
                    if (written.add(one.form())) {
                        one.maker().make(device, addresses, places[i]);
                    }
                }
            }
            preparedPlaces[index] = places;
        }
        return preparedPlaces[index];
    }

    /** The bucket's recording, made when it first runs. */
    private Graph graph(int index) {
        if (graphs[index] == null) {
            long[] places = places(index);
            graphs[index] = device.record(() -> buckets.get(index).emit(device.ops(), addresses, places));
        }
        return graphs[index];
    }

    /** What {@link #observe} tells: the output of a convolution, f32. */
    @FunctionalInterface
    interface LayerObserver {
        void output(int convolution, float[] elements);
    }

    /** Runs a crop, u8 RGB (height, width, 3), through an f32 network and shows what every convolution leaves. */
    void observe(MemorySegment crop, LayerObserver observer) {
        EmbeddingBucket bucket = (EmbeddingBucket) buckets.getFirst();
        MemorySegment.copy(crop, 0, crops(), 0, imageBytes);
        upload(1, 1, false);
        bucket.emit(device.ops(), addresses, places(0), (index, address, count) -> observer.output(index, device.transfers().floats(address, count)));
    }

    private DeviceBuffer allocate(long bytes) {
        DeviceBuffer buffer = device.allocate(Math.max(256, bytes));
        buffers.add(buffer);
        return buffer;
    }

    /** The network. */
    public NetworkConfig config() {
        return config;
    }

    /** Numbers of an embedding. */
    public int embeddingSize() {
        return config.embeddingSize();
    }

    /** Bytes of one crop: 3 x height x width. */
    public int imageBytes() {
        return imageBytes;
    }

    /**
     * Embeds crops.
     *
     * @param images u8 RGB (count, height, width, 3), heap or native
     * @param count images, 0 or more
     * @param mirrored whether each is mirrored left to right first
     * @return (count, D), not normalized
     */
    public float[][] embed(MemorySegment images, int count, boolean mirrored) {
        requireOpen();
        if (count < 0 || images.byteSize() < (long) count * imageBytes) {
            throw new IllegalArgumentException(count + " images of " + config.height() + "x" + config.width() + " are " + (long) count * imageBytes
                    + " bytes, but " + images.byteSize() + " were given.");
        }
        var embeddings = new float[count][config.embeddingSize()];
        for (int done = 0; done < count; done += largest) {
            embedPart(images.asSlice((long) done * imageBytes), Math.min(largest, count - done), mirrored, embeddings, done);
        }
        return embeddings;
    }

    /** Embeds crops in a heap array, as they are. */
    public float[][] embed(byte[] images, int count) {
        return embed(MemorySegment.ofArray(images), count, false);
    }

    private void embedPart(MemorySegment images, int count, boolean mirrored, float[][] embeddings, int first) {
        MemorySegment.copy(images, 0, crops(), 0, (long) count * imageBytes);
        MemorySegment result = run(count, count, mirrored);
        int d = config.embeddingSize();
        for (int i = 0; i < count; i++) {
            MemorySegment.copy(result, ValueLayout.JAVA_FLOAT, (long) Float.BYTES * i * d, embeddings[first + i], 0, d);
        }
    }

    /** Images that run at one time at most: a power of two. */
    public int largest() {
        return largest;
    }

    /** Host memory that the device reads, u8 RGB (largest, height, width, 3): crops are laid here for {@link #run}, by any thread that takes turns with it. */
    public MemorySegment crops() {
        requireOpen();
        return hostImages.segment().asSlice(0, (long) largest * imageBytes);
    }

    /**
     * Embeds what lies in {@link #crops}.
     *
     * @param count crops, 1 to {@link #largest}
     * @param batch images that run, at least {@code count}: the bucket this number falls into decides the kernels. What lies behind the crops runs
     *     too, and its embeddings are dropped
     * @param mirrored whether each is mirrored left to right first
     * @return f32 (count, D), not normalized; host memory that the next run overwrites
     */
    public MemorySegment run(int count, int batch, boolean mirrored) {
        requireOpen();
        if (count < 1 || count > batch || batch > largest) {
            throw new IllegalArgumentException(count + " images in a batch of " + batch + " cannot run; give 1 to the batch's size, and a batch of at most " + largest
                    + ".");
        }
        int index = 32 - Integer.numberOfLeadingZeros(batch - 1);
        upload(count, 1 << index, mirrored);
        graph(index).launch();
        MemorySegment result = hostEmbeddings.segment().asSlice(0, (long) Float.BYTES * count * config.embeddingSize());
        device.transfers().download(result, addresses.arena() + buckets.get(index).embeddings().offset());
        return result;
    }

    /** Sends what lies in {@link #crops} to the device, as the network reads it, and {@code batch} flips. */
    private void upload(int count, int batch, boolean mirrored) {
        MemorySegment flips = hostImages.segment().asSlice((long) largest * imageBytes, batch);
        flips.fill((byte) (mirrored ? 1 : 0));
        device.transfers().upload(addresses.images(), input(count));
        device.transfers().upload(addresses.flips(), flips);
    }

    /** The crops as the network reads them. */
    private MemorySegment input(int count) {
        if (hostGrey == null) {
            return hostImages.segment().asSlice(0, (long) count * imageBytes);
        }
        Grey.of(hostImages.segment(), hostGrey.segment(), (long) count * config.inputCount());
        return hostGrey.segment().asSlice(0, (long) count * config.inputCount());
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("The network is closed.");
        }
        if (!device.isOpen()) {
            throw new IllegalStateException("The device " + device + " was closed before the network that it runs.");
        }
    }

    /** Frees the device memory. Does nothing the second time. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            release();
        }
    }

    private void release() {
        Stream.of(graphs).filter(Objects::nonNull).forEach(Graph::close);
        buffers.forEach(DeviceBuffer::close);
        if (hostImages != null) {
            hostImages.close();
        }
        if (hostGrey != null) {
            hostGrey.close();
        }
        if (hostEmbeddings != null) {
            hostEmbeddings.close();
        }
    }
}
