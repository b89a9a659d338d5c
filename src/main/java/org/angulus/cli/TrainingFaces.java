package org.angulus.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.angulus.data.CachedImages;
import org.angulus.data.FramedImages;
import org.angulus.data.ImageSet;
import org.angulus.data.LabeledImages;
import org.angulus.data.LabeledPhotos;
import org.angulus.data.SyntheticFaces;
import org.angulus.data.SyntheticImages;
import org.angulus.model.CounterRandom;

/**
 * The faces of a run, split by person: those to train on and those held out for the report.
 *
 * @param name of the training set, for the model's metadata
 * @param aligner how its crops were cut
 * @param training the people to train on
 * @param people their names, by label
 * @param heldOut people to report on; null: none
 */
record TrainingFaces(String name, String aligner, LabeledImages training, List<String> people, LabeledPhotos heldOut) {
    private static final int SYNTHETIC_PEOPLE = 400;
    private static final int SYNTHETIC_PICTURES = 120;
    private static final int SYNTHETIC_HELD_OUT = 100;
    private static final int SYNTHETIC_HELD_OUT_PICTURES = 20;
    /** Numbers of the people held out begin here: far from those trained on. */
    private static final int SYNTHETIC_HELD_OUT_FIRST = 1_000_000;

    /** Crops are kept in memory up to this many bytes, of those to train on and of those held out. */
    private static final long CACHE_BYTES = 1L << 30;

    static TrainingFaces synthetic(DataChoice choice, long startValue, int height, int width) {
        SyntheticFaces faces = new SyntheticFaces(startValue, height, width);
        SyntheticImages training = new SyntheticImages(faces, 0, SYNTHETIC_PEOPLE, SYNTHETIC_PICTURES);
        int held = choice.holdOut() >= 0 ? choice.holdOut() : SYNTHETIC_HELD_OUT;
        SyntheticImages tested = held == 0 ? null : new SyntheticImages(faces, SYNTHETIC_HELD_OUT_FIRST, Math.max(2, held), SYNTHETIC_HELD_OUT_PICTURES);
        return new TrainingFaces(
                "synthetic faces, start value " + startValue,
                "drawn at the 112x96 reference points",
                cached(training),
                training.names(),
                tested == null ? null : new LabeledPhotos(cached(tested), tested.names()));
    }

    /** Opens the data set of {@code choice}; tells {@code log} whom it left out. */
    static TrainingFaces folder(DataChoice choice, long startValue, int height, int width, PrintWriter log) throws IOException {
        Path root = Path.of(choice.data());
        ImageSet all = ImageSet.open(root);
        all.remarks().forEach(log::println);
        Set<String> wanted = choice.people() == null ? null : NameList.read(Path.of(choice.people()));
        Set<String> unwanted = choice.exclude() == null ? Set.of() : NameList.read(Path.of(choice.exclude()));
        Set<String> excluded = new TreeSet<>(wanted == null ? all.identities() : wanted);
        excluded.retainAll(unwanted);
        if (choice.exclude() != null) {
            log.println(excluded.isEmpty()
                    ? "None of the people to train on is named in " + choice.exclude()
                    : "Left out, because " + choice.exclude() + " names them (" + excluded.size() + "): " + String.join(", ", excluded));
        }
        ImageSet usable = all.select(person -> (wanted == null || wanted.contains(person)) && !unwanted.contains(person), choice.leastImages());
        Set<String> held = heldOut(usable, choice.heldOut(usable.identities().size()), startValue);
        ImageSet training = usable.select(person -> !held.contains(person), 1);
        LabeledPhotos tested = null;
        if (!held.isEmpty()) {
            ImageSet test = usable.select(held::contains, 1);
            tested = new LabeledPhotos(cached(new FramedImages(test, height, width, choice.framing())), test.identities());
        }
        return new TrainingFaces(
                root.getFileName() + " (" + training.identities().size() + " people, " + training.count() + " pictures)",
                "as found in " + root.getFileName(),
                cached(new FramedImages(training, height, width, choice.framing())),
                training.identities(),
                tested);
    }

    /** People with at least two pictures, chosen by the start value and their name alone. */
    private static Set<String> heldOut(ImageSet folder, int count, long startValue) {
        if (count == 0) {
            return Set.of();
        }
        int[] pictures = new int[folder.identities().size()];
        for (int i = 0; i < folder.count(); i++) {
            pictures[folder.label(i)]++;
        }
        List<String> several = new ArrayList<>();
        for (int label = 0; label < pictures.length; label++) {
            if (pictures[label] >= 2) {
                several.add(folder.identities().get(label));
            }
        }
        if (several.size() < count || folder.identities().size() - count < 2) {
            throw new CommandFailure(ExitCode.FAILED, folder.root() + " has " + folder.identities().size() + " people, " + several.size()
                    + " of them with two pictures or more: too few to hold out " + count + " and train on two; give more people, or a smaller --hold-out (0: no report)");
        }
        return several.stream()
                .sorted(Comparator.comparingLong((String person) -> new CounterRandom(startValue, "held out " + person).bits(0, 0))
                        .thenComparing(Comparator.naturalOrder()))
                .limit(count)
                .collect(Collectors.toCollection(HashSet::new));
    }

    private static LabeledImages cached(LabeledImages images) {
        return CachedImages.bytes(images) <= CACHE_BYTES ? new CachedImages(images) : images;
    }
}
