package org.angulus.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import org.angulus.image.ImageDecoder;
import org.angulus.image.RgbImage;
import org.junit.jupiter.api.Test;

class DrawnFacesTest {
    private final RgbImage[] faces = DrawnFaces.draw(2, new DrawnFaces.Size(40, 30));

    @Test
    void aJpegIsAlikeAndAPngTheSame() throws IOException {
        RgbImage jpeg = ImageDecoder.decode(DrawnFaces.encode(faces[0], "jpeg"), "x");
        assertDoesNotThrow(() -> DrawnFaces.requireAlike("x", jpeg, faces[0]));
        assertArrayEquals(faces[0].pixels(), ImageDecoder.decode(DrawnFaces.encode(faces[0], "png"), "x").pixels());
    }

    @Test
    void anotherFaceOrSizeIsRefused() {
        assertThrows(IllegalStateException.class, () -> DrawnFaces.requireAlike("x", faces[1], faces[0]));
        assertThrows(IllegalStateException.class, () -> DrawnFaces.requireAlike("x", faces[0].crop(0, 0, 30, 40 - 10), faces[0]));
    }

    @Test
    void whatIsNoSizeIsRefused() {
        for (String text : new String[] {"", "112", "112x", "-1x5", "112x96x3"}) {
            assertThrows(IllegalArgumentException.class, () -> DrawnFaces.Size.parse(text), text);
        }
    }
}
