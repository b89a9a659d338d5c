package org.angulus.data;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.angulus.image.Framing;

/** The images of a set as crops of one size, decoded when they are asked for. */
public final class FramedImages implements LabeledImages {
    private final ImageSet set;
    private final int height;
    private final int width;
    private final Framing framing;

    /**
     * @param set the images and their labels
     * @param height rows of every crop
     * @param width  columns of every crop
     * @param framing how images become crops
     */
    public FramedImages(ImageSet set, int height, int width, Framing framing) {
        this.set = set;
        this.height = height;
        this.width = width;
        this.framing = framing;
    }

    @Override
    public int count() {
        return set.count();
    }

    @Override
    public int classes() {
        return set.identities().size();
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
    public int label(int index) {
        return set.label(index);
    }

    @Override
    public void read(int index, MemorySegment rgb) throws IOException {
        framing.apply(set.decode(index), height, width, set.root().resolve(set.name(index)).toString()).copyTo(rgb);
    }
}
