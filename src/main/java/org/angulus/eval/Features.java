package org.angulus.eval;

/** Arithmetic of float features in double precision. */
final class Features {
    private Features() {}

    /** Euclidean norm; NaN or infinite when an element is. */
    static double norm(float[] feature) {
        return Math.sqrt(dot(feature, feature));
    }

    static double cosine(float[] left, float[] right) {
        return dot(left, right) / (norm(left) * norm(right));
    }

    /** |l/|l| - r/|r||², as a sum of squares, so that small distances keep their digits. */
    static double squaredDistance(float[] left, float[] right) {
        double leftNorm = norm(left);
        double rightNorm = norm(right);
        double sum = 0;
        for (int i = 0; i < left.length; i++) {
            double difference = left[i] / leftNorm - right[i] / rightNorm;
            sum += difference * difference;
        }
        return sum;
    }

    /** Cosine of the features after subtracting a mean from both. */
    static double centredCosine(float[] left, float[] right, double[] mean) {
        double product = 0;
        double leftSquares = 0;
        double rightSquares = 0;
        for (int i = 0; i < mean.length; i++) {
            double l = left[i] - mean[i];
            double r = right[i] - mean[i];
            product += l * r;
            leftSquares += l * l;
            rightSquares += r * r;
        }
        return product / Math.sqrt(leftSquares * rightSquares);
    }

    static double dot(float[] left, float[] right) {
        double sum = 0;
        for (int i = 0; i < left.length; i++) {
            sum += (double) left[i] * right[i];
        }
        return sum;
    }
}
