package org.angulus.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.angulus.data.FailedImages;
import org.angulus.data.FramedImages;
import org.angulus.data.LabeledImages;
import org.angulus.data.Mnist;
import org.angulus.device.Device;
import org.angulus.device.HeadKind;
import org.angulus.eval.FeatureSpread;
import org.angulus.eval.FeatureSpread.ClassVectors;
import org.angulus.image.Framing;
import org.angulus.image.RgbImage;
import org.angulus.model.EmbeddingNetwork;
import org.angulus.model.Weights;
import org.angulus.train.Augmentation;
import org.angulus.train.ShuffledBatches;
import org.angulus.train.StepReport;
import org.angulus.train.Trainer;
import org.angulus.train.TrainingConfig;
import org.angulus.train.TrainingListener;

/** Trains a LeNet++ with one loss and looks at the features of the test pictures. */
final class FeatureExperiment {
    private static final int EMBEDDED_AT_ONCE = 128;

    private final Device device;
    private final LabeledImages training;
    private final LabeledImages test;
    private final int classes;
    private final PrintWriter out;
    private final PrintWriter err;

    /**
     * One run.
     *
     * @param features (N, D) of the test pictures
     * @param labels (N) of them
     */
    record Run(FeatureSpread spread, float[][] features, int[] labels) {}

    FeatureExperiment(Device device, Mnist training, Mnist test, PrintWriter out, PrintWriter err) {
        this.device = device;
        this.training = new FramedImages(training, training.height(), training.width(), Framing.EXACT);
        this.test = new FramedImages(test, training.height(), training.width(), Framing.EXACT);
        this.classes = training.identities().size();
        this.out = out;
        this.err = err;
    }

    /** Trains and embeds; a DivergedException of the trainer where gradients are no numbers. */
    Run run(PlottedLoss loss, TrainingConfig config) throws IOException {
        TrainingConfig fitting = config.withNetwork(config.network().withCrop(training.height(), training.width()));
        var batches = new ShuffledBatches(training, config.startValue(), false, Augmentation.NONE, new FailedImages(true));
        try (Trainer trainer = new Trainer(device, fitting, batches, null, "mnist", "as published")) {
            trainer.addListener(new Lines(loss.name() + ", start value " + config.startValue(), config.steps()));
            trainer.run();
            Weights weights = trainer.weights();
            try (var network = new EmbeddingNetwork(device, fitting.network(), fitting.input(), weights, EMBEDDED_AT_ONCE)) {
                float[][] features = embed(network);
                int[] labels = new int[test.count()];
                for (int i = 0; i < labels.length; i++) {
                    labels[i] = test.label(i);
                }
                return new Run(FeatureSpread.of(features, labels, vectors(config.head().kind(), weights, network.embeddingSize())), features, labels);
            }
        }
    }

    private float[][] embed(EmbeddingNetwork network) throws IOException {
        var features = new ArrayList<float[]>();
        int bytes = RgbImage.CHANNELS * test.height() * test.width();
        var pixels = new byte[EMBEDDED_AT_ONCE * bytes];
        for (int first = 0; first < test.count(); first += EMBEDDED_AT_ONCE) {
            int count = Math.min(EMBEDDED_AT_ONCE, test.count() - first);
            var crop = new byte[bytes];
            for (int i = 0; i < count; i++) {
                test.read(first + i, MemorySegment.ofArray(crop));
                System.arraycopy(crop, 0, pixels, i * bytes, bytes);
            }
            features.addAll(List.of(network.embed(pixels, count)));
        }
        return features.toArray(float[][]::new);
    }

    private ClassVectors vectors(HeadKind head, Weights weights, int d) {
        float[] flat = weights.get("head.weight");
        float[][] vectors = new float[classes][d];
        for (int j = 0; j < classes; j++) {
            System.arraycopy(flat, j * d, vectors[j], 0, d);
        }
        boolean biased = weights.specs().stream().anyMatch(spec -> spec.name().equals("head.bias"));
        return ClassVectors.of(head, vectors, biased ? weights.get("head.bias") : null);
    }

    /** A line for each report. */
    private final class Lines implements TrainingListener {
        private final String name;
        private final long steps;

        private Lines(String name, long steps) {
            this.name = name;
            this.steps = steps;
        }

        @Override
        public void onStep(StepReport report) {
            out.println(String.format(Locale.ROOT, "%s: step %d of %d  loss %.4f  right %.1f %%  %.0f images/s", name, report.step() + 1, steps,
                    report.loss(), 100 * report.accuracy(), report.imagesPerSecond()));
            out.flush();
        }

        @Override
        public void onWarning(long step, String sentence) {
            err.println("angulus: " + name + ", step " + step + ": " + sentence);
            err.flush();
        }
    }
}
