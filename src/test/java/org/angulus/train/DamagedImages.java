package org.angulus.train;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.function.IntPredicate;
import org.angulus.data.LabeledImages;

/** A set of whose images some cannot be read: those of which {@code bad} says so. A reading that fails leaves its traces in the pixels. */
record DamagedImages(LabeledImages images, IntPredicate bad) implements LabeledImages {
    @Override
    public int count() {
        return images.count();
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
    public int label(int index) {
        return images.label(index);
    }

    @Override
    public void read(int index, MemorySegment rgb) throws IOException {
        if (bad.test(index)) {
            rgb.fill((byte) 120);
            throw new IOException("image " + index + " is damaged.");
        }
        images.read(index, rgb);
    }
}
