package org.angulus;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmbeddingTest {
    private static float[] drawn(Random random, int size, double scale) {
        float[] vector = new float[size];
        for (int i = 0; i < size; i++) {
            vector[i] = (float) (scale * random.nextGaussian());
        }
        return vector;
    }

    @Test
    void hasUnitLengthAndIsCopied() {
        float[] vector = {3, 0, -4};
        Embedding embedding = Embedding.of(vector);
        vector[0] = 9;
        embedding.toArray()[1] = 9;
        assertArrayEquals(new float[] {0.6f, 0, -0.8f}, embedding.toArray());
        assertEquals(3, embedding.size());
        assertEquals(-0.8f, embedding.get(2));
        assertEquals("Embedding(3)[0.6, 0.0, -0.8]", embedding.toString());
    }

    /** Of any size and scale: the direction is kept, and a vector that already has unit length keeps its bits. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 16, 512, 65_536})
    void normalizingTwiceChangesNothing(int size) {
        Random random = new Random(size);
        for (double scale : new double[] {1e-30, 1e-3, 1, 7, 1e15}) {
            Embedding embedding = Embedding.of(drawn(random, size, scale));
            double squares = 0;
            for (float value : embedding.toArray()) {
                squares += (double) value * value;
            }
            assertEquals(1, squares, 0x1p-22);
            assertEquals(embedding, Embedding.of(embedding.toArray()));
            assertEquals(embedding, Embedding.fromBytes(embedding.toBytes()));
            assertEquals(embedding.hashCode(), Embedding.fromBytes(embedding.toBytes()).hashCode());
        }
    }

    @Test
    void bytesAreLittleEndian() {
        assertArrayEquals(new byte[] {0, 0, 0, 0, 0, 0, (byte) 0x80, (byte) 0xbf}, Embedding.of(new float[] {0, -2}).toBytes());
        assertEquals("7 bytes are no whole number of f32 values; give what toBytes wrote",
                assertThrows(IllegalArgumentException.class, () -> Embedding.fromBytes(new byte[7])).getMessage());
    }

    @Test
    void measuresAgree() {
        Random random = new Random(5);
        for (int i = 0; i < 200; i++) {
            Embedding a = Embedding.of(drawn(random, 64, 1));
            Embedding b = Embedding.of(drawn(random, 64, 1));
            double cosine = a.cosine(b);
            assertEquals(cosine, b.cosine(a));
            assertEquals(Embedding.cosineOfDistance(a.distance(b)), cosine, 1e-6);
            assertEquals(Embedding.distanceOfCosine(cosine), a.distance(b), 1e-6);
            assertEquals(cosine, Math.cos(a.angle(b)), 1e-6);
            assertNotEquals(a, b);
        }
        Embedding x = Embedding.of(new float[] {1, 0});
        Embedding y = Embedding.of(new float[] {0, 1});
        Embedding opposite = Embedding.of(new float[] {-1, 0});
        assertEquals(0, x.cosine(y));
        assertEquals(Math.sqrt(2), x.distance(y), 1e-12);
        assertEquals(Math.PI / 2, x.angle(y), 1e-12);
        assertEquals(-1, x.cosine(opposite));
        assertEquals(2, x.distance(opposite));
        assertEquals(Math.PI, x.angle(opposite), 1e-12);
        assertEquals(0, x.angle(x));
        Embedding near = Embedding.of(new float[] {1, 1e-6f});
        assertEquals(1e-6, x.angle(near), 1e-12, "small angles keep their digits, which 1 - c does not");
    }

    @Test
    void vectorsWithoutDirectionAreRefused() {
        for (float[] vector : new float[][] {{}, {0, 0}, {1, Float.NaN}, {Float.POSITIVE_INFINITY}, new float[Embedding.LARGEST_SIZE + 1]}) {
            assertThrows(IllegalArgumentException.class, () -> Embedding.of(vector));
        }
        String message = assertThrows(IllegalArgumentException.class, () -> Embedding.of(new float[] {0, 0})).getMessage();
        assertTrue(message.startsWith("the vector of 2 numbers has the length 0.0, so it has no direction"), message);
    }

    @Test
    void impossibleComparisonsAreRefused() {
        Embedding two = Embedding.of(new float[] {1, 0});
        Embedding three = Embedding.of(new float[] {1, 0, 0});
        assertThrows(IllegalArgumentException.class, () -> two.cosine(three));
        assertThrows(IllegalArgumentException.class, () -> three.distance(two));
        assertThrows(IllegalArgumentException.class, () -> Embedding.cosineOfDistance(2.1));
        assertThrows(IllegalArgumentException.class, () -> Embedding.cosineOfDistance(Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> Embedding.distanceOfCosine(-1.1));
    }
}
