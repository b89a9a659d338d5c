package org.angulus.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * No two of 10,000 people are near-duplicates, in their genes and on their passport pictures. All 50 million pairs are
 * looked at.
 */
class SyntheticPeopleTest {
    private static final int PEOPLE = 10_000;
    private static final int HEIGHT = 28;
    private static final int WIDTH = 24;

    /** Numbers of a reduced picture: means of 2 x 2 pixels. */
    private static final int MEANS = HEIGHT / 2 * (WIDTH / 2) * 3;

    /** Multiplier that scatters a reduced picture over its vector: it has no common divisor with {@link #MEANS}. */
    private static final int SPREAD = 53;

    /**
     * Least distance of two gene vectors. Independent uniform genes lie sqrt(genes / 6) = 3.2 apart on average; a
     * person changed by a tenth of the range in every gene would lie 0.8 from the original.
     */
    private static final double LEAST_GENES = 1.5;

    /**
     * Least root mean square difference of two reduced passport pictures, in levels of 255. The median pair differs by
     * 32, the closest one by 4.6; a bound that holds for the means of pixels holds for the pixels.
     */
    private static final double LEAST_LEVELS = 3.5;

    @Test
    void genesDiffer() {
        SyntheticFaces faces = new SyntheticFaces(1, HEIGHT, WIDTH);
        float[][] vectors = new float[PEOPLE][];
        for (int i = 0; i < PEOPLE; i++) {
            vectors[i] = faces.identityVector(i);
            assertEquals(Gene.count(), vectors[i].length);
        }
        double closest = closest(vectors, 2 * LEAST_GENES);
        assertTrue(closest >= LEAST_GENES, "two people's genes are only " + closest + " apart");
        assertTrue(closest < 2 * LEAST_GENES, "the search finds nothing at all");
    }

    @Test
    void passportPicturesDiffer() {
        SyntheticFaces faces = new SyntheticFaces(1, HEIGHT, WIDTH);
        float[][] vectors = new float[PEOPLE][];
        IntStream.range(0, PEOPLE).parallel().forEach(i -> {
            byte[] rgb = new byte[faces.pictureBytes()];
            faces.renderNeutral(i, rgb, 0);
            vectors[i] = reduced(rgb);
        });
        double root = Math.sqrt(MEANS);
        double closest = closest(vectors, 2 * LEAST_LEVELS * root) / root;
        assertTrue(closest >= LEAST_LEVELS, "two people's pictures are only " + closest + " levels apart");
        assertTrue(closest < 2 * LEAST_LEVELS, "the search finds nothing at all");
        double turn = turnOfHead(vectors);
        assertTrue(turn > LEAST_LEVELS, "a slight turn changes " + turn + " levels, less than the bound");
    }

    /**
     * Mean change of a reduced passport picture when its person turns the head by six degrees: what the same person
     * differs by, at the least.
     */
    private static double turnOfHead(float[][] straight) {
        Conditions calm = Conditions.neutral();
        int people = 50;
        double sum = 0;
        for (int i = 0; i < people; i++) {
            Conditions aside = new Conditions(
                    new Pose(0.105f, 0f, 0f, 1f, 0f, 0f),
                    calm.expression(),
                    calm.hair(),
                    calm.shaven(),
                    calm.glasses(),
                    calm.cloth(),
                    calm.obstacle(),
                    Light.even(),
                    calm.backdrop());
            byte[] turned = new byte[HEIGHT * WIDTH * 3];
            Portrait portrait = new Portrait(FaceGenes.of(1, i), aside, HEIGHT, WIDTH);
            Capture.CLEAN.take(portrait, HEIGHT, WIDTH, 0, turned, 0);
            sum += Math.sqrt(squared(straight[i], reduced(turned), Float.MAX_VALUE) / MEANS);
        }
        return sum / people;
    }

    /** The means of 2 x 2 pixels, scattered, so that any piece of the vector tells of the whole picture. */
    private static float[] reduced(byte[] rgb) {
        float[] means = new float[MEANS];
        for (int i = 0; i < MEANS; i++) {
            int column = i / 3 % (WIDTH / 2) * 2;
            int row = i / 3 / (WIDTH / 2) * 2;
            int at = 3 * (row * WIDTH + column) + i % 3;
            int below = at + 3 * WIDTH;
            int sum = (rgb[at] & 0xFF) + (rgb[at + 3] & 0xFF) + (rgb[below] & 0xFF) + (rgb[below + 3] & 0xFF);
            means[i * SPREAD % MEANS] = 0.25f * sum;
        }
        return means;
    }

    /** The distance of the closest pair, or the bound if all pairs are farther apart. */
    private static double closest(float[][] vectors, double bound) {
        return Math.sqrt(IntStream.range(0, vectors.length)
                .parallel()
                .mapToDouble(i -> {
                    float least = (float) (bound * bound);
                    for (int j = 0; j < i; j++) {
                        least = Math.min(least, squared(vectors[i], vectors[j], least));
                    }
                    return least;
                })
                .min()
                .orElse(Double.NaN));
    }

    /** Squared distance; stops once it is beyond the bound. Four sums run side by side. */
    private static float squared(float[] a, float[] b, float bound) {
        float sum = 0f;
        int whole = a.length / 4 * 4;
        for (int start = 0; start < whole && sum <= bound; start += 16) {
            float s0 = 0f;
            float s1 = 0f;
            float s2 = 0f;
            float s3 = 0f;
            for (int i = start; i < Math.min(start + 16, whole); i += 4) {
                float d0 = a[i] - b[i];
                float d1 = a[i + 1] - b[i + 1];
                float d2 = a[i + 2] - b[i + 2];
                float d3 = a[i + 3] - b[i + 3];
                s0 += d0 * d0;
                s1 += d1 * d1;
                s2 += d2 * d2;
                s3 += d3 * d3;
            }
            sum += s0 + s1 + (s2 + s3);
        }
        for (int i = whole; i < a.length && sum <= bound; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return sum;
    }
}
