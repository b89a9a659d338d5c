package org.angulus.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import javax.imageio.ImageIO;
import org.angulus.data.CachedImages;
import org.angulus.data.FailedImages;
import org.angulus.data.FramedImages;
import org.angulus.data.ImageSet;
import org.angulus.data.LabeledImages;
import org.angulus.data.PackWriter;
import org.angulus.data.SyntheticFaces;
import org.angulus.data.SyntheticImages;
import org.angulus.device.Device;
import org.angulus.device.StepScalars;
import org.angulus.image.Framing;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.Variant;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The share of its time that a device waits for batches. The device is simulated by a sleep for the length of a step: like a card it takes none of the
 * processor's time. Everything else is the trainer's own way to the batches.
 */
class LoaderShareTest {
    private static final double MOST = 0.02;
    private static final int HEIGHT = 112;
    private static final int WIDTH = 96;
    private static final int BATCH = 32;
    /** Steps in which the JVM compiles. */
    private static final int WARM_UP = 20;
    /** Ten times what two cores of 3 GHz with AVX-512 train with ResFace20 (45). */
    private static final int IMAGES_PER_SECOND = Integer.getInteger("angulus.loader.images", 450);
    private static final Augmentation ALL = new Augmentation(4, 0.5, 0.2, 0.2, 0.2);

    @TempDir
    private Path folder;

    /** The best of several runs: what else the machine does can only take time from the loader. */
    @Test
    void picturesInMemoryKeepADeviceBusy() throws IOException {
        List<Double> shares = new ArrayList<>();
        do {
            shares.add(share(new CachedImages(drawn(2, 8)), true, Augmentation.NONE, 20, 10_000_000));
        } while (shares.getLast() >= MOST && shares.size() < 20);
        assertTrue(shares.getLast() < MOST, "shares that a device waited: " + shares);
    }

    @Test
    @Tag("long")
    void filesKeepADeviceBusyThatIsTenTimesFaster() throws IOException {
        SyntheticImages drawn = drawn(40, 10);
        Path jpegs = writeJpegs(drawn);
        PackWriter.write(framed(jpegs), drawn.names(), folder.resolve("pack"), new FailedImages(true), _ -> {});
        List<String> slow = new ArrayList<>();
        for (Path path : List.of(jpegs, folder.resolve("pack"))) {
            for (Augmentation augmentation : List.of(Augmentation.NONE, ALL)) {
                double share = share(framed(path), true, augmentation, 150, 1_000_000_000L * BATCH / IMAGES_PER_SECOND);
                String line = String.format(Locale.ROOT, "%s, %s: waits %.2f %% of the time at %d images/s", path.getFileName(),
                        augmentation.isNone() ? "mirrored" : "mirrored and augmented", 100 * share, IMAGES_PER_SECOND);
                System.out.println("LoaderShareTest: " + line);
                if (share >= MOST) {
                    slow.add(line);
                }
            }
        }
        assertTrue(slow.isEmpty(), slow.toString());
    }

    private static SyntheticImages drawn(int people, int pictures) {
        return new SyntheticImages(new SyntheticFaces(1, HEIGHT, WIDTH), 0, people, pictures);
    }

    private static LabeledImages framed(Path path) throws IOException {
        return new FramedImages(ImageSet.open(path), HEIGHT, WIDTH, Framing.EXACT);
    }

    private Path writeJpegs(SyntheticImages drawn) throws IOException {
        Path root = folder.resolve("jpegs");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment rgb = arena.allocate(3L * HEIGHT * WIDTH);
            for (int i = 0; i < drawn.count(); i++) {
                drawn.read(i, rgb);
                var picture = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
                for (int p = 0; p < HEIGHT * WIDTH; p++) {
                    int red = rgb.get(ValueLayout.JAVA_BYTE, 3L * p) & 0xff;
                    int green = rgb.get(ValueLayout.JAVA_BYTE, 3L * p + 1) & 0xff;
                    picture.setRGB(p % WIDTH, p / WIDTH, red << 16 | green << 8 | rgb.get(ValueLayout.JAVA_BYTE, 3L * p + 2) & 0xff);
                }
                Path person = Files.createDirectories(root.resolve(drawn.names().get(drawn.label(i))));
                ImageIO.write(picture, "jpeg", person.resolve(i + ".jpg").toFile());
            }
        }
        return root;
    }

    /** Takes batches, each for the length of a step, and tells the share of the time behind the warm-up in which there was none. */
    private static double share(LabeledImages images, boolean flip, Augmentation augmentation, int steps, long stepNanos) throws IOException {
        TrainingConfig config = TrainingConfig.parse("{\"batch\": " + BATCH + "}").withNetwork(
                ResFaceConfig.of("resface4", Variant.CAFFE).withWidths(List.of(4, 4, 4, 4)).withCrop(HEIGHT, WIDTH).withEmbeddingSize(8));
        var source = new ShuffledBatches(images, 1, flip, augmentation, new FailedImages(true));
        try (Device device = Device.open("cpu");
                TrainingStep training = new TrainingStep(device, config, source.classes(), 0, config.loaderThreads() + 2);
                BatchLoader loader = new BatchLoader(device, source, training.buffers(), BATCH, config.loaderThreads(), 0)) {
            long begin = 0;
            for (int step = 0; step < WARM_UP + steps; step++) {
                if (step == WARM_UP) {
                    loader.takeWaitedNanos();
                    begin = System.nanoTime();
                }
                loader.send(new StepScalars(step, step, 0, 0, 1, 0));
                long end = System.nanoTime() + stepNanos;
                loader.refill();
                while (System.nanoTime() < end) {
                    LockSupport.parkNanos(end - System.nanoTime());
                }
            }
            return (double) loader.takeWaitedNanos() / (System.nanoTime() - begin);
        }
    }
}
