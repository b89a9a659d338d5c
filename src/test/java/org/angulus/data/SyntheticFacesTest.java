package org.angulus.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SyntheticFacesTest {
    private static final long START = 20180416L;

    private static byte[] picture(SyntheticFaces faces, int identity, int picture) {
        byte[] rgb = new byte[faces.pictureBytes()];
        faces.render(identity, picture, rgb, 0);
        return rgb;
    }

    private static byte[] neutral(SyntheticFaces faces, int identity) {
        byte[] rgb = new byte[faces.pictureBytes()];
        faces.renderNeutral(identity, rgb, 0);
        return rgb;
    }

    /** Root mean square difference in levels of 255. */
    private static double distance(byte[] a, byte[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            double difference = (a[i] & 0xFF) - (b[i] & 0xFF);
            sum += difference * difference;
        }
        return Math.sqrt(sum / a.length);
    }

    @Test
    void anyOrderAndAnyThreadGiveTheSameBits() {
        SyntheticFaces faces = new SyntheticFaces(START, 56, 48);
        int pictures = 60;
        byte[][] inOrder = new byte[pictures][];
        for (int i = 0; i < pictures; i++) {
            inOrder[i] = picture(faces, i / 6, i % 6);
        }
        byte[][] scattered = new byte[pictures][];
        IntStream.range(0, pictures).parallel().forEach(i -> {
            int other = pictures - 1 - i;
            scattered[other] = picture(new SyntheticFaces(START, 56, 48), other / 6, other % 6);
        });
        for (int i = 0; i < pictures; i++) {
            assertArrayEquals(inOrder[i], scattered[i], "picture " + i);
        }
    }

    /** The sums were taken once; every machine must repeat them. */
    @ParameterizedTest
    @CsvSource({"56, 48, 3111306554", "112, 96, 1300688316", "41, 67, 3742333945"})
    void bitsAreTheSameOnEveryMachine(int height, int width, long expected) {
        SyntheticFaces faces = new SyntheticFaces(START, height, width);
        CRC32C sum = new CRC32C();
        for (int i = 0; i < 64; i++) {
            sum.update(picture(faces, 7919 * i, i));
            sum.update(neutral(faces, i));
        }
        assertEquals(expected, sum.getValue());
    }

    @Test
    void anotherStartValueGivesOtherPeople() {
        SyntheticFaces faces = new SyntheticFaces(START, 56, 48);
        SyntheticFaces others = new SyntheticFaces(START + 1, 56, 48);
        assertFalse(Arrays.equals(faces.identityVector(3), others.identityVector(3)));
        assertTrue(distance(neutral(faces, 3), neutral(others, 3)) > 8);
    }

    @Test
    void picturesOfOnePersonVary() {
        SyntheticFaces faces = new SyntheticFaces(START, 56, 48);
        double sum = 0;
        double least = Double.MAX_VALUE;
        int pairs = 0;
        for (int identity = 0; identity < 20; identity++) {
            byte[][] pictures = new byte[8][];
            for (int i = 0; i < pictures.length; i++) {
                pictures[i] = picture(faces, identity, i);
                for (int j = 0; j < i; j++) {
                    double d = distance(pictures[i], pictures[j]);
                    sum += d;
                    least = Math.min(least, d);
                    pairs++;
                }
            }
        }
        double mean = sum / pairs;
        assertTrue(mean > 40, "mean distance " + mean);
        assertTrue(least > 8, "least distance " + least);
    }

    @Test
    void conditionsComeAsOftenAsTheyShould() {
        int pictures = 6000;
        Conditions[] drawn = new Conditions[pictures];
        for (int i = 0; i < pictures; i++) {
            drawn[i] = Conditions.draw(Draws.of(START, 99, i, 0));
        }
        assertShare(0.20, drawn, c -> c.glasses() != Glasses.NONE);
        assertShare(0.04, drawn, c -> c.glasses().opacity() > 0.5f);
        assertShare(0.07, drawn, c -> c.cloth().hatLine() > -2f);
        assertShare(0.04, drawn, c -> c.cloth().maskLine() < 2f);
        assertShare(0.08, drawn, c -> c.obstacle() != Obstacle.NONE);
        assertShare(0.50, drawn, c -> c.pose().yaw() > 0f);
        assertShare(0.35, drawn, c -> c.expression().open() > 0f);
    }

    private static void assertShare(double expected, Conditions[] drawn, Predicate<Conditions> holds) {
        double share = (double) Arrays.stream(drawn).filter(holds).count() / drawn.length;
        double error = 4.5 * Math.sqrt(expected * (1 - expected) / drawn.length);
        assertTrue(Math.abs(share - expected) <= error, "share " + share + " where " + expected + " was meant");
    }

    /** The same scene at half the size: the small picture is close to the block means of the large one. */
    @Test
    void sizeChangesTheGridOnly() {
        SyntheticFaces large = new SyntheticFaces(START, 112, 96);
        SyntheticFaces small = new SyntheticFaces(START, 56, 48);
        for (int identity = 0; identity < 20; identity++) {
            byte[] fine = neutral(large, identity);
            byte[] halved = new byte[small.pictureBytes()];
            for (int i = 0; i < halved.length; i++) {
                int channel = i % 3;
                int x = i / 3 % 48;
                int y = i / 3 / 48;
                int at = 3 * (2 * y * 96 + 2 * x) + channel;
                int sum = (fine[at] & 0xFF) + (fine[at + 3] & 0xFF) + (fine[at + 288] & 0xFF) + (fine[at + 291] & 0xFF);
                halved[i] = (byte) ((sum + 2) / 4);
            }
            double d = distance(halved, neutral(small, identity));
            assertTrue(d < 8, "person " + identity + " differs by " + d + " levels");
            assertTrue(d > 0, "person " + identity);
        }
    }

    /**
     * The pupils lie where the alignment to the 112 x 96 crop puts them: darker than the cheeks below and the brow
     * between.
     */
    @Test
    void eyesLieWhereAlignedFacesHaveThem() {
        SyntheticFaces faces = new SyntheticFaces(START, 112, 96);
        int people = 100;
        double[] mean = new double[112 * 96];
        for (int identity = 0; identity < people; identity++) {
            byte[] rgb = neutral(faces, identity);
            for (int i = 0; i < mean.length; i++) {
                mean[i] += (rgb[3 * i + 1] & 0xFF) / (double) people;
            }
        }
        for (int eye : new int[] {30, 65}) {
            double pupil = mean[52 * 96 + eye];
            assertTrue(pupil < 0.7 * mean[70 * 96 + eye], "eye at column " + eye);
            assertTrue(pupil < 0.7 * mean[52 * 96 + 48], "eye at column " + eye);
        }
    }

    @Test
    void writesItsOwnBytesOnly() {
        SyntheticFaces faces = new SyntheticFaces(START, 24, 20);
        byte[] alone = picture(faces, 5, 2);
        byte[] wide = new byte[alone.length + 200];
        Arrays.fill(wide, (byte) 0x5A);
        faces.render(5, 2, wide, 100);
        assertArrayEquals(alone, Arrays.copyOfRange(wide, 100, 100 + alone.length));
        for (int i = 0; i < 100; i++) {
            assertEquals(0x5A, wide[i]);
            assertEquals(0x5A, wide[wide.length - 1 - i]);
        }
    }

    @ParameterizedTest
    @CsvSource({"7, 48", "56, 0", "-1, -1", "56, 2049"})
    void refusesSizes(int height, int width) {
        var error = assertThrows(IllegalArgumentException.class, () -> new SyntheticFaces(START, height, width));
        assertTrue(
                error.getMessage().contains("but " + height + " x " + width + " was asked for."), error.getMessage());
    }

    @Test
    void refusesNumbersAndArrays() {
        SyntheticFaces faces = new SyntheticFaces(START, 56, 48);
        byte[] rgb = new byte[faces.pictureBytes()];
        assertEquals(
                "Synthetic people are numbered from 0, but person -1 was asked for.",
                refusal(() -> faces.render(-1, 0, rgb, 0)));
        assertEquals(
                "Synthetic people are numbered from 0, but person -2 was asked for.",
                refusal(() -> faces.identityVector(-2)));
        assertEquals(
                "Pictures of a synthetic face are numbered from 0, but picture -3 was asked for.",
                refusal(() -> faces.render(0, -3, rgb, 0)));
        String room =
                "A synthetic face of 56 x 48 takes 8064 bytes, but from offset %d on the array of 8064 bytes has no"
                        + " room for it.";
        assertEquals(room.formatted(1), refusal(() -> faces.render(0, 0, rgb, 1)));
        assertEquals(room.formatted(-1), refusal(() -> faces.renderNeutral(0, rgb, -1)));
        assertThrows(NullPointerException.class, () -> faces.render(0, 0, null, 0));
    }

    private static String refusal(Runnable call) {
        return assertThrows(IllegalArgumentException.class, call::run).getMessage();
    }
}
