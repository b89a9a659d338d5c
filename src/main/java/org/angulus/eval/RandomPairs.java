package org.angulus.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.angulus.data.LabeledPhotos;
import org.angulus.data.Photo;
import org.angulus.eval.VerificationPairs.Pair;

/** Balanced pairs drawn from a labelled set, the same from the same start value. */
public final class RandomPairs {
    private RandomPairs() {}

    /**
     * As many pairs of the same person as of different people, dealt over ten folds. A person is drawn first, then photographs: people with many
     * photographs weigh no more than others. A pair may occur twice where the set is small.
     *
     * @param name of the list, for reports
     * @param photos at least two people, one of them with two photographs
     * @param pairs of each kind, a multiple of the ten folds
     * @throws IllegalArgumentException when they are no such multiple, or no person has two photographs
     */
    public static VerificationPairs draw(String name, LabeledPhotos photos, int pairs, long startValue) {
        if (pairs < 1 || pairs % VerificationPairs.VIEW1_FOLDS != 0) {
            throw new IllegalArgumentException(pairs + " pairs of a kind do not fill ten equal folds; give a multiple of ten");
        }
        int[] several = IntStream.range(0, photos.people().size()).filter(p -> photos.photographs(p) >= 2).toArray();
        if (several.length == 0) {
            throw new IllegalArgumentException(name + ": no person has two photographs, so there is no pair of the same person to draw");
        }
        Random random = new Random(startValue); // its sequence is specified
        List<Pair> drawn = new ArrayList<>();
        for (int i = 0; i < pairs; i++) {
            int fold = i % VerificationPairs.VIEW1_FOLDS;
            int person = several[random.nextInt(several.length)];
            int left = random.nextInt(photos.photographs(person));
            int right = (left + 1 + random.nextInt(photos.photographs(person) - 1)) % photos.photographs(person);
            drawn.add(new Pair(photo(photos, person, left), photo(photos, person, right), true, fold));

            int first = random.nextInt(photos.people().size());
            int second = (first + 1 + random.nextInt(photos.people().size() - 1)) % photos.people().size();
            drawn.add(new Pair(
                    photo(photos, first, random.nextInt(photos.photographs(first))),
                    photo(photos, second, random.nextInt(photos.photographs(second))),
                    false,
                    fold));
        }
        return new VerificationPairs(name, drawn, VerificationPairs.VIEW1_FOLDS, false);
    }

    private static Photo photo(LabeledPhotos photos, int person, int number) {
        return new Photo(photos.people().get(person), number + 1);
    }
}
