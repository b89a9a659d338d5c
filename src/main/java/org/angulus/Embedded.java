package org.angulus;

/**
 * What became of one item of a stream: an embedding, or the reason why there is none.
 *
 * @param index place in the stream, from 0
 * @param item what was to be embedded
 * @param embedding null where it failed
 * @param failure null where it did not; its message says what is wrong with the item
 */
public record Embedded<T>(long index, T item, Embedding embedding, Exception failure) {
    public Embedded {
        if ((embedding == null) == (failure == null)) {
            throw new IllegalArgumentException("an item has an embedding or a failure, one of the two");
        }
    }

    /** Whether there is an embedding. */
    public boolean succeeded() {
        return failure == null;
    }
}
