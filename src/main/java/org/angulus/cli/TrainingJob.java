package org.angulus.cli;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.angulus.data.FailedImages;
import org.angulus.data.LabeledImages;
import org.angulus.data.LabeledPhotos;
import org.angulus.device.Device;
import org.angulus.device.DeviceInfo;
import org.angulus.eval.Baselines;
import org.angulus.eval.EmbeddedPairs;
import org.angulus.eval.FlipFusion;
import org.angulus.eval.LfwProtocol;
import org.angulus.eval.PairImages;
import org.angulus.eval.Plots;
import org.angulus.eval.RandomPairs;
import org.angulus.eval.Roc;
import org.angulus.eval.VerificationPairs;
import org.angulus.eval.VerificationReport;
import org.angulus.image.RgbImage;
import org.angulus.model.AtomicFile;
import org.angulus.model.EmbeddingNetwork;
import org.angulus.model.Network;
import org.angulus.model.NetworkConfig;
import org.angulus.model.ResFaceConfig;
import org.angulus.train.ExampleOrder;
import org.angulus.train.IdentityOrder;
import org.angulus.train.LossWatch;
import org.angulus.train.ShuffledBatches;
import org.angulus.train.Stages;
import org.angulus.train.StartingWeights;
import org.angulus.train.TensorBoardListener;
import org.angulus.train.Trainer;
import org.angulus.train.TrainingConfig;
import org.angulus.train.TrainingListener;
import org.angulus.train.TrainingMemory;
import org.angulus.train.TripletRounds;

/** One training run from its faces to its report. */
final class TrainingJob {
    private static final int REPORT_PAIRS = 3000;
    private static final LfwProtocol PROTOCOL = LfwProtocol.facenet();

    private final Stages stages;
    private final DataChoice choice;
    private final RunFolder folder;
    private final boolean resume;
    private final PrintWriter out;
    private final PrintWriter err;
    private volatile boolean stopped;

    /**
     * @param resume go on from the newest checkpoint
     */
    TrainingJob(Stages stages, DataChoice choice, RunFolder folder, boolean resume, PrintWriter out, PrintWriter err) {
        this.stages = stages;
        this.choice = choice;
        this.folder = folder;
        this.resume = resume;
        this.out = out;
        this.err = err;
    }

    /**
     * @param deviceName null: the best one
     * @param threads null: as many as the process may use
     * @param interruption ends training after a step and a checkpoint
     */
    void run(String deviceName, Integer threads, Interruption interruption) throws IOException {
        TrainingConfig config = stages.last();
        NetworkConfig network = config.network();
        TrainingFaces faces = choice.data() == null
                ? TrainingFaces.synthetic(choice, stages.first().startValue(), network.height(), network.width())
                : TrainingFaces.folder(choice, stages.first().startValue(), network.height(), network.width(), out);
        PairImages test = faces.heldOut() == null ? null : test(faces.heldOut());
        List<ExampleOrder> orders = ordersOf(faces.training());
        try (Device device = Devices.open(deviceName)) {
            if (threads != null && device.isProcessor()) {
                device.setThreads(threads);
            }
            stages.list().forEach(stage -> device.requireTraining(stage.precision()));
            // Not before: what was refused until here leaves no folder behind.
            folder.write(stages, choice, faces.people());
            announce(device.info(), faces, orders);
            train(device, faces, orders, test, interruption);
            if (test != null) {
                report(device, faces, test);
            }
        }
        out.println("All of it is in " + folder.root());
        out.flush();
    }

    private void warn(String sentence) {
        err.println("angulus: " + sentence);
        err.flush();
    }

    /** Whether there is a run to go on with. */
    boolean isBegun() {
        return folder.isBegun();
    }

