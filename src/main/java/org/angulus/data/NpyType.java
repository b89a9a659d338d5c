package org.angulus.data;

import java.util.Optional;

/** The element types of NumPy files that are read and written; all little-endian. */
public enum NpyType {
    /** Unsigned bytes. */
    U8("|u1", 1),
    I32("<i4", 4),
    I64("<i8", 8),
    F32("<f4", 4),
    F64("<f8", 8);

    private final String descriptor;
    private final int bytes;

    NpyType(String descriptor, int bytes) {
        this.descriptor = descriptor;
        this.bytes = bytes;
    }

    /** NumPy's word for it in a file's header. */
    public String descriptor() {
        return descriptor;
    }

    /** Bytes of an element. */
    public int bytes() {
        return bytes;
    }

    /** The type of a descriptor; a single byte has no order, so any is accepted. */
    static Optional<NpyType> of(String descriptor) {
        for (NpyType type : values()) {
            if (type.descriptor.equals(descriptor) || type == U8 && (descriptor.equals("<u1") || descriptor.equals("u1"))) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}
