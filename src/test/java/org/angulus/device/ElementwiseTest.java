package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/** fill, copy, convert, add and image_normalize. */
class ElementwiseTest {
    /** Counts around a vector, a cache line, a page and a piece of work. */
    private static final List<Integer> COUNTS = List.of(1, 3, 4, 15, 16, 17, 64, 1023, 4097, 70001);

    @OnEveryDevice
    void fill(String name) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.FILL, Type.F32, COUNTS, count -> {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    long y = memory.bytes(4L * count);
                    device.ops().fill(y, 4L * count, 0x3f8ccccd);
                    int[] expected = new int[count];
                    Arrays.fill(expected, 0x3f8ccccd);
                    assertArrayEquals(expected, device.transfers().ints(y, count));
                }
            });
        }
    }

    @OnEveryDevice
    void copyTakesEveryByte(String name) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.COPY, Type.F32, COUNTS, count -> {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    byte[] bytes = new byte[count];
                    new java.util.Random(count).nextBytes(bytes);
                    long x = memory.input(bytes);
                    long y = memory.bytes(count);
                    device.ops().copy(y, x, count);
                    assertArrayEquals(bytes, device.transfers().bytes(y, count));
                }
            });
        }
    }

    /** Numbers that a rounding may get wrong, again and again: ties to either side, the last that is finite, the smallest ones, infinities and NaNs. */
    private static float hard(int i) {
        int[] bits = {0x3f800000, 0x3f808000, 0x3f818000, 0x3f808001, 0x3f807fff, 0xbf818000, 0x7f7f0000, 0x7f7f7fff, 0x7f7f8000, 0x7f7fffff, 0x7f800000,
            0xff800000, 0x7f800001, 0x7fffffff, 0xffc00000, 0x00000000, 0x80000000, 0x00000001, 0x00008000, 0x00018000, 0x007fffff, 0x3eaaaaab};
        return Float.intBitsToFloat(bits[i % bits.length] + (i / bits.length << 16));
    }

    @OnEveryDevice
    void convertRoundsToBf16(String name) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.CONVERT, Type.BF16, COUNTS, count -> {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    ByteBuffer singles = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
                    short[] expected = new short[count];
                    for (int i = 0; i < count; i++) {
                        singles.putFloat(hard(i));
                        expected[i] = Type.toBf16(hard(i));
                    }
                    long y = memory.output(Type.BF16, count);
                    device.ops().convert(count, Type.F32, memory.input(singles.array()), Type.BF16, y);
                    short[] halves = device.transfers().shorts(y, count);
                    long back = memory.output(count);
                    device.ops().convert(count, Type.BF16, y, Type.F32, back);
                    float[] values = device.transfers().floats(back, count);
                    for (int i = 0; i < count; i++) {
                        assertEquals(Type.fromBf16(expected[i]), Type.fromBf16(halves[i]), "bf16 of " + hard(i));
                        assertEquals(Type.fromBf16(halves[i]), values[i], "f32 of a bf16");
                    }
                }
            });
        }
    }

    @OnEveryDeviceAndType
    void add(String name, Type type) {
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.ADD, type, COUNTS, count -> {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    Numbers numbers = new Numbers(count);
                    double[] a = numbers.signed(type, count);
                    double[] b = numbers.signed(type, count);
                    Expected sum = Expected.exact(a.clone()).accumulatedOnto(b);
                    long ya = memory.input(type, a);
                    long yb = memory.input(type, b);
                    long y = memory.output(type, count);
                    device.ops().add(type, count, ya, yb, y);
                    Tolerance.check("y", type, memory.read(type, y, count), sum);
                    long inPlace = memory.inOut(type, b);
                    device.ops().add(type, count, ya, inPlace, inPlace);
                    Tolerance.check("y in the place of b", type, memory.read(type, inPlace, count), sum);
                }
            });
        }
    }

    /** Sums of f32 halves between two bf16 numbers, beyond them, below them, and what is no number: rounded as {@link Type#toBf16} does. */
    @OnEveryDevice
    void bf16RoundsToEvenAndKeepsWhatIsNoNumber(String name) {
        double[] a = {1, 1, 1, -1, 0x1.02p0, 0x1.fep127, 0x1.fep127, -0x1.fep127, 0x1p-126, 0x1p-133, Double.NaN, Double.POSITIVE_INFINITY,
                Double.POSITIVE_INFINITY, 0, 0x1.fep-1, 3};
        double[] b = {0x1p-8, 0x1.8p-8, 0x1p-9, -0x1p-8, 0x1p-8, 0x1p119, 0x1p112, -0x1p119, 0x1p-133, 0x1p-133, 1, 1, Double.NEGATIVE_INFINITY, 0, 0x1p-9, -3};
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.ADD, Type.BF16, List.of(a.length), count -> {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    long y = memory.output(Type.BF16, count);
                    device.ops().add(Type.BF16, count, memory.input(Type.BF16, a), memory.input(Type.BF16, b), y);
                    double[] expected = new double[count];
                    Arrays.setAll(expected, i -> Numbers.round(Type.BF16, (float) a[i] + (float) b[i]));
                    assertArrayEquals(expected, memory.read(Type.BF16, y, count));
                }
            });
        }
    }

    private record Picture(int n, int h, int w, int c, boolean reverse, boolean flips) {
    }

    @OnEveryDeviceAndType
    void imageNormalize(String name, Type type) {
        List<Picture> pictures = List.of(new Picture(1, 1, 1, 1, false, false), new Picture(3, 5, 7, 3, false, true), new Picture(2, 4, 6, 3, true, false),
                new Picture(3, 7, 5, 3, true, true), new Picture(1, 12, 33, 4, true, true), new Picture(5, 112, 96, 3, false, true));
        try (Device device = TestDevices.open(name)) {
            KernelWalk.each(device, Op.IMAGE_NORMALIZE, type, pictures, picture -> {
                try (GuardedMemory memory = new GuardedMemory(device)) {
                    int count = picture.n * picture.h * picture.w * picture.c;
                    byte[] pixels = new byte[count];
                    new java.util.Random(count).nextBytes(pixels);
                    byte[] flips = new byte[picture.n];
                    for (int i = 0; i < picture.n; i++) {
                        flips[i] = (byte) (i % 2 == 0 ? 1 : 0);
                    }
                    long images = memory.input(pixels);
                    long mirrored = picture.flips ? memory.input(flips) : 0;
                    long y = memory.output(type, count);
                    device.ops().imageNormalize(new ImageShape(picture.n, picture.h, picture.w, picture.c, type, picture.reverse, 127.5f, 0.0078125f),
                            images, mirrored, y);
                    Tolerance.check("y", type, memory.read(type, y, count), normalized(picture, pixels, flips));
                }
            });
        }
    }

    private static Expected normalized(Picture z, byte[] pixels, byte[] flips) {
        double[] y = new double[pixels.length];
        int i = 0;
        for (int n = 0; n < z.n; n++) {
            for (int h = 0; h < z.h; h++) {
                for (int w = 0; w < z.w; w++) {
                    for (int c = 0; c < z.c; c++) {
                        int column = z.flips && flips[n] == 1 ? z.w - 1 - w : w;
                        int channel = z.reverse ? z.c - 1 - c : c;
                        y[i++] = ((pixels[((n * z.h + h) * z.w + column) * z.c + channel] & 0xff) - 127.5) / 128;
                    }
                }
            }
        }
        return Expected.exact(y);
    }
}
