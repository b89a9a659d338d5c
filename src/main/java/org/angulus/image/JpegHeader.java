package org.angulus.image;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What the segments before a JPEG's image data say.
 *
 * @param height      rows as stored, before the orientation is applied
 * @param width       columns as stored
 * @param components  colour components: 1 grey, 3 colour, 4 CMYK
 * @param precision   bits of a sample
 * @param process     number n of the frame's marker SOFn (ITU-T T.81, table B.1): 0 baseline, 1 extended, 2 progressive
 * @param orientation EXIF orientation, 1 to 8; 1 where none is given or the given one is not legal
 * @param rgb         whether three components are red, green and blue, not YCbCr: as libjpeg decides it by JFIF's and Adobe's segments, then by names
 * @param applications where the markers of the application segments lie: their second byte
 */
record JpegHeader(
        int height, int width, int components, int precision, int process, int orientation, boolean rgb, List<Integer> applications) {
    private static final int FIRST_FRAME = 0xc0;
    private static final int START_OF_SCAN = 0xda;
    private static final int END_OF_IMAGE = 0xd9;
    private static final int APP0 = 0xe0;
    private static final int APP1 = 0xe1;
    private static final int APP14 = 0xee;
    private static final int APP15 = 0xef;
    private static final byte[] JFIF = "JFIF\0".getBytes(StandardCharsets.US_ASCII);
    private static final int JFIF_BYTES = 14;
    private static final byte[] ADOBE = "Adobe".getBytes(StandardCharsets.US_ASCII);
    private static final int ADOBE_BYTES = 12;
    private static final byte[] EXIF = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);
    private static final int TAG_ORIENTATION = 0x0112;
    private static final int TYPE_SHORT = 3;

    static JpegHeader read(byte[] file, String name) throws ImageException {
        ByteBuffer in = ByteBuffer.wrap(file);
        int orientation = 1;
        int height = 0;
        int width = 0;
        int components = 0;
        int precision = 0;
        int process = 0;
        boolean jfif = false;
        int adobe = -1; // its colour transform
        boolean named = false; // the components are called R, G and B
        List<Integer> applications = new ArrayList<>();
        try {
            in.getShort(); // start of image, which made this a JPEG
            int marker;
            do {
                marker = nextMarker(in);
                if (marker >= 0xd0 && marker <= END_OF_IMAGE || marker == 0x01) {
                    continue; // markers without a segment
                }
                if (marker >= APP0 && marker <= APP15) {
                    applications.add(in.position() - 1);
                }
                int length = Short.toUnsignedInt(in.getShort()) - 2;
                ByteBuffer segment = in.slice(in.position(), length);
                in.position(in.position() + length);
                if (isFrame(marker)) {
                    precision = Byte.toUnsignedInt(segment.get());
                    height = Short.toUnsignedInt(segment.getShort());
                    width = Short.toUnsignedInt(segment.getShort());
                    components = Byte.toUnsignedInt(segment.get());
                    process = marker - FIRST_FRAME;
                    named = components == 3 && segment.get(6) == 'R' && segment.get(9) == 'G' && segment.get(12) == 'B';
                } else if (marker == APP0) {
                    jfif |= begins(segment, JFIF, JFIF_BYTES);
                } else if (marker == APP14 && begins(segment, ADOBE, ADOBE_BYTES)) {
                    adobe = Byte.toUnsignedInt(segment.get(ADOBE_BYTES - 1));
                } else if (marker == APP1) {
                    orientation = orientation(segment, orientation);
                }
            } while (marker != START_OF_SCAN && marker != END_OF_IMAGE);
        } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
            throw new ImageException(name, "its JPEG header is cut short or damaged", "replace or remove it", e);
        }
        if (height == 0 || width == 0) {
            throw new ImageException(name, "its JPEG header states no size", "replace or remove it");
        }
        boolean rgb = components == 3 && !jfif && (adobe < 0 ? named : adobe == 0);
        return new JpegHeader(height, width, components, precision, process, orientation, rgb, List.copyOf(applications));
    }

    private static boolean begins(ByteBuffer segment, byte[] identifier, int bytes) {
        return segment.limit() >= bytes && segment.slice(0, identifier.length).equals(ByteBuffer.wrap(identifier));
    }

    /** The next byte after one or more 0xff. */
    private static int nextMarker(ByteBuffer in) {
        int value = Byte.toUnsignedInt(in.get());
        while (value != 0xff) {
            value = Byte.toUnsignedInt(in.get());
        }
        while (value == 0xff) {
            value = Byte.toUnsignedInt(in.get());
        }
        return value;
    }

    /** SOF0 to SOF15; 0xc4, 0xc8 and 0xcc in their midst are other segments. */
    private static boolean isFrame(int marker) {
        return marker >= FIRST_FRAME && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    }

    /** The orientation in an APP1 segment's first image directory; {@code otherwise} where it has none that is legal. */
    private static int orientation(ByteBuffer segment, int otherwise) {
        byte[] identifier = new byte[EXIF.length];
        if (segment.remaining() < EXIF.length + 8) {
            return otherwise;
        }
        segment.get(identifier);
        if (!Arrays.equals(identifier, EXIF)) {
            return otherwise;
        }
        ByteBuffer tiff = segment.slice();
        short byteOrder = tiff.getShort(0);
        if (byteOrder == 0x4949) {
            tiff.order(ByteOrder.LITTLE_ENDIAN);
        } else if (byteOrder != 0x4d4d) {
            return otherwise;
        }
        int directory = tiff.getInt(4);
        if (directory < 8 || directory > tiff.limit() - 2) {
            return otherwise;
        }
        int entries = Short.toUnsignedInt(tiff.getShort(directory));
        for (int i = 0, at = directory + 2; i < entries && at <= tiff.limit() - 12; i++, at += 12) {
            if (Short.toUnsignedInt(tiff.getShort(at)) == TAG_ORIENTATION && tiff.getShort(at + 2) == TYPE_SHORT) {
                int value = Short.toUnsignedInt(tiff.getShort(at + 8));
                return value >= 1 && value <= 8 ? value : otherwise;
            }
        }
        return otherwise;
    }
}
