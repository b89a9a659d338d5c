package org.angulus.data;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A labelled set as photographs with a name: person and number, counted from 1 in the set's order. Read by several threads at once. */
public final class LabeledPhotos implements PhotoSource {
    private final LabeledImages images;
    private final List<String> people;
    private final Map<String, Integer> labels = new HashMap<>();
    private final int[] order; // (images): sorted by label, each person's in the set's order
    private final int[] begins; // (people + 1): where each person's begin in order

    /**
     * @param images the set
     * @param people a name for each label
     */
    public LabeledPhotos(LabeledImages images, List<String> people) {
        if (people.size() != images.classes()) {
            throw new IllegalArgumentException(people.size() + " names for " + images.classes() + " people; give one name for each");
        }
        this.images = images;
        this.people = List.copyOf(people);
        this.begins = new int[people.size() + 1];
        for (int i = 0; i < images.count(); i++) {
            begins[images.label(i) + 1]++;
        }
        for (int label = 0; label < people.size(); label++) {
            labels.put(people.get(label), label);
            begins[label + 1] += begins[label];
        }
        int[] next = begins.clone();
        this.order = new int[images.count()];
        for (int i = 0; i < order.length; i++) {
            order[next[images.label(i)]++] = i;
        }
    }

    /** Names by label. */
    public List<String> people() {
        return people;
    }

    /** Photographs of the person with this label. */
    public int photographs(int label) {
        return begins[label + 1] - begins[label];
    }

    @Override
    public boolean read(Photo photo, MemorySegment rgb) throws IOException {
        Integer label = labels.get(photo.person());
        if (label == null || photo.number() > photographs(label)) {
            return false;
        }
        images.read(order[begins[label] + photo.number() - 1], rgb);
        return true;
    }
}
