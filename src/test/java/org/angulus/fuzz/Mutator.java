package org.angulus.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Damages good files in the ways that find faults of readers: single bytes, lengths that lie, cuts, gaps, repeats, parts of another file. */
final class Mutator {
    private static final long[] LIARS = {
        0, 1, -1, 2, 7, 8, 127, 128, 255, 256, 32_767, 32_768, 65_535, 65_536, Integer.MAX_VALUE, Integer.MIN_VALUE, 0xffff_ffffL, 1L << 32, 1L << 53,
        Long.MAX_VALUE, Long.MIN_VALUE
    };

    private static final String TEXT = "0123456789-+.,:;{}[]()'\"\t\n\\eE";

    private final Random random;
    private final List<byte[]> seeds;

    Mutator(Random random, List<byte[]> seeds) {
        this.random = random;
        this.seeds = seeds;
    }

    /** One to four damages to one of the seeds. */
    byte[] next() {
        byte[] bytes = seeds.get(random.nextInt(seeds.size())).clone();
        for (int i = random.nextInt(4); i >= 0; i--) {
            bytes = damage(bytes);
        }
        return bytes;
    }

    private byte[] damage(byte[] bytes) {
        if (bytes.length == 0) {
            return new byte[] {(byte) random.nextInt()};
        }
        int at = position(bytes.length);
        return switch (random.nextInt(10)) {
            case 0, 1 -> with(bytes, at, (byte) random.nextInt());
            case 2 -> with(bytes, at, (byte) (bytes[at] ^ 1 << random.nextInt(8)));
            case 3 -> with(bytes, at, (byte) TEXT.charAt(random.nextInt(TEXT.length())));
            case 4, 5 -> withNumber(bytes, at);
            case 6 -> Arrays.copyOf(bytes, random.nextInt(bytes.length));
            case 7 -> joined(bytes, at, new byte[0], Math.min(bytes.length, at + 1 + random.nextInt(64)));
            case 8 -> joined(bytes, at, Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + 1 + random.nextInt(256))), at);
            default -> spliced(bytes, at);
        };
    }

    /** Headers matter most: half of the places lie within the first 64 bytes or the last. */
    private int position(int length) {
        int near = Math.min(length, 64);
        return switch (random.nextInt(4)) {
            case 0 -> random.nextInt(near);
            case 1 -> length - 1 - random.nextInt(near);
            default -> random.nextInt(length);
        };
    }

    private static byte[] with(byte[] bytes, int at, byte value) {
        bytes[at] = value;
        return bytes;
    }

    private byte[] withNumber(byte[] bytes, int at) {
        int size = 1 << random.nextInt(4);
        ByteOrder order = random.nextBoolean() ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
        byte[] number = new byte[Long.BYTES];
        long value = LIARS[random.nextInt(LIARS.length)] + random.nextInt(3) - 1;
        ByteBuffer.wrap(number).order(order).putLong(value);
        int first = order == ByteOrder.LITTLE_ENDIAN ? 0 : Long.BYTES - size;
        System.arraycopy(number, first, bytes, at, Math.min(size, bytes.length - at));
        return bytes;
    }

    private byte[] spliced(byte[] bytes, int at) {
        byte[] other = seeds.get(random.nextInt(seeds.size()));
        return joined(bytes, at, Arrays.copyOfRange(other, other.length == 0 ? 0 : random.nextInt(other.length), other.length), bytes.length);
    }

    /** bytes[0, head), middle, bytes[tail, end). */
    private static byte[] joined(byte[] bytes, int head, byte[] middle, int tail) {
        byte[] result = Arrays.copyOf(bytes, head + middle.length + bytes.length - tail);
        System.arraycopy(middle, 0, result, head, middle.length);
        System.arraycopy(bytes, tail, result, head + middle.length, bytes.length - tail);
        return result;
    }
}
