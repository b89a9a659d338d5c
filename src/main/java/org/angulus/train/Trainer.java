package org.angulus.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.angulus.device.Device;
import org.angulus.device.HeadSummary;
import org.angulus.device.MetricSummary;
import org.angulus.device.StepControl;
import org.angulus.device.StepScalars;
import org.angulus.image.Decoders;
import org.angulus.loss.MetricLoss;
import org.angulus.model.EmbeddingNetwork;
import org.angulus.model.FlatLayout;
import org.angulus.model.ModelMetadata;
import org.angulus.model.Network;
import org.angulus.model.TensorSpec;
import org.angulus.model.Weights;

/**
 * Trains a network: for each step sends micro-batches that worker threads have prepared, replays the recorded graphs, and from time to time reads the
 * loss, evaluates and saves. A run is a function of configuration, source and the device's kernels: stopped and continued from a checkpoint it gives
 * the same bits. Used by one thread, like its device.
 */
public final class Trainer implements AutoCloseable {
    private static final int EVALUATION_BATCH = 64;

    private final Device device;
    private final TrainingConfig config;
    private final BatchSource source;
    private final String trainingSet;
    private final String aligner;
    private final CheckpointStore checkpoints;
    private final TrainingStep training;
    private final List<TrainingListener> listeners = new ArrayList<>();
    private Evaluation evaluation;
    private BatchLoader loader;
    private long step;
    private long skippedAtStart;
    private long skippedSeen;
    private long bestStep = -1;
    private double bestFigure;
    private long reportedStep;
    private long reportedNanos;
    private boolean startedFromModel;
    private long savedStep = -1;
    private long skippedAtSave;
    private volatile boolean stopRequested;
    /** Up to the last report: time spent training, and waiting for batches in it. */
    private double trainingNanos;

    private double waitedNanos;
    private boolean closed;
    private final MarginAdaptation adaptation; // null where the margin stays
    private final TripletRounds rounds; // null where the source alone decides what batches are made of
    private final Set<String> told = new HashSet<>(); // advice, each once in a run

    /**
     * Takes all memory of the run and starts the weights.
     *
     * @param source batches; its crops have the size of the network's
     * @param checkpoints where checkpoints are kept; null: none are
     * @param trainingSet name of the training set, for the model's metadata
     * @param aligner how the crops were cut, for the model's metadata
     * @throws org.angulus.device.OutOfDeviceMemoryException when a micro-batch does not fit; the sentence names one that does, and nothing stays taken
     */
    public Trainer(Device device, TrainingConfig config, BatchSource source, CheckpointStore checkpoints, String trainingSet, String aligner) {
        if (source.height() != config.network().height() || source.width() != config.network().width()) {
            throw new IllegalArgumentException("The training set has crops of " + source.height() + "x" + source.width()
                    + " (rows x columns), but the network reads " + config.network().height() + "x" + config.network().width()
                    + "; set network.height and network.width to the crops' size.");
        }
        rounds = source.rounds();
        if ((rounds == null) == (config.metric().sampling() == MetricTraining.Sampling.FACENET_ROUND)) {
            throw new IllegalArgumentException("The batches are " + (rounds == null ? "not " : "") + "made of rounds of triplets, but metric.sampling is "
                    + config.metric().sampling() + "; make their order with ExampleOrder.of and this configuration.");
        }
        if (config.metric().loss().asksForImages() && source.images() == 0) {
            throw new IllegalArgumentException("The loss has a beta for each image, but the batches do not tell which image is which; set metric.loss.perImage to false.");
        }
        this.device = device;
        this.config = config;
        this.source = source;
        this.checkpoints = checkpoints;
        this.trainingSet = trainingSet;
        this.aligner = aligner;
        training = TrainingStep.open(device, config, source.classes(), source.images(), config.loaderThreads() + 2);
        training.start();
        adaptation = config.metric().adaptEvery() > 0 ? new MarginAdaptation(config.metric().adaptEvery()) : null;
    }

    /** Tells a listener of everything from now on. */
    public void addListener(TrainingListener listener) {
        listeners.add(listener);
    }

    /** Evaluates every {@link TrainingConfig#evaluateEvery} steps, and at the end. */
    public void setEvaluation(Evaluation evaluation) {
        this.evaluation = evaluation;
    }