    /** Pairs of the people held out. A picture that cannot be used is named and left out, as far as among those to train on. */
    private PairImages test(LabeledPhotos heldOut) throws IOException {
        var failed = new FailedImages(choice.strict());
        VerificationPairs pairs = RandomPairs.draw("pairs of " + heldOut.people().size() + " held-out people", heldOut, REPORT_PAIRS, stages.first().startValue());
        try {
            var images = new PairImages(pairs, heldOut, RgbImage.CHANNELS * stages.last().network().height() * stages.last().network().width());
            images.check(failed);
            return images;
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.FAILED, e.getMessage() + "; mend them or hold out more people.");
        } finally {
            failed.takeUntold().forEach(sentence -> err.println("angulus: left out of the report: " + sentence));
            err.flush();
        }
    }

    /** What goes on with this run. */
    String resumeCommand() {
        return "angulus train --resume " + folder.root();
    }

    private void announce(DeviceInfo info, TrainingFaces faces, List<ExampleOrder> orders) {
        NetworkConfig network = stages.last().network();
        LabeledImages training = faces.training();
        out.println("Device    " + info.name() + ", " + info.description() + ", " + info.isa() + ", " + info.threads() + " threads");
        out.println("Network   " + network.name() + ", widths " + network.widths() + ", crop " + network.height() + "x" + network.width() + ", embedding of "
                + network.embeddingSize() + " numbers" + (!isReduced(network) ? "" : ": smaller than the full ResFace20 (112x96, widths 64 to 512, 512 numbers)"));
        out.println("Faces     " + faces.name() + ": " + training.classes() + " people, " + training.count() + " pictures; "
                + (faces.heldOut() == null ? "nobody" : faces.heldOut().people().size() + " other people") + " held out");
        for (int i = 0; i < stages.count(); i++) {
            TrainingConfig config = stages.list().get(i);
            out.println((i == 0 ? "Recipe    " : "then      ") + config.lossDescription() + ", " + config.steps() + " steps of " + config.batch() + " pictures"
                    + (config.microBatches() > 1 ? " in " + config.microBatches() + " micro-batches, each with batch statistics of its own" : "")
                    + (config.frozen().equals(Network.NOTHING) ? "" : "; frozen: " + config.frozen()));
            if (orders.get(i) instanceof IdentityOrder identities) {
                out.println("Batches   " + config.microBatch() / config.metric().imagesPerIdentity() + " people with " + config.metric().imagesPerIdentity()
                        + " images each, of the " + identities.remaining() + " of " + training.classes() + " people that have two images or more");
            }
            if (orders.get(i) instanceof TripletRounds rounds) {
                out.println("Rounds    triplets chosen among " + rounds.words());
            }
        }
        out.println("Precision " + stages.last().precision().words());
        out.println("Run       " + folder.root());
        out.flush();
    }

    private List<ExampleOrder> ordersOf(LabeledImages training) {
        try {
            return stages.list().stream().map(config -> ExampleOrder.of(config, training)).toList();
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.FAILED, e.getMessage());
        }
    }

    private static boolean isReduced(NetworkConfig network) {
        return network instanceof ResFaceConfig resFace && !resFace.equals(ResFaceConfig.of("resface20", resFace.variant()).withKeep(resFace.keep()));
    }

    private void train(Device device, TrainingFaces faces, List<ExampleOrder> orders, PairImages test, Interruption interruption) throws IOException {
        LossCurve curve = new LossCurve();
        try (var events = new TensorBoardListener(folder.root(), "held_out", this::warn);
                ProgressDisplay progress = new ProgressDisplay(stages, out, err)) {
            int first = 0;
            while (resume && first < stages.count() - 1 && Files.exists(folder.stageModel(first))) {
                first++;
            }
            for (int stage = first; stage < stages.count(); stage++) {
                train(device, faces, orders.get(stage), test, interruption, stage, progress, List.of(progress, events, curve));
            }
        }
        curve.draw(new Plots(this::warn), folder.lossPicture(), stages.last().network().name());
    }

    private void train(
            Device device, TrainingFaces faces, ExampleOrder order, PairImages test, Interruption interruption, int stage, ProgressDisplay progress,
            List<TrainingListener> listeners) throws IOException {
        TrainingConfig config = stages.list().get(stage);
        long before = stages.stepsBefore(stage);
        boolean last = stage == stages.count() - 1;
        var failed = new FailedImages(choice.strict());
        var batches = new ShuffledBatches(faces.training(), config.startValue(), config.flip(), config.augmentation(), failed, order);
        try (Trainer trainer = new Trainer(device, config, batches, folder.checkpoints(stages, stage), faces.name(), faces.aligner())) {
            listeners.forEach(listener -> trainer.addListener(listener.after(before)));
            trainer.addListener(new LossWatch(config, progress.after(before)));
            if (test != null) {
                trainer.setEvaluation(embeddings -> figures(test.embed(embeddings, FlipFusion.NONE)));
            }
            if (stages.count() > 1) {
                progress.note("Stage     " + (stage + 1) + " of " + stages.count() + ": " + config.lossDescription() + ", " + config.steps() + " steps");
            }
            progress.note("Memory    " + words(trainer.memory()));
            begin(trainer, stage, progress);
            progress.start(before + trainer.step());
            interruption.onSignal(() -> {
                progress.warn("stopping after this step and a checkpoint; a second Ctrl-C ends at once");
                stopped = true;
                trainer.requestStop();
            });
            if (stopped) { // between two stages
                trainer.requestStop();
            }
            trainer.run();
            if (trainer.step() < config.steps()) {
                throw new CommandFailure(ExitCode.INTERRUPTED, "stopped after step " + (before + trainer.step()) + " of " + stages.steps() + "; go on with "
                        + resumeCommand());
            }
            if (last) {
                interruption.ignore();
            }
            trainer.saveModel(last ? folder.model() : folder.stageModel(stage));
            progress.note(String.format(Locale.ROOT, "Waited for pictures %.1f %% of the training time", 100 * trainer.loaderShare())
                    + (failed.count() == 0 ? "" : "; replaced " + failed.count() + " that could not be used"));
        }
    }

    /** From a checkpoint, the stage before, a model, or nothing. */
    private void begin(Trainer trainer, int stage, ProgressDisplay progress) throws IOException {
        if (resume && trainer.resume()) {
            progress.note("Going on after step " + (stages.stepsBefore(stage) + trainer.step()));
            return;
        }
        if (resume && stage == 0) {
            progress.note("There is no checkpoint yet: starting again from step 0");
        }
        DataChoice.Start start = choice.start();
        if (stage > 0) {
            progress.note("Start     " + folder.stageModel(stage - 1) + ": "
                    + trainer.startFrom(folder.stageModel(stage - 1), StartingWeights.Head.KEPT_WHERE_IT_FITS).words());
        } else if (start != null) {
            StartingWeights.Head head = start.keepHead() ? StartingWeights.Head.KEPT : StartingWeights.Head.NEW;
            progress.note("Start     " + start.model() + ": " + trainer.startFrom(Path.of(start.model()), head).words());
        }
    }

    private static String words(TrainingMemory memory) {
        return Bytes.text(memory.total()) + " on the device: network " + Bytes.text(memory.network()) + ", class vectors " + Bytes.text(memory.classVectors())
                + ", gradients " + Bytes.text(memory.gradients()) + ", optimizer " + Bytes.text(memory.optimizer()) + ", state " + Bytes.text(memory.state())
                + ", activations " + Bytes.text(memory.activations()) + ", workspace " + Bytes.text(memory.workspace()) + ", input " + Bytes.text(memory.input());
    }

    private static Map<String, Double> figures(EmbeddedPairs pairs) {
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("accuracy", PROTOCOL.evaluate(pairs).mean());
        figures.put("auc", Roc.of(pairs.cosines(), pairs.same()).areaUnderCurve());
        return figures;
    }

    private void report(Device device, TrainingFaces faces, PairImages test) throws IOException {
        EmbeddedPairs pairs;
        try (EmbeddingNetwork network = EmbeddingNetwork.load(device, folder.model(), 64, stages.last().precision())) {
            pairs = test.embed(network, FlipFusion.NONE);
        }
        VerificationReport report = VerificationReport.of(PROTOCOL, pairs, stages.last().network().name(), faces.name(), FlipFusion.NONE);
        double pixels = test.baseline(Baselines::pixelCosine);
        double colours = test.baseline(Baselines::histogramSimilarity);
        JsonObject json = JsonParser.parseString(report.toJson()).getAsJsonObject();
        JsonObject baselines = new JsonObject();
        baselines.addProperty("rawPixelCosine", pixels);
        baselines.addProperty("colourHistogram", colours);
        json.add("baselinesBestThreshold", baselines);
        AtomicFile.write(folder.report(), new GsonBuilder().setPrettyPrinting().serializeNulls().create().toJson(json) + "\n");

        out.println();
        out.println(report.toText().stripTrailing());
        out.println();
        out.println("The same pairs decided without a network, at the best threshold for it:");
        out.println(String.format(Locale.ROOT, "  raw pixels, cosine   %.2f %%", 100 * pixels));
        out.println(String.format(Locale.ROOT, "  colour histogram     %.2f %%", 100 * colours));
        out.println(String.format(Locale.ROOT, "  this network         %.2f %% (%.2f %% with thresholds chosen on the other folds)",
                100 * report.result().bestAccuracy(), 100 * report.result().mean()));

        Roc roc = Roc.of(pairs.cosines(), pairs.same());
        Plots plots = new Plots(this::warn);
        plots.roc(folder.rocPicture(), "Held-out people", Map.of(stages.last().network().name(), roc));
        plots.scores(folder.scoresPicture(), "Held-out people", roc, report.result().bestThreshold());
        out.println();
        out.println("Model, report and pictures: " + String.join(", ", List.of("model.safetensors", "report.json", "loss.png", "roc.png", "scores.png")));
    }
}
