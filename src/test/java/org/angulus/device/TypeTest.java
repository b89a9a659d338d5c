package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Rounding to bf16. */
class TypeTest {
    @Test
    void everyBf16NumberComesBack() {
        for (int bits = 0; bits < 0x10000; bits++) {
            float value = Type.fromBf16((short) bits);
            short back = Type.toBf16(value);
            assertTrue(Float.isNaN(value) ? Float.isNaN(Type.fromBf16(back)) : back == (short) bits, Integer.toHexString(bits));
        }
    }

    @Test
    void roundsToNearestAndTiesToEven() {
        assertEquals(1, Type.fromBf16(Type.toBf16(1 + 0x1p-8f)), "a tie goes to the even significand, below");
        assertEquals(1 + 0x1p-6f, Type.fromBf16(Type.toBf16(1 + 3 * 0x1p-8f)), "and above");
        assertEquals(1 + 0x1p-7f, Type.fromBf16(Type.toBf16(1 + 0x1p-8f + 0x1p-20f)));
        assertEquals(-1 - 0x1p-7f, Type.fromBf16(Type.toBf16(-1 - 0x1p-8f - 0x1p-20f)));
        assertEquals(Float.POSITIVE_INFINITY, Type.fromBf16(Type.toBf16(Float.MAX_VALUE)));
        assertEquals(Float.NEGATIVE_INFINITY, Type.fromBf16(Type.toBf16(Float.NEGATIVE_INFINITY)));
        assertTrue(Float.isNaN(Type.fromBf16(Type.toBf16(Float.intBitsToFloat(0x7f800001)))), "a NaN whose payload is in the lower half");
    }
}
