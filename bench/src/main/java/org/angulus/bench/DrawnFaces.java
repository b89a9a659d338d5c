package org.angulus.bench;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.angulus.data.SyntheticFaces;
import org.angulus.image.RgbImage;

/** Synthetic faces, one of each person, as pixels and as encoded files. */
final class DrawnFaces {
    /** Of a JPEG: about what aligned crops are kept with. */
    private static final float QUALITY = 0.95f;
    /** Levels by which a JPEG of this quality may be off, in the mean. */
    private static final double MOST_LOSS = 6;

    private DrawnFaces() {}

    /** Face {@code number}. */
    static RgbImage draw(int number, int height, int width) {
        var faces = new SyntheticFaces(1, height, width);
        var pixels = new byte[faces.pictureBytes()];
        faces.render(number, 0, pixels, 0);
        return new RgbImage(height, width, pixels);
    }

    /** The first faces. */
    static RgbImage[] draw(int count, Size size) {
        var faces = new RgbImage[count];
        for (int i = 0; i < count; i++) {
            faces[i] = draw(i, size.height(), size.width());
        }
        return faces;
    }

    /** Rows and columns, as in 112x96. */
    record Size(int height, int width) {
        static Size parse(String text) {
            String[] sides = text.split("x", -1);
            if (sides.length != 2 || !text.matches("[0-9]{1,4}x[0-9]{1,4}")) {
                throw new IllegalArgumentException("There is no size '" + text + "'; give rows and columns as in 112x96.");
            }
            return new Size(Integer.parseInt(sides[0]), Integer.parseInt(sides[1]));
        }
    }

    /** @param format jpeg (quality 0.95, colours at half the resolution) or png */
    static byte[] encode(RgbImage image, String format) throws IOException {
        var picture = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                picture.setRGB(x, y, image.sample(y, x, 0) << 16 | image.sample(y, x, 1) << 8 | image.sample(y, x, 2));
            }
        }
        ImageWriter writer = ImageIO.getImageWritersByFormatName(format).next();
        ImageWriteParam how = writer.getDefaultWriteParam();
        if (format.equals("jpeg")) {
            how.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            how.setCompressionQuality(QUALITY);
        }
        var bytes = new ByteArrayOutputStream();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
            writer.setOutput(out);
            writer.write(null, new IIOImage(picture, null, null), how);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    /**
     * Refuses a decoded picture that is not the one that was encoded.
     *
     * @param what for the message
     * @throws IllegalStateException with one sentence
     */
    static void requireAlike(String what, RgbImage decoded, RgbImage drawn) {
        if (decoded.height() != drawn.height() || decoded.width() != drawn.width()) {
            throw new IllegalStateException(what + ": the decoded picture is " + decoded.sizeText() + ", the encoded one " + drawn.sizeText() + ".");
        }
        double sum = 0;
        for (int i = 0; i < drawn.pixels().length; i++) {
            sum += Math.abs((decoded.pixels()[i] & 0xff) - (drawn.pixels()[i] & 0xff));
        }
        double mean = sum / drawn.pixels().length;
        if (mean > MOST_LOSS) {
            throw new IllegalStateException(what + ": decoding changed the samples by " + mean + " levels in the mean, at most " + MOST_LOSS + " are expected.");
        }
    }
}
