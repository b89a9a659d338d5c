package org.angulus.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.angulus.image.RgbImage;

/** Some identities of another set. Costs eight bytes for an image. */
final class SelectedImages implements ImageSet {
    private final ImageSet set;
    private final List<String> identities;
    private final int[] images; // (images): number in the other set
    private final int[] labels; // (images)

    private SelectedImages(ImageSet set, List<String> identities, int[] images, int[] labels) {
        this.set = set;
        this.identities = List.copyOf(identities);
        this.images = images;
        this.labels = labels;
    }

    static SelectedImages of(ImageSet set, Predicate<String> identity, int least) throws DataException {
        int[] counts = new int[set.identities().size()];
        for (int i = 0; i < set.count(); i++) {
            counts[set.label(i)]++;
        }
        int[] renumbered = new int[counts.length];
        List<String> identities = new ArrayList<>();
        for (int label = 0; label < counts.length; label++) {
            boolean stays = counts[label] >= Math.max(1, least) && identity.test(set.identities().get(label));
            renumbered[label] = stays ? identities.size() : -1;
            if (stays) {
                identities.add(set.identities().get(label));
            }
        }
        if (identities.size() < 2) {
            throw new DataException(
                    set.root(),
                    "of its " + counts.length + " identities only " + identities.size() + " are allowed and have " + least + " or more images",
                    "allow more identities or fewer images for each");
        }
        int[] images = IntStream.range(0, set.count()).filter(i -> renumbered[set.label(i)] >= 0).toArray();
        int[] labels = IntStream.of(images).map(i -> renumbered[set.label(i)]).toArray();
        return new SelectedImages(set, identities, images, labels);
    }

    @Override
    public Path root() {
        return set.root();
    }

    @Override
    public List<String> identities() {
        return identities;
    }

    @Override
    public int count() {
        return images.length;
    }

    @Override
    public int label(int image) {
        return labels[image];
    }

    @Override
    public String name(int image) {
        return set.name(images[image]);
    }

    @Override
    public RgbImage decode(int image) throws IOException {
        return set.decode(images[image]);
    }
}