    /**
     * Goes on from the newest checkpoint, if there is one.
     *
     * @return whether there was one
     * @throws IOException with one sentence, when it cannot be read or belongs to another network
     */
    public boolean resume() throws IOException {
        if (checkpoints == null) {
            return false;
        }
        checkpoints.recover();
        Optional<Path> latest = checkpoints.latest();
        if (latest.isPresent()) {
            resume(latest.get());
        }
        return latest.isPresent();
    }

    /**
     * Starts from the weights of a model file: fine-tuning. Before the first step, and not after {@link #resume}.
     *
     * @param kept whether its class vectors are taken, too: they are of the same people in the same order
     * @throws IOException with one sentence, when the file cannot be read, differs in more than its head and last projection, or leaves something new
     *     in the frozen part
     */
    public StartingWeights startFrom(Path model, StartingWeights.Head kept) throws IOException {
        if (loader != null || step > 0) {
            throw new IllegalStateException("The run has begun; start from a model before the first step.");
        }
        Network network = training.network();
        List<TensorSpec> parameters = specs(training.layout());
        Set<TensorSpec> running = Set.copyOf(specs(network.statistics()));
        List<TensorSpec> state = specs(training.statistics()).stream().filter(spec -> !running.contains(spec)).toList();
        StartingWeights start = StartingWeights.of(
                model, network, parameters.subList(network.parameters().size(), parameters.size()), state, kept, config.startValue());
        Set<String> learning = training.trained().entries().stream().map(entry -> entry.spec().name()).collect(Collectors.toSet());
        for (TensorSpec spec : network.parameters()) {
            if (start.drawn().contains(spec.name()) && !learning.contains(spec.name())) {
                throw new IOException(model + ": '" + spec.name() + "' does not fit this network and would be new, but it is frozen; freeze less than "
                        + config.frozen() + " or keep the model's embeddingSize.");
            }
        }
        training.load(start.weights(), null, Map.of(), 0, 0);
        startedFromModel = true;
        return start;
    }

    private void resume(Path folder) throws IOException {
        Checkpoint.State state = Checkpoint.readState(folder);
        TrainingConfig saved = Checkpoint.readConfig(folder);
        if (!saved.sameTensors(config) || state.classes() != source.classes()) {
            throw new IOException(folder + ": this checkpoint is of another network, head, optimizer, frozen part or number of people (" + saved.network().name()
                    + ", " + saved.lossDescription() + ", " + state.classes()
                    + " people); continue with its configuration or train into an empty folder.");
        }
        List<TensorSpec> parameters = specs(training.layout());
        Checkpoint checkpoint = Checkpoint.read(folder, parameters, specs(training.trained()), specs(training.statistics()));
        training.load(checkpoint.weights(), checkpoint.average(), checkpoint.optimizer(), state.appliedSteps(), state.skippedSteps());
        if (rounds != null && checkpoint.round() != null) {
            try {
                rounds.begin(checkpoint.round());
            } catch (IOException e) {
                throw new IOException(folder + ": " + e.getMessage() + ".", e);
            }
        }
        if (adaptation != null) {
            adaptation.restore(training.pairCounts());
        }
        step = state.step();
        skippedAtStart = state.skippedSteps();
        skippedSeen = state.skippedSteps();
        skippedAtSave = state.skippedSteps();
        savedStep = step;
        bestStep = state.bestStep();
        bestFigure = state.bestFigure();
        startedFromModel = true;
        closeLoader();
        if (!saved.sameComputation(config)) {
            warn("The run goes on under another configuration than the one of its checkpoint " + folder.getFileName()
                    + ", so its bits are those of neither alone.");
        }
        if (!state.decoder().equals(Decoders.description())) {
            String before = state.decoder().equals(Checkpoint.UNKNOWN_DECODER)
                    ? "What decoded the pictures until here is not in the checkpoint; they are decoded by "
                    : "Pictures were decoded by " + state.decoder() + " until here and are by ";
            warn(before + Decoders.description() + " from now on; pixels of JPEGs may differ by rounding, so the run's bits are those of neither alone.");
        }
    }

    private static List<TensorSpec> specs(FlatLayout layout) {
        return layout.entries().stream().map(FlatLayout.Entry::spec).toList();
    }

    /** Asks a running {@link #run} to end after the step it is in and to save a checkpoint. From any thread. */
    public void requestStop() {
        stopRequested = true;
    }

