package org.angulus.train;

import static org.angulus.train.TrainingMemory.align;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.angulus.device.Device;
import org.angulus.device.DeviceBuffer;
import org.angulus.device.HeadSummary;
import org.angulus.device.MetricSummary;
import org.angulus.device.StepControl;
import org.angulus.device.StepScalars;
import org.angulus.model.FlatLayout;
import org.angulus.model.ModelPlan;
import org.angulus.model.NetworkConfig;

/** The device memory of a run, allocated once: parameters, gradients, what the optimizer keeps, the rest of the state, activations, scratch, input. */
final class TrainingBuffers implements AutoCloseable {
    private static final long LEAST = 256;

    private final List<DeviceBuffer> buffers = new ArrayList<>();

    final DeviceBuffer parameters;
    final DeviceBuffer gradients;
    final Map<String, Long> optimizer = new LinkedHashMap<>();

    /** Running statistics and what the micro-batches of a step make of them. */
    final long running;

    final long candidates;
    final long control;
    final long scalars;
    final long summary;
    /** Sum of the summaries of a step's micro-batches. */
    final long summarySum;
    /** The same of a loss on the embeddings themselves. */
    final long metricSummary;

    final long metricSummarySum;
    /** Moving averages of parameters and running statistics; 0 without them. */
    final long averageParameters;

    final long averageRunning;
    final DeviceBuffer arena;
    final long prepared;
    final long workspace;
    /** Channels of an image as the network reads it: 3, or 1 for its luma. */
    final int channels;

    final InputBlock inputBlock;
    /** The block the graphs read. */
    final long input;
    /** A block for each slot of the loader's ring. */
    final long[] slots;

    private final long trainedBytes;
    private final long runningBytes;

    /** Where images, labels, flips and, where the loss asks for them, the images' numbers lie in a block that is sent as a whole. */
    record InputBlock(long images, long labels, long flips, long numbers, long bytes) {
        /** Bytes of the block that the graphs read and of so many slots, for micro-batches of n images. */
        static long bytes(TrainingConfig config, int n, int slots) {
            return (1 + slots) * of(config, n).bytes();
        }

        static InputBlock of(TrainingConfig config, int n) {
            NetworkConfig network = config.network();
            long labels = align(3L * n * network.height() * network.width());
            long flips = labels + align(4L * n);
            long numbers = flips + align(n);
            return new InputBlock(0, labels, flips, numbers, numbers + (config.metric().loss().asksForImages() ? align(4L * n) : 0));
        }

        boolean isNumbered() {
            return numbers < bytes;
        }
    }

    TrainingBuffers(Device device, TrainingConfig config, FlatLayout trained, FlatLayout statistics, ModelPlan plan, TrainingMemory memory, int slotCount) {
        trainedBytes = Float.BYTES * trained.count();
        runningBytes = Float.BYTES * statistics.count();
        boolean averaged = config.averageDecay() > 0;
        channels = config.network().channels();
        inputBlock = InputBlock.of(config, config.microBatch());
        boolean complete = false;
        try {
            parameters = allocate(device, memory.parameters());
            gradients = allocate(device, memory.gradients());
            List<String> states = config.optimizer().states();
            DeviceBuffer moments = allocate(device, memory.optimizer());
            for (int i = 0; i < states.size(); i++) {
                optimizer.put(states.get(i), moments.address(i * memory.gradients()));
            }
            DeviceBuffer state = allocate(device, memory.state());
            running = state.address();
            candidates = running + align(runningBytes);
            control = candidates + align(runningBytes);
            scalars = control + align(StepControl.BYTES);
            summary = scalars + align(StepScalars.BYTES);
            summarySum = summary + align(HeadSummary.BYTES);
            metricSummary = summarySum + align(HeadSummary.BYTES);
            metricSummarySum = metricSummary + align(MetricSummary.BYTES);
            averageParameters = averaged ? metricSummarySum + align(MetricSummary.BYTES) : 0;
            averageRunning = averaged ? averageParameters + memory.parameters() : 0;
            arena = allocate(device, memory.activations());
            DeviceBuffer scratch = allocate(device, memory.workspace());
            prepared = scratch.address();
            workspace = scratch.address(align(plan.preparedBytes()));
            DeviceBuffer inputs = allocate(device, memory.input());
            input = inputs.address();
            slots = new long[slotCount];
            for (int i = 0; i < slotCount; i++) {
                slots[i] = inputs.address((1 + i) * inputBlock.bytes());
            }
            clear(device);
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    /** What was allocated. */
    long bytes() {
        return buffers.stream().mapToLong(DeviceBuffer::bytes).sum();
    }

    /** Everything that persists starts at 0: the gaps of the flat buffers count in norms and stay 0. */
    private void clear(Device device) {
        device.ops().fill(gradients.address(), trainedBytes, 0);
        optimizer.values().forEach(address -> device.ops().fill(address, trainedBytes, 0));
        device.transfers().upload(control, new StepControl(0, 0, false, 0, 0));
    }

    /** Bytes of a flat buffer of the parameters that are not frozen. */
    long trainedBytes() {
        return trainedBytes;
    }

    /** Bytes of the running statistics. */
    long runningBytes() {
        return runningBytes;
    }

    private DeviceBuffer allocate(Device device, long bytes) {
        DeviceBuffer buffer = device.allocate(Math.max(LEAST, bytes));
        buffers.add(buffer);
        return buffer;
    }

    @Override
    public void close() {
        buffers.forEach(DeviceBuffer::close);
    }
}
