package org.angulus.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.angulus.device.Device;
import org.angulus.device.Graph;
import org.angulus.device.HeadSummary;
import org.angulus.device.MetricSummary;
import org.angulus.device.Ops;
import org.angulus.device.OutOfDeviceMemoryException;
import org.angulus.device.StepControl;
import org.angulus.device.Type;
import org.angulus.device.Write;
import org.angulus.loss.HeadHealth;
import org.angulus.loss.HeadPlan;
import org.angulus.loss.MetricLoss;
import org.angulus.loss.MetricPlan;
import org.angulus.model.BatchMemory;
import org.angulus.model.FlatBuffer;
import org.angulus.model.FlatLayout;
import org.angulus.model.ModelPlan;
import org.angulus.model.Network;
import org.angulus.model.ParameterKind;
import org.angulus.model.PlanMemory;
import org.angulus.model.TensorSpec;
import org.angulus.model.Weights;

/**
 * One training step, recorded: a graph for the first micro-batch (overwrites the gradients), one for each further one
 * (accumulates), and one for the commit phase, which changes persistent state only if the gradient is finite.
 */
final class TrainingStep implements AutoCloseable {
    private final Device device;
    private final TrainingConfig config;
    private final Network network;
    private final int classes;
    private final FlatLayout layout;
    /** What is not frozen: the end of {@code layout}, and all that gradients and optimizer hold. */
    private final FlatLayout trained;
    /** Bytes in front of it. */
    private final long frozenBytes;

    private final FlatLayout statistics;
    private final ModelPlan plan;
    private final HeadPlan head; // null without a head
    private final MetricPlan metric; // null without such a loss
    private final CommitPhase commit;
    private final TrainingMemory deviceMemory;
    private final PlanMemory memory;
    private final HeadPlan.Addresses headAddresses;
    private final MetricPlan.Addresses metricAddresses;
    private final TrainingBuffers buffers;
    private final List<Graph> graphs = new ArrayList<>();
    private final Graph first;
    private final Graph next;
    private final Graph update;

    /**
     * Takes the memory and records the graphs.
     *
     * @param images of the training set; without meaning where the loss does not ask for them
     * @throws OutOfDeviceMemoryException when a micro-batch does not fit; the sentence names one that does, and nothing stays taken
     */
    static TrainingStep open(Device device, TrainingConfig config, int classes, int images, int slots) {
        try {
            return new TrainingStep(device, config, classes, images, slots);
        } catch (OutOfDeviceMemoryException full) {
            throw BatchMemory.refused(device, "training", config.microBatch(), n -> Planned.of(device.ops(), config, classes, images, slots, n).memory.total(), full);
        }
    }

    /** What a run with micro-batches of n images is made of, and the memory it takes; nothing of it is taken yet. */
    private record Planned(
            Network network, FlatLayout layout, FlatLayout trained, FlatLayout statistics, List<TensorSpec> vectors, HeadPlan head, MetricPlan metric, ModelPlan plan,
            CommitPhase commit, TrainingMemory memory) {
        static Planned of(Ops ops, TrainingConfig config, int classes, int images, int slots, int n) {
            Network network = config.network().build();
            int d = config.network().embeddingSize();
            var layout = new FlatLayout();
            network.parameters().forEach(layout::add);
            MetricTraining training = config.metric();
            List<TensorSpec> vectors = new ArrayList<>();
            if (!training.alone()) {
                vectors.addAll(config.head().parameters(classes, d, config.network().initialization()));
            }
            vectors.addAll(training.loss().parameters(classes, images));
            vectors.forEach(layout::add);
            int frozen = network.layersThrough(config.frozen());
            var trained = new FlatLayout();
            network.parametersFrom(frozen).forEach(trained::add);
            vectors.forEach(trained::add);
            var head = training.alone() ? null : new HeadPlan(ops, config.head(), classes, n, d, config.precision(), config.logitsCap(), config.startValue());
            var metric = training.isThere() ? new MetricPlan(ops, training.inBatches(), training.weight(), classes, images, n, d, config.startValue()) : null;
            FlatLayout statistics = withState(network.statistics(), head == null ? List.of() : config.head().state(), training.loss().state(classes, d));
            var plan = new ModelPlan(ops, network, config.input(), layout, n, config.startValue(), config.precision(), frozen, arena -> {
                if (head != null) {
                    head.reserve(arena);
                }
                if (metric != null) {
                    metric.reserve(arena);
                }
            });
            var commit = new CommitPhase(config, trained, statistics, network.statisticsFrom(frozen));
            long losses = Math.max(head == null ? 0 : head.workspaceBytes(), metric == null ? 0 : metric.workspaceBytes());
            long workspace = Math.max(Math.max(plan.workspaceBytes(), losses), commit.workspaceBytes(ops));
            long input = TrainingBuffers.InputBlock.bytes(config, n, slots);
            var memory = TrainingMemory.of(config, layout, trained, vectors, statistics, plan, workspace, input);
            return new Planned(network, layout, trained, statistics, vectors, head, metric, plan, commit, memory);
        }

        /**
         * The network's running statistics, each where the network has it, and behind them what the losses keep: candidates of a step, committed with it,
         * saved with the weights.
         */
        private static FlatLayout withState(FlatLayout running, List<TensorSpec> head, List<TensorSpec> metric) {
            var all = new FlatLayout();
            running.entries().forEach(all::addAt);
            for (int i = 0; i < head.size(); i++) {
                if (i == 0) {
                    all.add(head.get(i));
                } else {
                    all.addDense(head.get(i));
                }
            }
            metric.forEach(all::add);
            return all;
        }
    }

