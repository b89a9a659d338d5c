package org.angulus.bench;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import org.angulus.device.Device;
import org.angulus.device.SgdRule;
import org.angulus.device.Type;
import org.angulus.loss.MarginHead;
import org.angulus.model.ConvLayer;
import org.angulus.model.InputFormat;
import org.angulus.model.Network;
import org.angulus.model.NetworkConfig;
import org.angulus.model.ResFace;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.Variant;
import org.angulus.train.Augmentation;
import org.angulus.train.BatchSource;
import org.angulus.train.MetricTraining;
import org.angulus.train.Optimizer;
import org.angulus.train.ParameterRules;
import org.angulus.train.Schedule;
import org.angulus.train.StepReport;
import org.angulus.train.Trainer;
import org.angulus.train.TrainingConfig;
import org.angulus.train.TrainingListener;

/**
 * Training steps of ResFace20 (article variant, 112x96, 512 numbers, no dropout) with AM-Softmax (s 30, m 0.35), SGD with momentum 0.9 and decay
 * 5e-4, on drawn pictures: what {@code tools/peers/torch_train_step.py} does. The loss of every step is read, as there.
 */
final class TrainingProblem implements AutoCloseable {
    private static final double SCALE = 30;
    private static final double MARGIN = 0.35;
    private static final double RATE = 0.01;
    private static final int NEVER = Integer.MAX_VALUE;

    private final Device device;
    private final Trainer trainer;
    private final int batch;
    private final int classes;
    private final Network network;
    private StepReport last;

    TrainingProblem(Device device, int batch, int classes) {
        this(device, batch, classes, Type.F32, 1);
    }

    /**
     * @param type how activations are stored
     * @param reportEvery steps between two readings of the loss; {@link #step} needs 1
     */
    TrainingProblem(Device device, int batch, int classes, Type type, int reportEvery) {
        this.batch = batch;
        this.classes = classes;
        this.device = device;
        TrainingConfig config = config(ResFaceConfig.of("resface20", Variant.ARTICLE).withKeep(1), batch, false, Augmentation.NONE, type, reportEvery);
        network = config.network().build();
        trainer = new Trainer(device, config, new DrawnPictures(config.network(), classes, batch), null, "drawn pictures", "none");
        trainer.addListener(new TrainingListener() {
            @Override
            public void onStep(StepReport report) {
                last = report;
            }
        });
    }

    /** One loader thread. */
    static TrainingConfig config(ResFaceConfig network, int batch, boolean flip, Augmentation augmentation, Type type, int reportEvery) {
        return new TrainingConfig(
                network,
                InputFormat.DEFAULT,
                type,
                MarginHead.amSoftmax(SCALE, MARGIN),
                new Optimizer.Sgd(0.9, SgdRule.Convention.TORCH, false),
                ParameterRules.DECAY,
                ParameterRules.ONE,
                new Schedule.Steps(List.of(new Schedule.RateFrom(0, RATE))),
                0, 0, NEVER, batch, 1, 1, flip, augmentation, 0, 0, reportEvery, NEVER, NEVER, 1, 128L << 20, 1, Network.NOTHING, MetricTraining.NONE);
    }

    /**
     * One step, from pictures in memory to changed weights and a loss that was read.
     *
     * @throws IllegalStateException when the loss is not finite, or the first one not that of an untrained network
     */
    double step() throws IOException {
        long step = trainer.step();
        trainer.runUntil(step + 1);
        double loss = last.loss();
        if (last.step() != step || !Double.isFinite(loss) || last.skippedSteps() != 0) {
            throw new IllegalStateException("Step " + step + " of training gave the loss " + loss + " and skipped " + last.skippedSteps() + " steps.");
        }
        if (step == 0) {
            requireUntrained(loss);
        }
        return loss;
    }

    /** So many steps one behind the other, then waits for the device. */
    void steps(int count) throws IOException {
        trainer.runUntil(trainer.step() + count);
        device.sync();
    }

    /** With cosines near 0 the loss is ln(1 + (classes - 1) e^(s m)): the start of the class vectors spreads the cosines and moves it a little. */
    private void requireUntrained(double loss) {
        double expected = Math.log1p((classes - 1) * Math.exp(SCALE * MARGIN));
        if (!(Math.abs(loss - expected) <= 0.1 * expected)) {
            throw new IllegalStateException("The first loss is " + loss + "; that of an untrained network is about " + expected + ".");
        }
    }

    /**
     * Floating-point operations of a step by image: two for each multiply-add of the network, forward and in both backward directions, without the
     * gradient of the pictures, which nobody needs. 10.49e9 here. The head (0.03e9) is left out.
     */
    double flopPerImage() {
        ConvLayer first = (ConvLayer) network.layers().getFirst();
        return 2.0 * (3 * network.multiplyAdds() - first.geometry().multiplyAdds());
    }

    int batch() {
        return batch;
    }

    @Override
    public void close() {
        trainer.close();
    }

    /** Two batches of drawn pictures in turn, ready in memory: reading them costs one copy. */
    private static final class DrawnPictures implements BatchSource {
        private final int classes;
        private final int height;
        private final int width;
        private final byte[] pictures;
        private final int[] labels;

        DrawnPictures(NetworkConfig network, int classes, int batch) {
            this.classes = classes;
            height = network.height();
            width = network.width();
            var random = new SplittableRandom(1);
            labels = random.ints(2L * batch, 0, classes).toArray();
            pictures = new byte[labels.length * height * width * ResFace.INPUT_CHANNELS];
            random.nextBytes(pictures);
        }

        @Override
        public int classes() {
            return classes;
        }

        @Override
        public int height() {
            return height;
        }

        @Override
        public int width() {
            return width;
        }

        @Override
        public void fill(long position, Batch batch) {
            int first = (int) (position % labels.length);
            int bytes = height * width * ResFace.INPUT_CHANNELS;
            MemorySegment.copy(pictures, first * bytes, batch.images(), ValueLayout.JAVA_BYTE, 0, batch.size() * bytes);
            MemorySegment.copy(labels, first, batch.labels(), ValueLayout.JAVA_INT, 0, batch.size());
            batch.flips().fill((byte) 0);
        }
    }
}
