package org.angulus.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.angulus.data.Mnist.Part;
import org.angulus.image.RgbImage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MnistTest {
    @TempDir
    Path folder;

    @Test
    void picturesAndLabelsAreRead() throws IOException {
        MnistFiles.write(folder, 7, 3, 5);
        ImageSet set = assertInstanceOf(Mnist.class, ImageSet.open(folder));
        assertEquals(7, set.count());
        assertEquals(List.of("0", "1", "2"), set.identities());
        for (Mnist half : List.of(Mnist.open(folder, Part.TRAIN), Mnist.open(folder, Part.TEST))) {
            for (int image = 0; image < half.count(); image++) {
                assertEquals(image % 3, half.label(image));
                RgbImage picture = half.decode(image);
                for (int i = 0; i < 25; i++) {
                    for (int channel = 0; channel < 3; channel++) {
                        assertEquals(MnistFiles.pixel(image, i, 3, 5), picture.sample(i / 5, i % 5, channel));
                    }
                }
            }
        }
        assertEquals("t10k-images-idx3-ubyte, picture 4", Mnist.open(folder, Part.TEST).name(4));
    }

    @Test
    void damageIsTold() throws IOException {
        byte[] images = MnistFiles.images(4, 2, 3);
        byte[] labels = MnistFiles.labels(4, 2);
        assertRefused(images, null, "it holds no t10k-labels-idx1-ubyte, nor one that ends in .gz");
        assertRefused(images, MnistFiles.labels(3, 2), "it holds 3 labels and states 3, where t10k-images-idx3-ubyte has 4 pictures");
        assertRefused(Arrays.copyOf(images, 40), labels, "its header states 4 pictures of 3x3, but 24 bytes follow");
        assertRefused(labels, labels, "it is no IDX file of pictures in bytes");
        assertRefused(images, Arrays.copyOf(labels, 3), "it is no IDX file of labels in bytes");
        byte[] huge = images.clone();
        huge[4] = (byte) 0xff;
        assertRefused(huge, labels, "its header states 4278190084 pictures of 3x3");
        Files.delete(folder.resolve("t10k-labels-idx1-ubyte"));
        Files.write(folder.resolve("t10k-labels-idx1-ubyte.gz"), new byte[] {0x1f, (byte) 0x8b, 8});
        assertTrue(assertThrows(DataException.class, () -> Mnist.open(folder, Part.TEST)).getMessage().contains("t10k-labels-idx1-ubyte.gz: it ends too early"));
    }

    private void assertRefused(byte[] images, byte[] labels, String words) throws IOException {
        Files.write(folder.resolve("t10k-images-idx3-ubyte"), images);
        Files.deleteIfExists(folder.resolve("t10k-labels-idx1-ubyte"));
        if (labels != null) {
            Files.write(folder.resolve("t10k-labels-idx1-ubyte"), labels);
        }
        String message = assertThrows(DataException.class, () -> Mnist.open(folder, Part.TEST)).getMessage();
        assertTrue(message.contains(words), message);
    }

    @Test
    void thePublishedDigitsAreRead() throws IOException {
        Path published = SharedData.require("mnist");
        Mnist train = Mnist.open(published, Part.TRAIN);
        Mnist test = Mnist.open(published, Part.TEST);
        assertEquals(List.of(60_000, 10_000, 28, 28, 10), List.of(train.count(), test.count(), test.height(), test.width(), test.identities().size()));
        assertEquals(List.of(5, 0, 4, 1, 9), List.of(train.label(0), train.label(1), train.label(2), train.label(3), train.label(4)));
        assertEquals(7, test.label(0));
    }
}
