package org.angulus.loss;

import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How a head does with one micro-batch: what its mean loss does not tell. Angles are in degrees; what a head has not is NaN.
 *
 * @param targetAngle mean angle between embeddings and their own class vectors
 * @param nearestAngle mean angle to the class vector of the largest wrong logit
 * @param gradientShares share of the gradient by the cosine to the own class vector, |dL/dc| = S (1 - p) phi'(c), that belongs to embeddings at angles
 *     of 0 to 30, 30 to 60, 60 to 90, and over 90 degrees
 * @param embeddingNorm mean length of the embeddings
 * @param classNorm mean length of the class vectors, of the first 65,536 where there are more
 * @param lowestLoss the loss that this scale and margin allow ({@link ScaleBound#lowestLoss}); NaN for softmax
 */
public record HeadHealth(
        double targetAngle, double nearestAngle, List<Double> gradientShares, double embeddingNorm, double classNorm, double lowestLoss) {
    /** Upper ends of the bands of {@link #gradientShares} but the last, in degrees. */
    public static final List<Integer> BANDS = List.of(30, 60, 90);

    /** Of a run without a head. */
    public static final HeadHealth NONE = new HeadHealth(
            Double.NaN, Double.NaN, Collections.nCopies(BANDS.size() + 1, Double.NaN), Double.NaN, Double.NaN, Double.NaN);

    public HeadHealth {
        gradientShares = List.copyOf(gradientShares);
    }

    /**
     * One embedding.
     *
     * @param cosine to its own class vector
     * @param nearest cosine to the nearest wrong one
     * @param gradient |dL/dc|, up to a common factor
     */
    record Row(double cosine, double nearest, double gradient) {
        double angle() {
            return degrees(cosine);
        }
    }

    static HeadHealth of(List<Row> rows, double embeddingNorm, double classNorm, double lowestLoss) {
        var sums = new double[BANDS.size() + 1];
        rows.forEach(row -> sums[band(row.angle())] += row.gradient());
        double all = IntStream.range(0, sums.length).mapToDouble(i -> sums[i]).sum();
        return new HeadHealth(
                rows.stream().mapToDouble(Row::angle).average().orElse(Double.NaN),
                rows.stream().mapToDouble(row -> degrees(row.nearest())).average().orElse(Double.NaN),
                IntStream.range(0, sums.length).mapToObj(i -> all > 0 ? sums[i] / all : Double.NaN).toList(),
                embeddingNorm,
                classNorm,
                lowestLoss);
    }

    private static int band(double angle) {
        int band = 0;
        while (band < BANDS.size() && angle > BANDS.get(band)) {
            band++;
        }
        return band;
    }

    private static double degrees(double cosine) {
        return Math.toDegrees(Math.acos(Math.clamp(cosine, -1.0, 1.0)));
    }
}
