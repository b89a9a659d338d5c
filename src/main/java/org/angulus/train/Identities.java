package org.angulus.train;

import java.util.Arrays;
import org.angulus.data.LabeledImages;

/** The images of each person of a set, and who has at least two: only they give pairs of one person. */
final class Identities {
    private final int[] first;
    private final int[] images;
    private final int[] several;

    Identities(LabeledImages set) {
        int classes = set.classes();
        first = new int[classes + 1];
        for (int i = 0; i < set.count(); i++) {
            first[set.label(i) + 1]++;
        }
        for (int c = 0; c < classes; c++) {
            first[c + 1] += first[c];
        }
        images = new int[set.count()];
        int[] next = Arrays.copyOf(first, classes);
        for (int i = 0; i < set.count(); i++) {
            images[next[set.label(i)]++] = i;
        }
        several = java.util.stream.IntStream.range(0, classes).filter(c -> count(c) >= 2).toArray();
    }

    /** People in the set. */
    int people() {
        return first.length - 1;
    }

    /** Images of a person. */
    int count(int person) {
        return first[person + 1] - first[person];
    }

    int image(int person, int index) {
        return images[first[person] + index];
    }

    /** People with at least two images. */
    int severals() {
        return several.length;
    }

    int several(int index) {
        return several[index];
    }
}
