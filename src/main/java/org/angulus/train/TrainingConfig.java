package org.angulus.train;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.angulus.data.TextFile;
import org.angulus.device.SgdRule;
import org.angulus.device.Type;
import org.angulus.loss.MarginHead;
import org.angulus.model.InputFormat;
import org.angulus.model.LeNetConfig;
import org.angulus.model.Network;
import org.angulus.model.NetworkConfig;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.Variant;
import org.angulus.train.Schedule.RateFrom;

/**
 * All that decides what a training run computes. A run is a function of this, of the training set and of the device's kernels.
 *
 * @param network the network
 * @param input how pictures become numbers
 * @param precision how activations and their gradients are stored; parameters, statistics and losses are f32 always
 * @param head loss and its constants
 * @param optimizer how gradients change parameters
 * @param decay weight decay by kind
 * @param rates factor of the learning rate by kind
 * @param schedule learning rate
 * @param warmUp steps over which the learning rate rises; 0: none
 * @param marginWarmUp steps over which the margin rises from 0; 0: none
 * @param steps length of the run
 * @param batch images of a step
 * @param microBatches equal parts a batch is cut into; batch norm sees one part at a time
 * @param startValue of all random numbers
 * @param flip whether half of the images are mirrored
 * @param augmentation how else training images are changed
 * @param clip largest norm of a step's gradient; 0: no limit
 * @param averageDecay of the moving average of the weights, with which models are saved and evaluated; 0: none
 * @param reportEvery steps between two readings of the loss
 * @param evaluateEvery steps between two evaluations
 * @param checkpointEvery steps between two checkpoints
 * @param skipLimit steps without a finite gradient after which a run counts as diverged
 * @param logitsCap bytes up to which the head keeps its cosines between forward and backward
 * @param loaderThreads threads that prepare batches
 * @param frozen the part of the network, from the input on, whose weights stay: one of {@link Network#parts}; its batch norms take the
 *     running statistics
 * @param metric loss on the embeddings themselves, and what batches are made of
 */
