package org.angulus.image;

/** Reads portable grey maps of up to 8 bits: P5 (binary) and P2 (text), with comments. */
final class Pgm {
    private static final String DAMAGED = "replace or remove it";

    private final byte[] bytes;
    private final String name;
    private int at = 2; // behind "P5" or "P2"

    private Pgm(byte[] bytes, String name) {
        this.bytes = bytes;
        this.name = name;
    }

    /** Whether a file begins like a PGM. */
    static boolean is(byte[] bytes) {
        return bytes.length > 2 && bytes[0] == 'P' && (bytes[1] == '5' || bytes[1] == '2') && isBlank(bytes[2]);
    }

    /** Decodes a file; grey levels are scaled to 0..255 where the largest level is another, and repeated for RGB. */
    static RgbImage read(byte[] bytes, String name) throws ImageException {
        return new Pgm(bytes, name).read();
    }

    private RgbImage read() throws ImageException {
        int width = number("width");
        int height = number("height");
        int largest = number("largest grey level");
        ImageLimits.check(height, width, name);
        if (largest < 1 || largest > 255) {
            throw new ImageException(
                    name,
                    "its grey levels go to " + largest + " where 1 to 255 are read",
                    "convert it to 8 bits per sample");
        }
        byte[] pixels = new byte[height * width * RgbImage.CHANNELS];
        boolean binary = bytes[1] == '5';
        if (binary) {
            at++; // exactly one blank divides the header from the samples
            if (bytes.length - at < height * width) {
                throw new ImageException(
                        name,
                        "it holds " + Math.max(0, bytes.length - at) + " samples where " + height * width + " should be",
                        DAMAGED);
            }
        }
        for (int i = 0; i < height * width; i++) {
            int level = binary ? Byte.toUnsignedInt(bytes[at + i]) : number("grey level");
            if (level > largest) {
                throw new ImageException(
                        name, "a grey level of " + level + " exceeds the stated largest of " + largest, DAMAGED);
            }
            byte grey = (byte) ((level * 255 + largest / 2) / largest);
            pixels[3 * i] = grey;
            pixels[3 * i + 1] = grey;
            pixels[3 * i + 2] = grey;
        }
        return new RgbImage(height, width, pixels);
    }

    /** The next whole number, after blanks and comments. */
    private int number(String meaning) throws ImageException {
        while (at < bytes.length && (isBlank(bytes[at]) || bytes[at] == '#')) {
            if (bytes[at] == '#') {
                while (at < bytes.length && bytes[at] != '\n' && bytes[at] != '\r') {
                    at++;
                }
            } else {
                at++;
            }
        }
        int begin = at;
        int value = 0;
        while (at < bytes.length && bytes[at] >= '0' && bytes[at] <= '9' && value <= 1_000_000) {
            value = 10 * value + bytes[at++] - '0';
        }
        if (at == begin || at < bytes.length && !isBlank(bytes[at]) && bytes[at] != '#') {
            throw new ImageException(name, "no " + meaning + " stands at byte " + begin + " of this PGM file", DAMAGED);
        }
        return value;
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b >= '\t' && b <= '\r';
    }
}