    /** Trains to the end of the configured run, then evaluates and saves; or until {@link #requestStop}. */
    public void run() throws IOException {
        runUntil(config.steps());
        if (step == config.steps()) {
            boolean better = step % config.evaluateEvery() != 0 && evaluate();
            if (better || step % config.checkpointEvery() != 0) {
                save();
            }
        }
    }

    /**
     * Trains until {@code end} steps of the run are done, or the run's end.
     *
     * @throws DivergedException when more than {@link TrainingConfig#skipLimit} steps had no finite gradient
     * @throws IOException when a batch cannot be read or a checkpoint cannot be written
     */
    public void runUntil(long end) throws IOException {
        if (closed) {
            throw new IllegalStateException("The trainer is closed.");
        }
        if (loader == null) {
            TrainingAdvice.of(config, training.network(), source.classes(), startedFromModel).forEach(this::warn);
            System.gc(); // what drawing or loading the weights left behind goes back to the system before the activations take their memory
        }
        reportedStep = step;
        reportedNanos = System.nanoTime();
        while (step < Math.min(end, config.steps()) && !stopRequested) {
            if (rounds != null && rounds.isUsedUp(step)) {
                nextRound();
            }
            if (loader == null) {
                loader = new BatchLoader(device, source, training.buffers(), config.microBatch(), config.loaderThreads(), step * config.microBatches());
            }
            doStep();
            long done = step + 1;
            if (done % config.reportEvery() == 0 || done == config.steps()) {
                report();
            }
            step = done;
            boolean better = done % config.evaluateEvery() == 0 && evaluate();
            if ((better || done % config.checkpointEvery() == 0) && isSound()) {
                save();
            }
        }
        if (stopRequested && step < config.steps() && savedStep != step) {
            save();
        }
    }

    /** Chooses triplets with the weights of now. What workers have read ahead beyond the round's end is dropped. */
    private void nextRound() throws IOException {
        long started = System.nanoTime();
        if (loader != null) {
            waitedNanos += loader.takeWaitedNanos();
            closeLoader();
        }
        TripletRound next;
        try (var network = new EmbeddingNetwork(device, config.network(), config.input(), training.weights(), EVALUATION_BATCH, config.precision())) {
            next = rounds.next(step, source, network, this::warn);
        }
        if (next == null) {
            if (step > 0 && savedStep != step) {
                save();
            }
            throw new IOException(rounds.exhausted());
        }
        rounds.begin(next);
        reportedNanos += System.nanoTime() - started;
    }

    /** Whether every step since the last checkpoint had a finite gradient: the newest checkpoint of a run that diverges is to be a good one. */
    private boolean isSound() {
        long skipped = training.control().skippedSteps();
        boolean sound = skipped == skippedAtSave;
        skippedAtSave = skipped;
        return sound;
    }

    private void doStep() throws IOException {
        float rate = (float) config.learningRate(step);
        float margin = (float) config.margin(step);
        float scale = (float) config.head().scale(source.classes());
        float lambda = (float) config.head().annealing().at(step);
        for (int i = 0; i < config.microBatches(); i++) {
            long micro = step * config.microBatches() + i;
            loader.send(new StepScalars(step, micro, rate, margin, scale, lambda));
            training.launchMicroBatch(i);
            if (adaptation != null) {
                adaptation.add(training.pairDistances(), training.labels());
            }
            loader.refill();
        }
        training.launchUpdate();
        if (adaptation != null && adaptation.isDue()) {
            training.setMetricMargin((float) adaptation.take());
        }
    }

    /** Reads loss and control of the step just enqueued. */
    private void report() {
        HeadSummary summary = training.summary();
        MetricSummary metric = training.metricSummary();
        StepControl control = training.control();
        long now = System.nanoTime();
        double images = (double) (step + 1 - reportedStep) * config.batch();
        double nanos = Math.max(1, now - reportedNanos);
        double waited = loader.takeWaitedNanos();
        trainingNanos += nanos;
        waitedNanos += waited;
        reportedStep = step + 1;
        reportedNanos = now;
        source.takeProblems().forEach(problem -> warn("Another picture stands in for one that cannot be used: " + problem));
        long skipped = control.skippedSteps();
        var report = new StepReport(
                step, totalLoss(summary, metric), summary.accuracy(), summary.targetCosine(), summary.otherCosine(), control.gradientNorm(),
                config.learningRate(step), config.margin(step), images / (nanos * 1e-9), skipped, waited / nanos,
                training.health(config.margin(step)));
        listeners.forEach(listener -> listener.onStep(report));
        if (metric != null) {
            double metricMargin = config.metric().loss() instanceof MetricLoss.Center ? 0 : training.metricMargin();
            listeners.forEach(listener -> listener.onMetric(step, metric, metricMargin));
            String advice = TrainingAdvice.of(metric);
            if (advice != null && told.add(advice)) {
                warn(advice);
            }
        }
        if (skipped > skippedSeen) {
            warn((skipped - skippedSeen) + " of the last steps had no finite gradient and changed nothing; the loss is now " + summary.loss() + ".");
            skippedSeen = skipped;
        }
        if (skipped - skippedAtStart > config.skipLimit()) {
            throw new DivergedException(step, skipped - skippedAtStart, summary.loss(), lastCheckpoint());
        }
    }

