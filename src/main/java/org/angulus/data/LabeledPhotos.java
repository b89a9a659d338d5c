package org.angulus.data;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A labelled set as photographs with a name: person and number, counted from 1 in the set's order. Read by several threads at once. */
public final class LabeledPhotos implements PhotoSource {
    private final LabeledImages images;
    private final List<String> people;
    private final Map<Photo, Integer> index = new LinkedHashMap<>();
    private final List<Integer> counts;

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
        int[] count = new int[people.size()];
        for (int i = 0; i < images.count(); i++) {
            int label = images.label(i);
            index.put(new Photo(people.get(label), ++count[label]), i);
        }
        List<Integer> sizes = new ArrayList<>();
        for (int size : count) {
            sizes.add(size);
        }
        this.counts = List.copyOf(sizes);
    }

    /** Names by label. */
    public List<String> people() {
        return people;
    }

    /** Photographs of the person with this label. */
    public int photographs(int label) {
        return counts.get(label);
    }

    @Override
    public boolean read(Photo photo, MemorySegment rgb) throws IOException {
        Integer at = index.get(photo);
        if (at == null) {
            return false;
        }
        images.read(at, rgb);
        return true;
    }
}
