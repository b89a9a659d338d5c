package org.angulus;

import java.io.IOException;
import org.angulus.image.RgbImage;

/** Gives the aligned crop of an item of a stream. Called by several threads at once. */
@FunctionalInterface
public interface CropReader<T> {
    /**
     * Reads or decodes one crop.
     *
     * @throws IOException when the item cannot be used; the stream reports it and goes on
     */
    RgbImage read(T item) throws IOException;
}
