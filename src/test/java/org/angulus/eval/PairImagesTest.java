package org.angulus.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.angulus.data.FailedImages;
import org.angulus.data.Photo;
import org.angulus.data.PhotoSource;
import org.angulus.eval.VerificationPairs.Pair;
import org.junit.jupiter.api.Test;

class PairImagesTest {
    private static final int CROP = 112 * 96 * 3;
    private static final int BATCH = 32;

    /** Writes a photograph's number at the begin of its crop and leaves the rest: a crop that costs nothing. */
    private static boolean numbered(Photo photo, MemorySegment crop) {
        assertEquals(CROP, crop.byteSize());
        crop.set(ValueLayout.JAVA_INT_UNALIGNED, 0, photo.number());
        return true;
    }

    /** Reads the number again, as (number, 1), mirrored as (0, 1). */
    private static float[][] embed(MemorySegment crops, int count, boolean mirrored) {
        float[][] embeddings = new float[count][];
        for (int i = 0; i < count; i++) {
            embeddings[i] = new float[] {mirrored ? 0 : crops.get(ValueLayout.JAVA_INT_UNALIGNED, (long) i * CROP), 1};
        }
        return embeddings;
    }

    /** Two pairs of either kind from each four photographs in turn, in two folds. */
    private static VerificationPairs pairs(int photographs) {
        List<Pair> pairs = new ArrayList<>();
        for (int i = 1; i + 3 <= photographs; i += 4) {
            int fold = i / 4 % 2;
            pairs.add(new Pair(new Photo("Ann", i), new Photo("Ann", i + 1), true, fold));
            pairs.add(new Pair(new Photo("Ann", i + 2), new Photo("Bob", i + 3), false, fold));
        }
        return new VerificationPairs("many", pairs, 2, false);
    }

    /** Crops of 2.3 GB in all, more than an array holds, go by a batch at a time. */
    @Test
    void anyNumberOfPhotographsIsEmbeddedInTheMemoryOfABatch() throws Exception {
        VerificationPairs list = pairs(72_000);
        assertTrue((long) list.photos().size() * CROP > Integer.MAX_VALUE);
        List<Long> sizes = new ArrayList<>();
        List<Integer> done = new ArrayList<>();
        EmbeddedPairs embedded = new PairImages(list, PairImagesTest::numbered, CROP).embed(
                (crops, count, mirrored) -> {
                    sizes.add(crops.byteSize());
                    assertEquals(BATCH, count);
                    return embed(crops, count, mirrored);
                },
                BATCH,
                FlipFusion.NONE,
                done::add);
        assertEquals(72_000, done.getLast());
        assertEquals(72_000 / BATCH, sizes.size());
        assertTrue(sizes.stream().allMatch(size -> size == BATCH * CROP), "a batch of crops at a time");
        assertEquals(List.of(), embedded.missing());
        for (Photo photo : list.photos()) {
            assertEquals(photo.number(), embedded.feature(photo)[0]);
        }
    }

    /** Whatever is missing, also the last photograph of all: the others keep their own embedding, the mirror image's behind it. */
    @Test
    void missingPhotographsShiftNothing() throws Exception {
        VerificationPairs list = pairs(4 * BATCH + 8);
        PhotoSource holes = (photo, crop) -> numbered(photo, crop) && photo.number() % 7 != 3 && photo.number() <= 4 * BATCH;
        EmbeddedPairs embedded = new PairImages(list, holes, CROP).embed(PairImagesTest::embed, BATCH, FlipFusion.CONCAT, _ -> {});
        int found = 0;
        for (Photo photo : list.photos()) {
            boolean there = holes.read(photo, MemorySegment.ofArray(new byte[CROP]));
            assertEquals(!there, embedded.missing().contains(photo));
            if (there) {
                found++;
                assertEquals(photo.number(), embedded.feature(photo)[0]);
                assertEquals(0, embedded.feature(photo)[2]);
            }
        }
        assertTrue(found > 3 * BATCH && found % BATCH != 0, found + " photographs");
    }

    @Test
    void aBaselineComparesTheCropsOfEachPair() throws Exception {
        PhotoSource source = (photo, crop) -> numbered(photo, crop) && photo.number() != 1;
        List<Integer> compared = new ArrayList<>();
        double accuracy = new PairImages(pairs(16), source, CROP).baseline((left, right) -> {
            compared.add(right[0] - left[0]);
            return left[0] % 4 == 1 ? 1 : 0;
        });
        assertEquals(List.of(1, 1, 1, 1, 1, 1, 1), compared, "3 pairs of the same person, 4 of different people");
        assertEquals(1, accuracy);
    }

    @Test
    void aPhotographThatCannotBeUsedIsRefused() {
        PhotoSource broken = (photo, crop) -> {
            if (photo.number() == 40) {
                throw new IOException("Ann_0040: it is damaged");
            }
            return numbered(photo, crop);
        };
        PairImages images = new PairImages(pairs(64), broken, CROP);
        assertEquals("Ann_0040: it is damaged", assertThrows(IOException.class, () -> images.check(new FailedImages(true))).getMessage());
        assertThrows(IOException.class, () -> images.embed(PairImagesTest::embed, BATCH, FlipFusion.NONE, _ -> {}));
        assertThrows(IOException.class, () -> images.baseline((left, right) -> 0));
    }

    @Test
    void aPhotographThatCannotBeUsedIsLeftOutAfterACheckThatAllowsIt() throws Exception {
        PhotoSource broken = (photo, crop) -> {
            if (photo.number() == 40) {
                throw new IOException("Ann_0040: it is damaged");
            }
            return numbered(photo, crop);
        };
        PairImages images = new PairImages(pairs(64), broken, CROP);
        FailedImages failed = new FailedImages(false);
        images.check(failed);
        assertEquals(1, failed.count());
        EmbeddedPairs embedded = images.embed(PairImagesTest::embed, BATCH, FlipFusion.NONE, _ -> {});
        assertEquals(List.of(40), embedded.missing().stream().map(Photo::number).toList());
    }
}
