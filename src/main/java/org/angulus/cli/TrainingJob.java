package org.angulus.cli;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.PrintWriter;
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
import org.angulus.model.ResFaceConfig;
import org.angulus.train.ExampleOrder;
import org.angulus.train.IdentityOrder;
import org.angulus.train.ShuffledBatches;
import org.angulus.train.TensorBoardListener;
import org.angulus.train.Trainer;
import org.angulus.train.TrainingConfig;
import org.angulus.train.TrainingMemory;

/** One training run from its faces to its report. */
final class TrainingJob {
    private static final int REPORT_PAIRS = 3000;
    private static final LfwProtocol PROTOCOL = LfwProtocol.facenet();

    private final TrainingConfig config;
    private final DataChoice choice;
    private final RunFolder folder;
    private final boolean resume;
    private final PrintWriter out;
    private final PrintWriter err;

    /**
     * @param resume go on from the newest checkpoint
     */
    TrainingJob(TrainingConfig config, DataChoice choice, RunFolder folder, boolean resume, PrintWriter out, PrintWriter err) {
        this.config = config;
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
        ResFaceConfig network = config.network();
        TrainingFaces faces = choice.data() == null
                ? TrainingFaces.synthetic(choice, config.startValue(), network.height(), network.width())
                : TrainingFaces.folder(choice, config.startValue(), network.height(), network.width(), out);
        PairImages test = faces.heldOut() == null ? null : test(faces.heldOut());
        ExampleOrder order = orderOf(faces.training());
        try (Device device = Devices.open(deviceName)) {
            if (threads != null) {
                device.setThreads(threads);
            }
            device.require(config.precision());
            // Not before: what was refused until here leaves no folder behind.
            folder.write(config, choice, faces.people());
            announce(device.info(), faces, order);
            train(device, faces, order, test, interruption);
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
        VerificationPairs pairs = RandomPairs.draw("pairs of " + heldOut.people().size() + " held-out people", heldOut, REPORT_PAIRS, config.startValue());
        try {
            var images = new PairImages(pairs, heldOut, RgbImage.CHANNELS * config.network().height() * config.network().width());
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

    private void announce(DeviceInfo info, TrainingFaces faces, ExampleOrder order) {
        ResFaceConfig network = config.network();
        LabeledImages training = faces.training();
        out.println("Device    " + info.name() + ", " + info.description() + ", " + info.isa() + ", " + info.threads() + " threads");
        out.println("Network   " + network.name() + ", widths " + network.widths() + ", crop " + network.height() + "x" + network.width() + ", embedding of "
                + network.embeddingSize() + " numbers" + (isFull(network) ? "" : ": smaller than the full ResFace20 (112x96, widths 64 to 512, 512 numbers)"));
        out.println("Faces     " + faces.name() + ": " + training.classes() + " people, " + training.count() + " pictures; "
                + (faces.heldOut() == null ? "nobody" : faces.heldOut().people().size() + " other people") + " held out");
        out.println("Recipe    " + config.lossDescription() + ", " + config.steps() + " steps of " + config.batch() + " pictures"
                + (config.microBatches() > 1 ? " in " + config.microBatches() + " micro-batches, each with batch statistics of its own" : ""));
        if (order instanceof IdentityOrder identities) {
            out.println("Batches   " + config.microBatch() / config.metric().imagesPerIdentity() + " people with " + config.metric().imagesPerIdentity()
                    + " images each, of the " + identities.remaining() + " of " + training.classes() + " people that have two images or more");
        }
        out.println("Precision " + config.precision().words());
        out.println("Run       " + folder.root());
        out.flush();
    }

    private ExampleOrder orderOf(LabeledImages training) {
        try {
            return ExampleOrder.of(config, training);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.FAILED, e.getMessage());
        }
    }

    private static boolean isFull(ResFaceConfig network) {
        return network.equals(ResFaceConfig.of("resface20", network.variant()).withKeep(network.keep()));
    }

    private void train(Device device, TrainingFaces faces, ExampleOrder order, PairImages test, Interruption interruption) throws IOException {
        var failed = new FailedImages(choice.strict());
        var batches = new ShuffledBatches(faces.training(), config.startValue(), config.flip(), config.augmentation(), failed, order);
        LossCurve curve = new LossCurve();
        try (Trainer trainer = new Trainer(device, config, batches, folder.checkpoints(), faces.name(), faces.aligner());
                var events = new TensorBoardListener(folder.root(), "held_out", this::warn);
                ProgressDisplay progress = new ProgressDisplay(config, out, err)) {
            trainer.addListener(progress);
            trainer.addListener(events);
            trainer.addListener(curve);
            if (test != null) {
                trainer.setEvaluation(embeddings -> figures(test.embed(embeddings, FlipFusion.NONE)));
            }
            progress.note("Memory    " + words(trainer.memory()));
            if (resume) {
                boolean found = trainer.resume();
                progress.note(found ? "Going on after step " + trainer.step() : "There is no checkpoint yet: starting again from step 0");
            }
            progress.start(trainer.step());
            interruption.onSignal(() -> {
                progress.warn("stopping after this step and a checkpoint; a second Ctrl-C ends at once");
                trainer.requestStop();
            });
            trainer.run();
            if (trainer.step() < config.steps()) {
                throw new CommandFailure(ExitCode.INTERRUPTED, "stopped after step " + trainer.step() + " of " + config.steps() + "; go on with " + resumeCommand());
            }
            interruption.ignore();
            trainer.saveModel(folder.model());
            progress.note(String.format(Locale.ROOT, "Waited for pictures %.1f %% of the training time", 100 * trainer.loaderShare())
                    + (failed.count() == 0 ? "" : "; replaced " + failed.count() + " that could not be used"));
        }
        curve.draw(new Plots(this::warn), folder.lossPicture(), config.network().name());
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
        try (EmbeddingNetwork network = EmbeddingNetwork.load(device, folder.model(), 64, config.precision())) {
            pairs = test.embed(network, FlipFusion.NONE);
        }
        VerificationReport report = VerificationReport.of(PROTOCOL, pairs, config.network().name(), faces.name(), FlipFusion.NONE);
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
        plots.roc(folder.rocPicture(), "Held-out people", Map.of(config.network().name(), roc));
        plots.scores(folder.scoresPicture(), "Held-out people", roc, report.result().bestThreshold());
        out.println();
        out.println("Model, report and pictures: " + String.join(", ", List.of("model.safetensors", "report.json", "loss.png", "roc.png", "scores.png")));
    }
}
