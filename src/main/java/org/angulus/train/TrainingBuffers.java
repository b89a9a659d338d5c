package org.angulus.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.angulus.device.Device;
import org.angulus.device.DeviceBuffer;
import org.angulus.device.HeadSummary;
import org.angulus.device.StepControl;
import org.angulus.device.StepScalars;
import org.angulus.model.FlatLayout;
import org.angulus.model.ModelPlan;
import org.angulus.model.ResFaceConfig;

/** The device memory of a run, allocated once: parameters, gradients, what the optimizer keeps, the rest of the state, activations, scratch, input. */
final class TrainingBuffers implements AutoCloseable {
    private static final long ALIGNMENT = 256;

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
    /** Moving averages of parameters and running statistics; 0 without them. */
    final long averageParameters;

    final long averageRunning;
    final DeviceBuffer arena;
    final long prepared;
    final long workspace;
    final InputBlock inputBlock;
    /** The block the graphs read. */
    final long input;
    /** A block for each slot of the loader's ring. */
    final long[] slots;

    private final long parameterBytes;
    private final long runningBytes;

    /** Where images, labels and flips lie in a block that is sent as a whole. */
    record InputBlock(long images, long labels, long flips, long bytes) {
        static InputBlock of(ResFaceConfig network, int n) {
            long labels = align(3L * n * network.height() * network.width());
            long flips = labels + align(4L * n);
            return new InputBlock(0, labels, flips, flips + align(n));
        }
    }

    TrainingBuffers(Device device, TrainingConfig config, FlatLayout layout, FlatLayout statistics, ModelPlan plan, long workspaceBytes,
            int slotCount) {
        parameterBytes = Float.BYTES * layout.count();
        runningBytes = Float.BYTES * statistics.count();
        boolean averaged = config.averageDecay() > 0;
        inputBlock = InputBlock.of(config.network(), config.microBatch());
        boolean complete = false;
        try {
            parameters = allocate(device, parameterBytes);
            gradients = allocate(device, parameterBytes);
            List<String> states = config.optimizer().states();
            DeviceBuffer moments = allocate(device, states.size() * align(parameterBytes));
            for (int i = 0; i < states.size(); i++) {
                optimizer.put(states.get(i), moments.address(i * align(parameterBytes)));
            }
            DeviceBuffer state = allocate(device, stateBytes(config, parameterBytes, runningBytes));
            running = state.address();
            candidates = running + align(runningBytes);
            control = candidates + align(runningBytes);
            scalars = control + align(StepControl.BYTES);
            summary = scalars + align(StepScalars.BYTES);
            summarySum = summary + align(HeadSummary.BYTES);
            averageParameters = averaged ? summarySum + align(HeadSummary.BYTES) : 0;
            averageRunning = averaged ? averageParameters + align(parameterBytes) : 0;
            arena = allocate(device, plan.arenaBytes());
            DeviceBuffer scratch = allocate(device, align(plan.preparedBytes()) + workspaceBytes);
            prepared = scratch.address();
            workspace = scratch.address(align(plan.preparedBytes()));
            DeviceBuffer inputs = allocate(device, (1 + slotCount) * inputBlock.bytes());
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

    private static long stateBytes(TrainingConfig config, long parameterBytes, long runningBytes) {
        long small = align(StepControl.BYTES) + align(StepScalars.BYTES) + 2 * align(HeadSummary.BYTES);
        return 2 * align(runningBytes) + small + (config.averageDecay() > 0 ? align(parameterBytes) + align(runningBytes) : 0);
    }

    /** What a run takes with micro-batches of {@code n} images, for which {@code plan} and {@code workspaceBytes} are. */
    static long memoryBytes(
            TrainingConfig config, FlatLayout layout, FlatLayout statistics, ModelPlan plan, long workspaceBytes, int slotCount, int n) {
        long parameters = align(Float.BYTES * layout.count());
        return (2 + config.optimizer().states().size()) * parameters + stateBytes(config, parameters, Float.BYTES * statistics.count())
                + plan.arenaBytes() + align(plan.preparedBytes()) + workspaceBytes + (1 + slotCount) * InputBlock.of(config.network(), n).bytes();
    }

    /** Everything that persists starts at 0: the gaps of the flat buffers count in norms and stay 0. */
    private void clear(Device device) {
        device.ops().fill(gradients.address(), parameterBytes, 0);
        optimizer.values().forEach(address -> device.ops().fill(address, parameterBytes, 0));
        device.transfers().upload(control, new StepControl(0, 0, false, 0, 0));
    }

    /** Bytes of a flat buffer of parameters. */
    long parameterBytes() {
        return parameterBytes;
    }

    /** Bytes of the running statistics. */
    long runningBytes() {
        return runningBytes;
    }

    private DeviceBuffer allocate(Device device, long bytes) {
        DeviceBuffer buffer = device.allocate(Math.max(ALIGNMENT, bytes));
        buffers.add(buffer);
        return buffer;
    }

    static long align(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    @Override
    public void close() {
        buffers.forEach(DeviceBuffer::close);
    }
}
