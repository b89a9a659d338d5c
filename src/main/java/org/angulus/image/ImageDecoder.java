package org.angulus.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import org.angulus.model.Printable;

/**
 * Decodes JPEG, PNG, BMP and 8-bit PGM files to RGB. The content decides the format, not the name; {@link Decoders} says who decodes JPEGs. Their EXIF
 * orientation is applied; grey becomes RGB with three equal samples; colour profiles are ignored and alpha is dropped, as
 * the networks' training data was made. CMYK, cut-off and oversized files are refused, by name, and of JPEGs those that are neither baseline nor
 * progressive.
 *
 * <p>All methods may be called by any number of threads.
 */
public final class ImageDecoder {
    static final String DAMAGED = "replace or remove it";

    private static final int PROGRESSIVE = 2;

    private ImageDecoder() {}

    /** Whether a file name ends like an image that can be read: jpg, jpeg, png, bmp or pgm, in any case. */
    public static boolean readable(String fileName) {
        int dot = Math.max(0, fileName.lastIndexOf('.'));
        return switch (fileName.substring(dot).toLowerCase(Locale.ROOT)) {
            case ".jpg", ".jpeg", ".png", ".bmp", ".pgm" -> true;
            default -> false;
        };
    }

    /**
     * Decodes a file to exactly {@code height} x {@code width}.
     *
     * @throws ImageException when the file cannot be read or decoded, or its size does not fit
     */
    public static RgbImage decode(Path file, int height, int width, Fit fit) throws ImageException {
        return fit.apply(decode(file), height, width, file.toString());
    }

    /** Decodes a file at its own size. */
    public static RgbImage decode(Path file) throws ImageException {
        byte[] bytes;
        try {
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                throw new ImageException(file.toString(), "it is a folder, pipe, socket or device and no file", "name a file");
            }
            if (Files.size(file) > ImageLimits.LARGEST_FILE) {
                throw new ImageException(
                        file.toString(),
                        "it has " + Files.size(file) + " bytes where at most " + ImageLimits.LARGEST_FILE + " are read",
                        "make it smaller or remove it");
            }
            bytes = Files.readAllBytes(file);
        } catch (ImageException e) {
            throw e;
        } catch (NoSuchFileException e) {
            throw new ImageException(file.toString(), "there is no such file", "check the path", e);
        } catch (IOException e) {
            throw new ImageException(
                    file.toString(), "it cannot be read (" + Printable.reason(e) + ")", "check that it is a readable file", e);
        }
        return decode(bytes, file.toString());
    }

    /**
     * Decodes a file's bytes at the image's own size.
     *
     * @param name for messages
     */
    public static RgbImage decode(byte[] bytes, String name) throws ImageException {
        return decode(bytes, name, isJpeg(bytes) ? Decoders.jpeg() : null); // loads no library for other files
    }

    /** @param decoder of a JPEG */
    static RgbImage decode(byte[] bytes, String name, JpegDecoder decoder) throws ImageException {
        if (Pgm.is(bytes)) {
            return Pgm.read(bytes, name);
        }
        if (isJpeg(bytes)) {
            JpegHeader header = JpegHeader.read(bytes, name);
            checkKind(header, name);
            ImageLimits.check(header.height(), header.width(), name);
            return Orientation.apply(decoder.decode(bytes, header, name), header.orientation());
        }
        if (startsWith(bytes, 0x89, 'P', 'N', 'G')) {
            return ImageIoDecoder.read("png", bytes, name);
        }
        if (startsWith(bytes, 'B', 'M')) {
            return ImageIoDecoder.read("bmp", bytes, name);
        }
        throw new ImageException(
                name, "it is none of JPEG, PNG, BMP and PGM by its first bytes", "convert it to one of these or remove it");
    }

    private static void checkKind(JpegHeader header, String name) throws ImageException {
        if (header.process() > PROGRESSIVE) {
            throw new ImageException(name, "it is a lossless, hierarchical or arithmetic-coded JPEG (SOF" + header.process() + ")", "convert it to baseline or progressive");
        }
        if (header.components() == 4) {
            throw new ImageException(name, "it is a CMYK JPEG", "convert it to RGB");
        }
        if (header.components() != 1 && header.components() != 3) {
            throw new ImageException(
                    name, "it is a JPEG of " + header.components() + " colour components", "convert it to RGB or grey");
        }
        if (header.precision() != 8) {
            throw new ImageException(
                    name, "it is a JPEG of " + header.precision() + " bits per sample", "convert it to 8 bits");
        }
    }

    private static boolean isJpeg(byte[] bytes) {
        return startsWith(bytes, 0xff, 0xd8, 0xff);
    }

    private static boolean startsWith(byte[] bytes, int... magic) {
        if (bytes.length < magic.length) {
            return false;
        }
        for (int i = 0; i < magic.length; i++) {
            if (Byte.toUnsignedInt(bytes[i]) != magic[i]) {
                return false;
            }
        }
        return true;
    }
}
