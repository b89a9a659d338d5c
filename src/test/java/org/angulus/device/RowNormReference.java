package org.angulus.device;

/** The guarded length of rows and the unit rows. x is (rows, columns). */
record RowNormReference(int rows, int columns, NormGuard guard, double[] x) {
    /** The guards' constants as f32 holds them. */
    private static final double LENGTH = 1e-12f;
    private static final double SQUARE = 1e-10f;

    private double square(int row) {
        double q = 0;
        for (int j = 0; j < columns; j++) {
            q += x[row * columns + j] * x[row * columns + j];
        }
        return q;
    }

    /** Whether the guard holds the length constant. */
    boolean clamped(int row) {
        double q = square(row);
        return switch (guard) {
            case CLAMP_LENGTH -> Math.sqrt(q) <= LENGTH;
            case CLAMP_SQUARE -> q <= SQUARE;
            case ADD -> false;
        };
    }

    double inverse(int row) {
        double q = square(row);
        return switch (guard) {
            case CLAMP_LENGTH -> 1 / Math.max(Math.sqrt(q), LENGTH);
            case CLAMP_SQUARE -> 1 / Math.sqrt(Math.max(q, SQUARE));
            case ADD -> 1 / Math.sqrt(q + SQUARE);
        };
    }

    Expected inverses() {
        Expected inverse = new Expected(rows, columns);
        for (int i = 0; i < rows; i++) {
            inverse.add(i, inverse(i));
        }
        return inverse;
    }

    Expected forward() {
        Expected y = new Expected(x.length, columns);
        for (int i = 0; i < x.length; i++) {
            y.add(i, x[i] * inverse(i / columns));
        }
        return y;
    }

    /** dx = inverse (dy - x^ <x^, dy>), with x^ = x inverse; no projection where the guard holds. */
    Expected backward(double[] dy) {
        Expected dx = new Expected(x.length, columns + 4L);
        for (int row = 0; row < rows; row++) {
            double inverse = inverse(row);
            double along = 0;
            double magnitude = 0;
            for (int j = 0; j < columns; j++) {
                double term = dy[row * columns + j] * x[row * columns + j] * inverse;
                along += term;
                magnitude += Math.abs(term);
            }
            for (int j = 0; j < columns; j++) {
                int i = row * columns + j;
                dx.add(i, inverse * dy[i]);
                if (!clamped(row)) {
                    double unit = x[i] * inverse;
                    dx.value[i] -= inverse * unit * along;
                    dx.magnitude[i] += inverse * Math.abs(unit) * magnitude;
                }
            }
        }
        return dx;
    }
}