    TrainingStep(Device device, TrainingConfig config, int classes, int images, int slots) {
        this.device = device;
        this.config = config;
        this.classes = classes;
        Planned planned = Planned.of(device.ops(), config, classes, images, slots, config.microBatch());
        network = planned.network;
        layout = planned.layout;
        trained = planned.trained;
        frozenBytes = Float.BYTES * (layout.count() - trained.count());
        statistics = planned.statistics;
        head = planned.head;
        metric = planned.metric;
        plan = planned.plan;
        commit = planned.commit;
        deviceMemory = planned.memory;
        buffers = new TrainingBuffers(device, config, trained, statistics, plan, deviceMemory, slots);
        boolean complete = false;
        try {
            memory = new PlanMemory(
                    buffers.parameters.address(),
                    buffers.gradients.address() - frozenBytes,
                    buffers.candidates,
                    buffers.arena.address(),
                    buffers.prepared,
                    buffers.workspace,
                    buffers.input + buffers.inputBlock.images(),
                    buffers.input + buffers.inputBlock.flips(),
                    buffers.scalars);
            headAddresses = head == null ? null : headAddresses(planned.vectors);
            metricAddresses = metric == null ? null : metricAddresses();
            first = record(() -> micro(Write.OVERWRITE));
            next = config.microBatches() > 1 ? record(() -> micro(Write.ACCUMULATE)) : null;
            update = record(this::commit);
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    private HeadPlan.Addresses headAddresses(List<TensorSpec> vectors) {
        long w = Float.BYTES * layout.offset(vectors.get(0));
        List<TensorSpec> own = config.head().parameters(classes, config.network().embeddingSize(), config.network().initialization());
        long bias = place(own, ParameterKind.BIAS);
        long scale = place(own, ParameterKind.SCALE);
        List<TensorSpec> state = config.head().state();
        return new HeadPlan.Addresses(
                memory.arena() + plan.embedding().offset(),
                memory.arena() + plan.embeddingGradient().offset(),
                memory.parameters() + w,
                memory.gradients() + w,
                bias < 0 ? 0 : memory.parameters() + bias,
                bias < 0 ? 0 : memory.gradients() + bias,
                scale < 0 ? 0 : memory.parameters() + scale,
                scale < 0 ? 0 : memory.gradients() + scale,
                state.isEmpty() ? 0 : buffers.candidates + Float.BYTES * statistics.offset(state.getFirst()),
                buffers.input + buffers.inputBlock.labels(),
                buffers.scalars,
                buffers.summary,
                memory.arena(),
                memory.workspace());
    }

    /** Where the head's parameter of a kind lies in the flat buffers, in bytes; -1 without one. */
    private long place(List<TensorSpec> own, ParameterKind kind) {
        return own.stream().filter(spec -> spec.kind() == kind).mapToLong(spec -> Float.BYTES * layout.offset(spec)).findFirst().orElse(-1);
    }

    private MetricPlan.Addresses metricAddresses() {
        long beta = address(memory.parameters(), layout, MetricLoss.BETA);
        return new MetricPlan.Addresses(
                memory.arena() + plan.embedding().offset(),
                memory.arena() + plan.embeddingGradient().offset(),
                buffers.input + buffers.inputBlock.labels(),
                buffers.scalars,
                buffers.metricSummary,
                address(buffers.running, statistics, MetricLoss.MARGIN),
                beta != 0 ? beta : address(buffers.running, statistics, MetricLoss.BETA),
                address(memory.gradients(), layout, MetricLoss.BETA),
                address(memory.parameters(), layout, MetricLoss.BETA_OF_PEOPLE),
                address(memory.gradients(), layout, MetricLoss.BETA_OF_PEOPLE),
                buffers.input + buffers.inputBlock.numbers(),
                address(memory.parameters(), layout, MetricLoss.BETA_OF_IMAGES),
                address(memory.gradients(), layout, MetricLoss.BETA_OF_IMAGES),
                address(buffers.running, statistics, MetricLoss.CENTERS),
                address(buffers.candidates, statistics, MetricLoss.CENTERS),
                memory.arena(),
                memory.workspace());
    }

    /** Where a tensor of a flat buffer lies; 0 where there is none of that name. */
    private static long address(long buffer, FlatLayout layout, String name) {
        return layout.entries().stream().filter(entry -> entry.spec().name().equals(name)).findFirst()
                .map(entry -> buffer + Float.BYTES * entry.offset()).orElse(0L);
    }

    private Graph record(Runnable ops) {
        Graph graph = device.record(ops);
        graphs.add(graph);
        return graph;
    }

    private void micro(Write write) {
        Ops ops = device.ops();
        if (write == Write.OVERWRITE) {
            ops.copy(buffers.candidates, buffers.running, buffers.runningBytes());
        }
        plan.forward(ops, memory);
        if (head != null) {
            head.run(ops, headAddresses, write);
            addUp(ops, write, buffers.summarySum, buffers.summary, HeadSummary.BYTES);
        }
        if (metric != null) {
            metric.run(ops, metricAddresses, head == null ? Write.OVERWRITE : Write.ACCUMULATE, write);
            addUp(ops, write, buffers.metricSummarySum, buffers.metricSummary, MetricSummary.BYTES);
        }
        plan.backward(ops, memory, write);
    }

    private static void addUp(Ops ops, Write write, long sum, long value, long bytes) {
        if (write == Write.OVERWRITE) {
            ops.copy(sum, value, bytes);
        } else {
            ops.add(Type.F32, bytes / Float.BYTES, sum, value, sum);
        }
    }

    private void commit() {
        commit.emit(device.ops(), new CommitPhase.Addresses(
                memory.parameters() + frozenBytes,
                buffers.gradients.address(),
                List.copyOf(buffers.optimizer.values()),
                buffers.candidates,
                buffers.running,
                buffers.averageParameters == 0 ? 0 : buffers.averageParameters + frozenBytes,
                buffers.averageRunning,
                buffers.scalars,
                buffers.control,
                memory.workspace()));
    }

    TrainingBuffers buffers() {
        return buffers;
    }

    /** What was taken of the device's memory. */
    TrainingMemory deviceMemory() {
        return deviceMemory;
    }

    Network network() {
        return network;
    }

    int classes() {
        return classes;
    }

    /** Running statistics of the network, and what a loss on the embeddings keeps. */
    FlatLayout statistics() {
        return statistics;
    }

    /** Parameters of network and head. */
    FlatLayout layout() {
        return layout;
    }

    /** Those of them that are not frozen: what the optimizer keeps something of. */
    FlatLayout trained() {
        return trained;
    }

    /** Runs a micro-batch that lies in the input block, under the scalars that were sent. */
    void launchMicroBatch(int index) {
        (index == 0 ? first : next).launch();
    }

    /** Runs the commit phase. */
    void launchUpdate() {
        update.launch();
    }

    /** What the loss on the embeddings says of the step, averaged over its micro-batches; null without one. Waits. */
    MetricSummary metricSummary() {
        return metric == null ? null : device.transfers().metricSummary(buffers.metricSummarySum).times(1f / config.microBatches());
    }

    /** The margin of the loss on the embeddings. Waits. */
    float metricMargin() {
        return floats(metricAddresses.margin(), 1)[0];
    }

    /** Sets it for the steps to come. Waits. */
    void setMetricMargin(float margin) {
        device.transfers().upload(metricAddresses.margin(), new float[] {margin});
    }

    /** Distances (N,N) of the last micro-batch, of a contrastive loss on pairs. Waits. */
    float[] pairDistances() {
        return floats(metric.distances(metricAddresses), (long) config.microBatch() * config.microBatch());
    }

    /** Labels of the last micro-batch. Waits. */
    int[] labels() {
        return device.transfers().ints(metricAddresses.labels(), config.microBatch());
    }

    /** The counts of pairs that are saved with the run. Waits. */
    float[] pairCounts() {
        return floats(address(buffers.running, statistics, MetricLoss.PAIRS), MetricLoss.PAIR_COUNTS);
    }

    /** Sets them. Waits. */
    void setPairCounts(float[] counts) {
        device.transfers().upload(address(buffers.running, statistics, MetricLoss.PAIRS), counts);
    }

    /** The step's summary of the head, averaged over its micro-batches; without a head loss and share of the terms that are 0 of the other one. Waits. */
    HeadSummary summary() {
        if (head == null) {
            MetricSummary alone = metricSummary();
            return new HeadSummary((float) config.metric().weight() * alone.loss(), 1 - alone.active(), Float.NaN, Float.NaN);
        }
        HeadSummary sum = device.transfers().summary(buffers.summarySum);
        float m = config.microBatches();
        return new HeadSummary(sum.loss() / m, sum.accuracy() / m, sum.targetCosine() / m, sum.otherCosine() / m);
    }

    /** How the head does with the step's last micro-batch. Waits. */
    HeadHealth health(double margin) {
        return head == null ? HeadHealth.NONE : head.health(device, headAddresses, margin);
    }

    /** Norm, and steps applied and skipped. Waits. */
    StepControl control() {
        return device.transfers().control(buffers.control);
    }

    /** Parameters and running statistics. Waits. */
    Weights weights() {
        return read(memory.parameters(), buffers.running);
    }

    /** Their moving averages, or null. Waits. */
    Weights average() {
        return config.averageDecay() > 0 ? read(buffers.averageParameters, buffers.averageRunning) : null;
    }

    /** What the optimizer keeps. Waits. */
    Map<String, Weights> optimizerState() {
        var state = new LinkedHashMap<String, Weights>();
        buffers.optimizer.forEach((name, address) -> state.put(name, new FlatBuffer(device, trained, address).read()));
        return state;
    }

    /** Gradients of the last step, the sum over its micro-batches. Waits. */
    Weights gradients() {
        return new FlatBuffer(device, trained, buffers.gradients.address()).read();
    }

    /** Everything at its start. */
    void start() {
        parameters(memory.parameters()).start(config.startValue());
        running(buffers.running).start(config.startValue());
        if (config.averageDecay() > 0) {
            parameters(buffers.averageParameters).start(config.startValue());
            running(buffers.averageRunning).start(config.startValue());
        }
        loadOptimizer(Map.of(), 0, 0);
    }

    /**
     * Sets the persistent state.
     *
     * @param average null: the weights
     * @param optimizer what is not named is as before the first step
     */
    void load(Weights weights, Weights average, Map<String, Weights> optimizer, long appliedSteps, long skippedSteps) {
        parameters(memory.parameters()).write(weights);
        running(buffers.running).write(weights);
        if (config.averageDecay() > 0) {
            parameters(buffers.averageParameters).write(average == null ? weights : average);
            running(buffers.averageRunning).write(average == null ? weights : average);
        }
        loadOptimizer(optimizer, appliedSteps, skippedSteps);
    }

    private void loadOptimizer(Map<String, Weights> optimizer, long appliedSteps, long skippedSteps) {
        buffers.optimizer.forEach((name, address) -> {
            if (optimizer.containsKey(name)) {
                new FlatBuffer(device, trained, address).write(optimizer.get(name));
            } else {
                device.ops().fill(address, buffers.trainedBytes(), Float.floatToRawIntBits(config.optimizer().start(name)));
            }
        });
        device.transfers().upload(buffers.control, new StepControl(0, 0, false, appliedSteps, skippedSteps));
    }

    private FlatBuffer parameters(long address) {
        return new FlatBuffer(device, layout, address);
    }

    private FlatBuffer running(long address) {
        return new FlatBuffer(device, statistics, address);
    }

    private Weights read(long parameters, long running) {
        Weights weights = parameters(parameters).read();
        running(running).readInto(weights);
        return weights;
    }

    private float[] floats(long address, long count) {
        return device.transfers().floats(address, Math.toIntExact(count));
    }

    @Override
    public void close() {
        graphs.forEach(Graph::close);
        buffers.close();
    }
}
