package org.angulus.train;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.angulus.data.LabeledImages;
import org.angulus.model.CounterRandom;

/** People that are told apart by the mean of their colours, under noise: a set that a small network learns in a few steps. */
record DrawnImages(int count, int classes, int height, int width, long startValue) implements LabeledImages {
    @Override
    public int label(int index) {
        return index % classes;
    }

    @Override
    public void read(int index, MemorySegment rgb) throws IOException {
        var random = new CounterRandom(startValue, "image " + index);
        var person = new CounterRandom(startValue, "person " + label(index));
        for (int i = 0; i < 3 * height * width; i++) {
            double colour = 40 + 175 * person.uniform(i % 3 + 3L * (i / (3 * width * height / 4)));
            rgb.set(ValueLayout.JAVA_BYTE, i, (byte) (int) Math.clamp(colour + 20 * random.normal(i), 0, 255));
        }
    }
}
