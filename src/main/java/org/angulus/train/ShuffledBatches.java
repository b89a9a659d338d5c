package org.angulus.train;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.angulus.data.LabeledImages;
import org.angulus.model.CounterRandom;

/**
 * Endless epochs over a set, each in its own order. Example p is image (p mod count) of the order of epoch (p / count): the rest of an epoch
 * that fills no batch carries over into the next one. Mirroring is drawn for each example.
 */
public final class ShuffledBatches implements BatchSource {
    private final LabeledImages images;
    private final long startValue;
    private final boolean flip;
    private final CounterRandom flips;

    /**
     * @param startValue decides the orders and the mirroring
     * @param flip whether half of the examples are mirrored
     */
    public ShuffledBatches(LabeledImages images, long startValue, boolean flip) {
        if (images.count() < 1) {
            throw new IllegalArgumentException("The training set has no image; give it at least one.");
        }
        this.images = images;
        this.startValue = startValue;
        this.flip = flip;
        this.flips = new CounterRandom(startValue, "flip");
    }

    @Override
    public int classes() {
        return images.classes();
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
            int image = image(example);
            MemorySegment pixels = batch.images().asSlice(i * size, size);
            images.read(image, pixels);
            batch.labels().setAtIndex(ValueLayout.JAVA_INT, i, images.label(image));
            batch.flips().set(ValueLayout.JAVA_BYTE, i, (byte) (flip ? flips.bits(example) & 1 : 0));
        }
    }

    /** Which image of the set example {@code example} is. */
    int image(long example) {
        long epoch = Math.floorDiv(example, images.count());
        return new Permutation(images.count(), startValue, epoch).at((int) Math.floorMod(example, (long) images.count()));
    }
}
