package org.angulus.image;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;

/** Decodes with the image readers of the Java runtime: any format, always there. */
final class ImageIoDecoder implements JpegDecoder {
    private static final int START_BYTES = 2; // the marker that begins every JPEG
    private static final byte COMMENT = (byte) 0xfe;

    static {
        ImageIO.setUseCache(false); // no temporary files for small pictures
    }

    @Override
    public RgbImage decode(byte[] bytes, JpegHeader header, String name) throws ImageException {
        return read("jpeg", plain(bytes, header), name);
    }

    /**
     * The file with its application segments made comments, and one of Adobe's that tells the colours. The runtime's reader guesses them otherwise than
     * libjpeg, refuses some combinations of segments, and fails at damaged colour profiles that nothing here uses.
     */
    private static byte[] plain(byte[] bytes, JpegHeader header) {
        byte[] adobe = {(byte) 0xff, (byte) 0xee, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, (byte) (header.rgb() ? 0 : 1)};
        int added = header.components() == 3 ? adobe.length : 0;
        byte[] plain = new byte[bytes.length + added];
        System.arraycopy(bytes, 0, plain, 0, START_BYTES);
        System.arraycopy(adobe, 0, plain, START_BYTES, added);
        System.arraycopy(bytes, START_BYTES, plain, START_BYTES + added, bytes.length - START_BYTES);
        for (int marker : header.applications()) {
            plain[marker + added] = COMMENT;
        }
        return plain;
    }

    @Override
    public String description() {
        return "imageio, Java " + Runtime.version();
    }

    /** Decodes a file of a format that the runtime knows by this name. */
    static RgbImage read(String format, byte[] bytes, String name) throws ImageException {
        Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format);
        if (!readers.hasNext()) {
            throw new ImageException(
                    name, "this Java has no reader for " + format, "use a Java runtime with the module java.desktop");
        }
        ImageReader reader = readers.next();
        try {
            boolean[] cut = new boolean[1];
            // The JPEG library fills the rest of a cut-off image with grey and only warns.
            reader.addIIOReadWarningListener((_, warning) -> cut[0] |= JpegDecoder.tellsEarlyEnd(warning));
            reader.setInput(new BytesInput(bytes), true, true);
            ImageLimits.check(reader.getHeight(0), reader.getWidth(0), name);
            BufferedImage image = reader.read(0);
            if (cut[0]) {
                throw JpegDecoder.endsEarly(name);
            }
            return Samples.of(image, name);
        } catch (ImageException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // The readers of the JDK answer damaged data with many kinds of RuntimeException.
            throw new ImageException(
                    name,
                    "it cannot be decoded as " + format.toUpperCase(Locale.ROOT) + " (" + e.getMessage() + ")",
                    ImageDecoder.DAMAGED,
                    e);
        } finally {
            reader.dispose();
        }
    }
}
