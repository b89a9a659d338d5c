package org.angulus.device;

/**
 * Rows of numbers: an activation (N,H,W,C) has N*H*W rows and C columns.
 *
 * @param rows at least 1
 * @param columns at least 1
 * @param type how x and y are stored; per-column and per-row results are always f32
 */
public record Matrix(int rows, int columns, Type type) {
    /** Elements. */
    public long elements() {
        return (long) rows * columns;
    }

    /** Bytes in storage. */
    public long bytes() {
        return elements() * type.bytes();
    }
}
