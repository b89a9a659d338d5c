package org.angulus.data;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.angulus.image.Framing;

/** The crops of an {@link ImageFolder}, decoded when they are asked for. */
public final class FolderImages implements LabeledImages {
    private final ImageFolder folder;
    private final int height;
    private final int width;
    private final Framing framing;

    /**
     * @param folder the images and their labels
     * @param height rows of every crop
     * @param width  columns of every crop
     * @param framing how files become crops
     */
    public FolderImages(ImageFolder folder, int height, int width, Framing framing) {
        this.folder = folder;
        this.height = height;
        this.width = width;
        this.framing = framing;
    }

    @Override
    public int count() {
        return folder.count();
    }

    @Override
    public int classes() {
        return folder.identities().size();
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
        return folder.label(index);
    }

    @Override
    public void read(int index, MemorySegment rgb) throws IOException {
        framing.decode(folder.path(index), height, width).copyTo(rgb);
    }
}
