package org.angulus.train;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.angulus.data.FailedImages;
import org.angulus.data.LabeledImages;
import org.angulus.image.RgbImage;
import org.angulus.model.CounterRandom;

/**
 * Endless epochs over a set, each in its own order ({@link ExampleOrder#shuffled}), or any other order: the rest of an epoch that fills no batch carries over into
 * the next one. Mirroring and augmentation are drawn for each example.
 */
public final class ShuffledBatches implements BatchSource {
    /** Pictures tried in the place of one that cannot be used. */
    private static final int SUBSTITUTES = 16;

    private final LabeledImages images;
    private final ExampleOrder order;
    private final boolean flip;
    private final Augmentation augmentation;
    private final FailedImages failed;
    private final CounterRandom flips;
    private final CounterRandom changes;
    private final CounterRandom substitutes;

    /** Without augmentation; a few images may fail. */
    public ShuffledBatches(LabeledImages images, long startValue, boolean flip) {
        this(images, startValue, flip, Augmentation.NONE, new FailedImages(false));
    }

    /**
     * @param startValue decides the orders, the mirroring and the augmentation
     * @param flip whether half of the examples are mirrored
     * @param augmentation how else they are changed
     * @param failed keeps account of images that cannot be read. In the place of such a one stands another image, drawn by the example's number alone
     */
    public ShuffledBatches(LabeledImages images, long startValue, boolean flip, Augmentation augmentation, FailedImages failed) {
        this(images, startValue, flip, augmentation, failed, ExampleOrder.shuffled(Math.max(1, images.count()), startValue));
    }

    /** In another order than that of shuffled epochs. */
    public ShuffledBatches(LabeledImages images, long startValue, boolean flip, Augmentation augmentation, FailedImages failed, ExampleOrder order) {
        if (images.count() < 1) {
            throw new IllegalArgumentException("The training set has no image; give it at least one.");
        }
        this.images = images;
        this.order = order;
        this.flip = flip;
        this.augmentation = augmentation;
        this.failed = failed;
        this.flips = new CounterRandom(startValue, "flip");
        this.changes = new CounterRandom(startValue, "augmentation");
        this.substitutes = new CounterRandom(startValue, "substitute");
    }

    @Override
    public int classes() {
        return images.classes();
    }

    @Override
    public int images() {
        return images.count();
    }

    @Override
    public int height() {
        return images.height();
    }

    @Override
    public int width() {
        return images.width();
    }

    @Override
    public void fill(long position, Batch batch) throws IOException {
        long size = 3L * images.height() * images.width();
        for (int i = 0; i < batch.size(); i++) {
            long example = position + i;
            MemorySegment pixels = batch.images().asSlice(i * size, size);
            int image = readExample(example, pixels);
            if (!augmentation.isNone()) {
                RgbImage crop = new RgbImage(height(), width(), pixels.toArray(ValueLayout.JAVA_BYTE));
                augmentation.apply(crop, changes, example).copyTo(pixels);
            }
            batch.labels().setAtIndex(ValueLayout.JAVA_INT, i, images.label(image));
            if (batch.numbers() != null) {
                batch.numbers().setAtIndex(ValueLayout.JAVA_INT, i, image);
            }
            batch.flips().set(ValueLayout.JAVA_BYTE, i, (byte) (flip ? flips.bits(example) & 1 : 0));
        }
    }

    /** Reads the image of an example, or the first of its substitutes that can be read, and gives its number. */
    private int readExample(long example, MemorySegment pixels) throws IOException {
        int image = image(example);
        for (int attempt = 0; ; attempt++) {
            try {
                images.read(image, pixels);
                failed.used();
                return image;
            } catch (IOException e) {
                if (Thread.currentThread().isInterrupted()) {
                    throw e; // the run is ending, which closes files that are being read
                }
                failed.failed(e);
                if (attempt == SUBSTITUTES) {
                    throw e;
                }
                image = (int) (substitutes.bits(example, attempt) >>> 33) % images.count();
            }
        }
    }

    @Override
    public TripletRounds rounds() {
        return order instanceof TripletRounds rounds ? rounds : null;
    }

    @Override
    public boolean read(int image, MemorySegment rgb) throws IOException {
        try {
            images.read(image, rgb);
            failed.used();
            return true;
        } catch (IOException e) {
            failed.failed(e);
            return false;
        }
    }

    @Override
    public List<String> takeProblems() {
        return failed.takeUntold();
    }

    /** Which image of the set example {@code example} is. */
    int image(long example) {
        return order.image(example);
    }
}
