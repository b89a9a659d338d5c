package org.angulus.train;

import java.util.Arrays;
import java.util.stream.IntStream;
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
        several = IntStream.range(0, classes).filter(c -> count(c) >= 2).toArray();
    }

    /**
     * @param what needs pairs of one person and of two
     * @throws IllegalArgumentException with one sentence, when there is nobody with two images, or one person only
     */
    void requirePairs(String what) {
        if (several.length == 0) {
            throw new IllegalArgumentException(what + ": nobody in the training set has two images, so there is no pair of one person; give more images.");
        }
        if (IntStream.range(0, people()).filter(person -> count(person) > 0).count() < 2) {
            throw new IllegalArgumentException(what + ": the training set shows one person only, so there is no pair of two; give more people.");
        }
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

    /** Number {@code index} of a person's images in the order of an epoch. */
    int shuffled(int person, long startValue, long epoch, int index) {
        return image(person, new Permutation(count(person), startValue ^ 0x9E3779B97F4A7C15L * (person + 1), epoch).at(index));
    }

    /** People with at least two images. */
    int severals() {
        return several.length;
    }

    int several(int index) {
        return several[index];
    }
}