    /** What is minimised: the head's loss and the weighted one on the embeddings. */
    private double totalLoss(HeadSummary summary, MetricSummary metric) {
        return metric == null || config.metric().alone() ? summary.loss() : summary.loss() + config.metric().weight() * metric.loss();
    }

    private Path lastCheckpoint() {
        try {
            return checkpoints == null ? null : checkpoints.latest().orElse(null);
        } catch (IOException e) {
            warn("The folder of checkpoints cannot be read (" + e.getMessage() + ").");
            return null;
        }
    }

    private void warn(String sentence) {
        listeners.forEach(listener -> listener.onWarning(step, sentence));
    }

    /** Whether there was an evaluation and it was the best so far. */
    private boolean evaluate() throws IOException {
        if (evaluation == null) {
            return false;
        }
        long started = System.nanoTime();
        Map<String, Double> figures;
        try (var network = new EmbeddingNetwork(device, config.network(), config.input(), weightsToUse(), EVALUATION_BATCH, config.precision())) {
            figures = evaluation.evaluate(network);
        }
        listeners.forEach(listener -> listener.onEvaluation(step, figures));
        double figure = figures.isEmpty() ? Double.NaN : figures.values().iterator().next();
        boolean better = figure > bestFigure || bestStep < 0 && !Double.isNaN(figure);
        if (better) {
            bestStep = step;
            bestFigure = figure;
        }
        reportedNanos += System.nanoTime() - started;
        return better;
    }

    private Weights weightsToUse() {
        Weights average = training.average();
        return average == null ? training.weights() : average;
    }

    private void save() throws IOException {
        if (checkpoints == null) {
            return;
        }
        long started = System.nanoTime();
        if (adaptation != null) {
            training.setPairCounts(adaptation.counts());
        }
        StepControl control = training.control();
        var state = new Checkpoint.State(step, control.appliedSteps(), control.skippedSteps(), source.classes(), bestStep, bestFigure,
                Decoders.description());
        var checkpoint = new Checkpoint(state, config, training.weights(), training.average(), training.optimizerState(), round());
        Path folder = checkpoints.save(checkpoint, metadata());
        savedStep = step;
        listeners.forEach(listener -> listener.onCheckpoint(step, folder));
        reportedNanos += System.nanoTime() - started;
    }

    private ModelMetadata metadata() {
        return new ModelMetadata(config.network(), config.input(), config.lossDescription(), source.classes(), trainingSet, aligner);
    }

    /** Share of the training time, evaluation and checkpoints left out, that the device had no batch to work on; 0 before the first report. */
    public double loaderShare() {
        return trainingNanos == 0 ? 0 : waitedNanos / trainingNanos;
    }

    /** The device memory that this run has taken. */
    public TrainingMemory memory() {
        return training.deviceMemory();
    }

    /** The triplets that batches are made of now; null without rounds. */
    TripletRound round() {
        return rounds == null ? null : rounds.current();
    }

    /** Steps done. */
    public long step() {
        return step;
    }

    /** Parameters and running statistics as they are now. Waits for the device. */
    public Weights weights() {
        return training.weights();
    }

    /** The moving averages as they are now; empty without them. Waits for the device. */
    public Optional<Weights> average() {
        return Optional.ofNullable(training.average());
    }

    /** Writes the model as one file: the moving average where there is one. */
    public void saveModel(Path file) throws IOException {
        weightsToUse().save(file, metadata());
    }

    private void closeLoader() {
        if (loader != null) {
            BatchLoader open = loader;
            loader = null;
            open.close();
        }
    }

    /** Stops the workers and frees the device memory. Does nothing the second time. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            closeLoader();
        } finally {
            training.close();
        }
    }
}