public record TrainingConfig(
        NetworkConfig network,
        InputFormat input,
        Type precision,
        MarginHead head,
        Optimizer optimizer,
        ParameterRules decay,
        ParameterRules rates,
        Schedule schedule,
        long warmUp,
        long marginWarmUp,
        long steps,
        int batch,
        int microBatches,
        long startValue,
        boolean flip,
        Augmentation augmentation,
        double clip,
        double averageDecay,
        int reportEvery,
        int evaluateEvery,
        int checkpointEvery,
        int skipLimit,
        long logitsCap,
        int loaderThreads,
        String frozen,
        MetricTraining metric) {
    private static final String ROOT = "training configuration";

    public TrainingConfig {
        require(steps >= 1, "steps is " + steps + "; train for at least 1");
        require(warmUp >= 0 && marginWarmUp >= 0, "a warm-up has a negative number of steps; give 0 or more");
        require(batch >= 1 && batch <= 65536, "batch is " + batch + "; it must be 1 to 65536 images");
        require(microBatches >= 1 && microBatches <= batch && batch % microBatches == 0,
                "microBatches is " + microBatches + "; it must divide the batch of " + batch);
        require(clip >= 0 && clip < Float.MAX_VALUE, "clip is " + clip + "; give the largest norm, or 0 for no limit");
        require(averageDecay >= 0 && averageDecay < 1, "averageDecay is " + averageDecay + "; it must be at least 0 and below 1");
        require(reportEvery >= 1 && evaluateEvery >= 1 && checkpointEvery >= 1,
                "reportEvery, evaluateEvery and checkpointEvery must each be at least 1 step");
        require(skipLimit >= 1, "skipLimit is " + skipLimit + "; it must be at least 1 step");
        require(logitsCap >= 0, "logitsCap is " + logitsCap + " bytes; it must be 0 or more");
        require(loaderThreads >= 1 && loaderThreads <= 256, "loaderThreads is " + loaderThreads + "; it must be 1 to 256");
        requireFrozen(network, frozen);
        metric.check(batch / microBatches);
    }

    /**
     * A complete configuration by the name of a {@link Recipe} of one stage.
     *
     * @throws IllegalArgumentException with one sentence, when there is none or it has more stages
     */
    public static TrainingConfig recipe(String name) {
        return parse(new Gson().toJson(Map.of("recipe", name)));
    }

    /** What is not said otherwise: ResFace20 with batch norm, AM-Softmax, momentum and weight decay, an epoch of 1,000 steps. */
    private static TrainingConfig standard() {
        return new TrainingConfig(
                ResFaceConfig.of("resface20", Variant.ARTICLE).withKeep(0.8),
                InputFormat.DEFAULT,
                Type.F32,
                MarginHead.amSoftmax(30, 0.35),
                new Optimizer.Sgd(0.9, SgdRule.Convention.TORCH, false),
                ParameterRules.DECAY,
                ParameterRules.ONE,
                new Schedule.Steps(List.of(
                        new RateFrom(0, 0.1), new RateFrom(16_000, 0.01), new RateFrom(24_000, 0.001), new RateFrom(28_000, 0.0001))),
                0, 0, 30_000, 256, 1, 666, true, Augmentation.NONE, 0, 0, 100, 1000, 1000, 20, 128L << 20, 1, Network.NOTHING, MetricTraining.NONE);
    }

    /**
     * Reads JSON of one stage. What is left out comes from the recipe that the field "recipe" names ("default" without it); a network of the variant caffe
     * brings that family's factors of the rate and weight decay, which may be given as well.
     *
     * @throws IllegalArgumentException with one sentence, when a field is unknown, ill-typed or out of range, or there are more stages
     */
    public static TrainingConfig parse(String json) {
        List<JsonObject> stages = Stages.resolve(json, new JsonObject());
        require(stages.size() == 1, "it has " + stages.size() + " stages, where one is needed; read it as stages");
        return read(stages.getFirst());
    }

    /** Reads what names no recipe. */
    static TrainingConfig read(JsonObject json) {
        return RecordJson.read(json, TrainingConfig.class, standard().forChoices(json), ROOT);
    }

    /** Reads a JSON file. */
    public static TrainingConfig load(Path file) throws IOException {
        try {
            return parse(TextFile.read(file));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /** All fields as JSON. */
    public String toJson() {
        return new GsonBuilder().setPrettyPrinting().create().toJson(RecordJson.write(this));
    }

    /** Whether a run under {@code other} computes the same numbers: all that is left out is how long it runs, what it reports and how it reads. */
    public boolean sameComputation(TrainingConfig other) {
        return equals(new TrainingConfig(
                other.network, other.input, other.precision, other.head, other.optimizer, other.decay, other.rates, other.schedule, other.warmUp,
                other.marginWarmUp, steps, other.batch, other.microBatches, other.startValue, other.flip, other.augmentation, other.clip, other.averageDecay,
                reportEvery, evaluateEvery, checkpointEvery, skipLimit, other.logitsCap, loaderThreads, other.frozen, other.metric));
    }

    /** Whether the other run keeps the same tensors from step to step, so that one can go on where the other was stopped. */
    boolean sameTensors(TrainingConfig other) {
        return network.equals(other.network)
                && head.kind() == other.head.kind()
                && optimizer.states().equals(other.optimizer.states())
                && frozen.equals(other.frozen)
                && averageDecay > 0 == other.averageDecay > 0
                && metric.alone() == other.metric.alone()
                && metric.loss().getClass().equals(other.metric.loss().getClass());
    }

    /** All losses in words, for a model file: "am-softmax, scale 30.0, margin 0.35 + 0.003 (center, rate 0.5)". */
    public String lossDescription() {
        if (metric.alone()) {
            return metric.loss().description();
        }
        return head.description() + (metric.isThere() ? " + " + metric.weight() + " (" + metric.loss().description() + ")" : "");
    }

    /** Images of one micro-batch. */
    public int microBatch() {
        return batch / microBatches;
    }

    /** The learning rate of a step. */
    public double learningRate(long step) {
        return new Schedule.WarmUp(warmUp, schedule).at(step);
    }

    /** The head's margin at a step. */
    public double margin(long step) {
        return head.margin() * Schedule.rise(step, marginWarmUp);
    }

    public TrainingConfig withNetwork(NetworkConfig other) {
        return new TrainingConfig(other, input, precision, head, optimizer, decay, rates, schedule, warmUp, marginWarmUp, steps, batch, microBatches,
                startValue, flip, augmentation, clip, averageDecay, reportEvery, evaluateEvery, checkpointEvery, skipLimit, logitsCap, loaderThreads, frozen, metric);
    }

    public TrainingConfig withHead(MarginHead other) {
        return new TrainingConfig(network, input, precision, other, optimizer, decay, rates, schedule, warmUp, marginWarmUp, steps, batch, microBatches,
                startValue, flip, augmentation, clip, averageDecay, reportEvery, evaluateEvery, checkpointEvery, skipLimit, logitsCap, loaderThreads, frozen, metric);
    }

    public TrainingConfig withMetric(MetricTraining other) {
        return new TrainingConfig(network, input, precision, head, optimizer, decay, rates, schedule, warmUp, marginWarmUp, steps, batch, microBatches,
                startValue, flip, augmentation, clip, averageDecay, reportEvery, evaluateEvery, checkpointEvery, skipLimit, logitsCap, loaderThreads, frozen, other);
    }

    public TrainingConfig withPrecision(Type other) {
        return new TrainingConfig(network, input, other, head, optimizer, decay, rates, schedule, warmUp, marginWarmUp, steps, batch, microBatches,
                startValue, flip, augmentation, clip, averageDecay, reportEvery, evaluateEvery, checkpointEvery, skipLimit, logitsCap, loaderThreads, frozen, metric);
    }

    /** The network's name and variant and the kinds of head and metric loss, where JSON gives them, decide what their other fields default to. */
    private TrainingConfig forChoices(JsonObject json) {
        String name = text(json, "network", "name", network.name());
        boolean caffe = text(json, "network", "variant", "").equals("caffe");
        boolean leNet = text(json, "network", "kind", "").equals("le-net");
        TrainingConfig config = caffe || leNet ? withCaffeRules() : this;
        JsonElement metricJson = json.get("metric");
        if (metricJson != null && metricJson.isJsonObject()) {
            config = config.withMetric(metric.forKind(text(metricJson.getAsJsonObject(), "loss", "kind", "")));
        }
        if (leNet) {
            return config.withNetwork(LeNetConfig.of(2, false)).withHead(HeadChoice.defaults(json.get("head"), head));
        }
        boolean known = ResFaceConfig.names().contains(name);
        require(known || json.getAsJsonObject("network").has("blocks"), "network.name is '" + name + "', but no network of that name is known ("
                + String.join(", ", ResFaceConfig.names()) + "); correct it, or give network.blocks of your own");
        if (known) {
            double keep = caffe || !(network instanceof ResFaceConfig resFace) ? 1 : resFace.keep();
            config = config.withNetwork(ResFaceConfig.of(name, caffe ? Variant.CAFFE : Variant.ARTICLE).withKeep(keep));
        }
        return config.withHead(HeadChoice.defaults(json.get("head"), head));
    }

    /** Biases at twice the rate; slopes decay like weights, unless nothing decays. */
    private TrainingConfig withCaffeRules() {
        ParameterRules rules = decay.equals(ParameterRules.DECAY) ? ParameterRules.CAFFE_DECAY : decay;
        return new TrainingConfig(network, input, precision, head, optimizer, rules, ParameterRules.CAFFE_RATES, schedule, warmUp, marginWarmUp, steps,
                batch, microBatches, startValue, flip, augmentation, clip, averageDecay, reportEvery, evaluateEvery, checkpointEvery, skipLimit, logitsCap,
                loaderThreads, frozen, metric);
    }

    /** The text at json.outer.inner, or {@code otherwise} where it is not given; a wrong type is refused later, where it is read. */
    private static String text(JsonObject json, String outer, String inner, String otherwise) {
        JsonElement object = json.get(outer);
        JsonElement value = object != null && object.isJsonObject() ? object.getAsJsonObject().get(inner) : null;
        return value != null && value.isJsonPrimitive() ? value.getAsString() : otherwise;
    }

    private static void requireFrozen(NetworkConfig network, String frozen) {
        try {
            network.build().layersThrough(frozen);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(ROOT + ": frozen: " + e.getMessage(), e);
        }
    }

    private static void require(boolean condition, String problem) {
        if (!condition) {
            throw new IllegalArgumentException(ROOT + ": " + problem + ".");
        }
    }
}
