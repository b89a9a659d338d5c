package org.angulus.device;

import java.util.List;

/** Sizes of the ops that work per channel or per row. The name says what is hit. */
record MatrixCase(String name, int rows, int columns) {
    static final List<MatrixCase> ALL = List.of(
            new MatrixCase("one number", 1, 1),
            new MatrixCase("one row", 1, 37),
            new MatrixCase("one column", 19, 1),
            new MatrixCase("colours", 35, 3),
            new MatrixCase("half a vector", 17, 8),
            new MatrixCase("P-Net channels", 21, 10),
            new MatrixCase("a vector less one", 9, 15),
            new MatrixCase("a vector and one", 9, 17),
            new MatrixCase("R-Net channels", 33, 28),
            new MatrixCase("whole vectors", 65, 64),
            new MatrixCase("wide rows", 3, 515),
            new MatrixCase("embedding", 2, 512),
            new MatrixCase("many rows", 4099, 3),
            new MatrixCase("several pieces", 337, 100));

    Matrix matrix(Type type) {
        return new Matrix(rows, columns, type);
    }

    int elements() {
        return rows * columns;
    }

    /** Seed of the case's inputs. */
    long seed() {
        return 1000003L * rows + columns;
    }

    @Override
    public String toString() {
        return name + " (" + rows + " x " + columns + ")";
    }
}
