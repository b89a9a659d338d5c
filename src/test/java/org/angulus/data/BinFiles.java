package org.angulus.data;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Verification sets as Python pickles them: the list of the pictures, then that of the booleans. */
public final class BinFiles {
    private BinFiles() {}

    /**
     * The bytes of such a file.
     *
     * @param pictures encoded, two for each pair
     * @param same     whether a pair shows the same person
     */
    public static byte[] of(List<byte[]> pictures, boolean... same) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes("((l".getBytes(StandardCharsets.US_ASCII));
        for (byte[] picture : pictures) {
            out.write('B');
            out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(picture.length).array());
            out.writeBytes(picture);
            out.write('a');
        }
        out.writeBytes("(l".getBytes(StandardCharsets.US_ASCII));
        for (boolean flag : same) {
            out.writeBytes((flag ? "I01\na" : "I00\na").getBytes(StandardCharsets.US_ASCII));
        }
        out.writeBytes("t.".getBytes(StandardCharsets.US_ASCII));
        return out.toByteArray();
    }
}
