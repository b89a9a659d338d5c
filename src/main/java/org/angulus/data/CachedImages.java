package org.angulus.data;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** Keeps the crops of another set in memory once they were read: 3 height width bytes each. */
public final class CachedImages implements LabeledImages {
    private final LabeledImages images;
    private final AtomicReferenceArray<byte[]> crops;

    public CachedImages(LabeledImages images) {
        this.images = images;
        this.crops = new AtomicReferenceArray<>(images.count());
    }

    /** Bytes that the whole set takes in memory. */
    public static long bytes(LabeledImages images) {
        return 3L * images.height() * images.width() * images.count();
    }

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
        byte[] crop = crops.get(index);
        if (crop == null) {
            images.read(index, rgb);
            crops.set(index, rgb.toArray(ValueLayout.JAVA_BYTE));
        } else {
            MemorySegment.copy(crop, 0, rgb, ValueLayout.JAVA_BYTE, 0, crop.length);
        }
    }
}
