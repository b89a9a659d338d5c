package org.angulus.device;

import java.util.Locale;

/** How the numbers of a tensor are stored: activations and their gradients in either, all else in F32. Sums are always taken in 32-bit floats or wider. */
public enum Type {
    /** IEEE single precision, 4 bytes. */
    F32(4),
    /** The upper half of a single: 8 bits of exponent, 8 of significand; 2 bytes. */
    BF16(2);

    private final int bytes;

    Type(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }

    /** The name that configurations and kernels use: {@code bf16}. */
    public String words() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The header's {@code AG_F32}, {@code AG_BF16}. */
    int code() {
        return ordinal();
    }

    /** The nearest bf16 (ties to even) of a float, as its 16 bits. A NaN stays a NaN. */
    public static short toBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }

    /** The float that has exactly the value of these 16 bits. */
    public static float fromBf16(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }
}
