package org.angulus.bench;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.angulus.data.SyntheticFaces;

/** Writes drawn faces as JPEGs of 112x96, a folder for each person: {@code FaceFiles FOLDER PEOPLE PICTURES}. */
public final class FaceFiles {
    private static final int HEIGHT = 112;
    private static final int WIDTH = 96;
    private static final float QUALITY = 0.9f;

    private FaceFiles() {}

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        int people = Integer.parseInt(arguments[1]);
        int pictures = Integer.parseInt(arguments[2]);
        var faces = new SyntheticFaces(1, HEIGHT, WIDTH);
        var rgb = new byte[faces.pictureBytes()];
        for (int person = 0; person < people; person++) {
            Path own = Files.createDirectories(folder.resolve("person-%03d".formatted(person)));
            for (int picture = 0; picture < pictures; picture++) {
                faces.render(person, picture, rgb, 0);
                write(own.resolve("%03d.jpg".formatted(picture)), rgb);
            }
        }
    }

    private static void write(Path file, byte[] rgb) throws IOException {
        Iterator<ImageWriter> writers = ImageIO.getImageWritersByFormatName("jpeg");
        ImageWriter writer = writers.next();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(file.toFile())) {
            ImageWriteParam parameters = writer.getDefaultWriteParam();
            parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            parameters.setCompressionQuality(QUALITY);
            writer.setOutput(out);
            writer.write(null, new IIOImage(picture(rgb, HEIGHT, WIDTH), null, null), parameters);
        } finally {
            writer.dispose();
        }
    }

    /** u8 RGB (height, width, 3), or the first of several such. */
    static BufferedImage picture(byte[] rgb, int height, int width) {
        var image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < height * width; i++) {
            int colour = Byte.toUnsignedInt(rgb[3 * i]) << 16 | Byte.toUnsignedInt(rgb[3 * i + 1]) << 8 | Byte.toUnsignedInt(rgb[3 * i + 2]);
            image.setRGB(i % width, i / width, colour);
        }
        return image;
    }
}
