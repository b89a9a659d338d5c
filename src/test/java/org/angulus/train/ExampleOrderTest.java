package org.angulus.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.angulus.data.LabeledImages;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class ExampleOrderTest {
    /** Person c has counts[c] images; they are numbered person after person. */
    private record People(int... counts) implements LabeledImages {
        @Override
        public int count() {
            return IntStream.of(counts).sum();
        }

        @Override
        public int classes() {
            return counts.length;
        }

        @Override
        public int height() {
            return 1;
        }

        @Override
        public int width() {
            return 1;
        }

        @Override
        public int label(int index) {
            int left = index;
            int person = 0;
            while (left >= counts[person]) {
                left -= counts[person++];
            }
            return person;
        }

        @Override
        public void read(int index, MemorySegment rgb) {
            throw new UnsupportedOperationException("orders read no image");
        }
    }

    @Test
    void batchesOfIdentities() {
        var set = new People(1, 2, 3, 9, 0, 4, 7);
        var order = new IdentityOrder(set, 2, 4, 5);
        assertEquals(5, order.remaining());
        Map<Integer, Integer> turns = new HashMap<>();
        for (int batch = 0; batch < 200; batch++) {
            Set<Integer> people = new HashSet<>();
            for (int slot = 0; slot < 2; slot++) {
                Set<Integer> images = new HashSet<>();
                int person = set.label(order.image(8L * batch + 4 * slot));
                for (int i = 0; i < 4; i++) {
                    int image = order.image(8L * batch + 4 * slot + i);
                    assertEquals(person, set.label(image));
                    images.add(image);
                }
                assertEquals(Math.min(4, set.counts[person]), images.size(), "images come again only where there are too few");
                assertTrue(people.add(person), "no person twice in a batch");
                turns.merge(person, 1, Integer::sum);
            }
        }
        assertEquals(Set.of(1, 2, 3, 5, 6), turns.keySet());
        turns.forEach((person, count) -> assertTrue(count > 50 && count < 110, () -> "person " + person + " came " + count + " times"));
        assertEquals(order.image(123), new IdentityOrder(set, 2, 4, 5).image(123));
        assertNotEquals(IntStream.range(0, 40).map(order::image).boxed().toList(),
                IntStream.range(0, 40).map(new IdentityOrder(set, 2, 4, 6)::image).boxed().toList());
    }

    @Test
    void batchesOfPairs() {
        var set = new People(1, 2, 3, 9);
        var order = new PairOrder(set, 5);
        Set<Integer> seen = new HashSet<>();
        for (long pair = 0; pair < 400; pair++) {
            int a = order.image(2 * pair);
            int b = order.image(2 * pair + 1);
            assertNotEquals(a, b);
            assertEquals(pair % 2 == 0, set.label(a) == set.label(b));
            seen.add(a);
            seen.add(b);
        }
        assertEquals(15, seen.size());
    }

    @Test
    void setsThatCannotFillThem() {
        assertEquals("batches of identities: 1 of the 3 people of the training set have two images or more, but a batch takes 2; give more images, a smaller batch, or more "
                + "images of each person (metric.imagesPerIdentity).", sentence(() -> new IdentityOrder(new People(1, 2, 1), 2, 4, 1)));
        assertEquals("batches of pairs: nobody in the training set has two images, so there is no pair of one person; give more images.",
                sentence(() -> new PairOrder(new People(1, 1, 1), 1)));
        assertEquals("batches of pairs: the training set shows one person only, so there is no pair of two; give more people.",
                sentence(() -> new PairOrder(new People(5), 1)));
    }

    private static String sentence(Executable refused) {
        return assertThrows(IllegalArgumentException.class, refused).getMessage();
    }
}
