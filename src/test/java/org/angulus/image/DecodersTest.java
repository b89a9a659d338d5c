package org.angulus.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import org.angulus.image.Decoders.Choice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DecodersTest {
    private static final Supplier<JpegDecoder> ABSENT = () -> {
        throw new IllegalStateException("libturbojpeg.so.0 is not among this system's libraries");
    };

    private static TurboJpegDecoder turbo() {
        try {
            return TurboJpegDecoder.load();
        } catch (IllegalStateException e) {
            return abort("no libjpeg-turbo here: " + e.getMessage());
        }
    }

    static List<JpegDecoder> decoders() {
        List<JpegDecoder> decoders = new ArrayList<>(List.of(new ImageIoDecoder()));
        try {
            decoders.add(TurboJpegDecoder.load());
        } catch (IllegalStateException e) {
            System.out.println("DecodersTest: imageio only, " + e.getMessage());
        }
        return decoders;
    }

    @Test
    void theBestOneThereIsIsChosenUnlessThePropertyNamesOne() throws Exception {
        JpegDecoder found = new ImageIoDecoder();
        assertEquals(found, Choice.of("", () -> found).decoder());
        assertEquals(found, Choice.of("turbojpeg", () -> found).decoder());
        assertInstanceOf(ImageIoDecoder.class, Choice.of("imageio", () -> found).decoder());
        Choice without = Choice.of("", ABSENT);
        assertInstanceOf(ImageIoDecoder.class, without.decoder());
        assertEquals("not found: libturbojpeg.so.0 is not among this system's libraries", without.turboJpeg());
        assertEquals(
                "-Dangulus.decoder=turbojpeg: not found: libturbojpeg.so.0 is not among this system's libraries; install libjpeg-turbo, or leave the property away.",
                Choice.of("turbojpeg", ABSENT).problem().getMessage());
        assertEquals(
                "-Dangulus.decoder: there is no decoder 'gpu'; name turbojpeg or imageio, or leave the property away.",
                Choice.of("gpu", ABSENT).problem().getMessage());
        assertEquals(3, Decoders.report().size());
        assertTrue(Decoders.report().getLast().contains(Decoders.description()), Decoders.report().toString());
    }

    @Test
    void libjpegTurboTellsItsVersion() {
        String description = turbo().description();
        assertTrue(description.matches("turbojpeg, libjpeg-turbo [0-9]+\\.[0-9]+.*"), description);
    }

    /** Both descend from one library, with the accurate transform and smooth chroma: they differ by rounding. */
    @ParameterizedTest
    @ValueSource(strings = {"baseline", "progressive", "grey"})
    void bothGiveTheSamePixelsButForRounding(String kind) throws Exception {
        for (int size : new int[] {1, 7, 8, 16, 17, 95, 112}) {
            byte[] jpeg = smooth(size, size + 9, kind);
            RgbImage ours = ImageDecoder.decode(jpeg, "x", turbo());
            RgbImage java = ImageDecoder.decode(jpeg, "x", new ImageIoDecoder());
            assertEquals(java.sizeText(), ours.sizeText());
            int largest = 0;
            for (int i = 0; i < java.pixels().length; i++) {
                largest = Math.max(largest, Math.abs((java.pixels()[i] & 0xff) - (ours.pixels()[i] & 0xff)));
            }
            assertTrue(largest <= 4, size + ": a sample differs by " + largest);
            assertTrue(Arrays.stream(sampled(ours)).distinct().count() > (size > 8 ? 8 : 1), "the picture has several levels");
        }
    }

    private static int[] sampled(RgbImage image) {
        int[] values = new int[image.height() * image.width()];
        Arrays.setAll(values, i -> image.sample(i / image.width(), i % image.width(), 1));
        return values;
    }

    /** Waves of different periods in each channel. */
    private static byte[] smooth(int height, int width, String kind) throws IOException {
        boolean grey = kind.equals("grey");
        BufferedImage image = new BufferedImage(width, height, grey ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_3BYTE_BGR);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                for (int c = 0; c < image.getRaster().getNumBands(); c++) {
                    image.getRaster().setSample(x, y, c, (int) (128 + 100 * Math.sin(0.1 * x * (c + 1) + 0.07 * y)));
                }
            }
        }
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ImageWriteParam how = writer.getDefaultWriteParam();
        how.setProgressiveMode(kind.equals("progressive") ? ImageWriteParam.MODE_DEFAULT : ImageWriteParam.MODE_DISABLED);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        writer.setOutput(ImageIO.createImageOutputStream(out));
        writer.write(null, new IIOImage(image, null, null), how);
        writer.dispose();
        return out.toByteArray();
    }

    @ParameterizedTest
    @MethodSource("decoders")
    void dataThatEndsEarlyIsRefusedAndAMissingEndMarkerIsNot(JpegDecoder decoder) throws Exception {
        byte[] whole = smooth(112, 112, "baseline");
        byte[] expected = ImageDecoder.decode(whole, "x", decoder).pixels();
        assertArrayEquals(expected, ImageDecoder.decode(Arrays.copyOf(whole, whole.length - 2), "x", decoder).pixels());
        for (int cut : new int[] {20, 100, 400}) {
            byte[] part = Arrays.copyOf(whole, whole.length - cut);
            String message = assertThrows(ImageException.class, () -> ImageDecoder.decode(part, "x", decoder)).getMessage();
            assertEquals("x: its image data ends early; replace or remove it.", message);
        }
    }

    @ParameterizedTest
    @MethodSource("decoders")
    void everyCutIsRefusedOrLosesNothing(JpegDecoder decoder) throws Exception {
        for (String kind : List.of("baseline", "progressive")) {
            byte[] whole = smooth(24, 24, kind);
            byte[] expected = ImageDecoder.decode(whole, "x", decoder).pixels();
            for (int length = 0; length < whole.length; length++) {
                byte[] pixels;
                try {
                    pixels = ImageDecoder.decode(Arrays.copyOf(whole, length), "x", decoder).pixels();
                } catch (ImageException e) {
                    assertTrue(e.getMessage().startsWith("x: "), e.getMessage());
                    continue;
                }
                // A progressive file that was cut behind a scan is whole, but less sharp.
                if (kind.equals("baseline")) {
                    assertArrayEquals(expected, pixels, "cut to " + length);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("decoders")
    void damageNeverGivesMoreThanASentence(JpegDecoder decoder) throws Exception {
        long start = Long.getLong("angulus.test.start", System.nanoTime());
        System.out.println("DecodersTest.damageNeverGivesMoreThanASentence: -Dangulus.test.start=" + start);
        Random random = new Random(start);
        int refused = 0;
        for (String kind : List.of("baseline", "progressive", "grey")) {
            byte[] whole = smooth(33, 21, kind);
            for (int round = 0; round < 400; round++) {
                byte[] damaged = whole.clone();
                for (int i = 0; i < 4; i++) {
                    damaged[random.nextInt(round % 2 == 0 ? Math.min(650, whole.length) : whole.length)] = (byte) random.nextInt();
                }
                try {
                    ImageDecoder.decode(damaged, "x", decoder);
                } catch (ImageException e) {
                    refused++;
                }
            }
        }
        assertTrue(refused > 100, "only " + refused + " of 1200 damaged files were refused");
    }

    /** A picture decodes the same whatever was refused before it on this thread: here in the header, in the frame, in the data. */
    @ParameterizedTest
    @MethodSource("decoders")
    void aRefusalLeavesNoTrace(JpegDecoder decoder) throws Exception {
        byte[] whole = smooth(40, 40, "baseline");
        byte[] expected = ImageDecoder.decode(whole, "x", decoder).pixels();
        for (int at = 2; at < whole.length - 2; at += 3) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 0x55;
            try {
                ImageDecoder.decode(damaged, "x", decoder);
            } catch (ImageException e) {
                assertTrue(e.getMessage().startsWith("x: "), e.getMessage());
            }
            assertArrayEquals(expected, ImageDecoder.decode(whole, "x", decoder).pixels(), "after damage at byte " + at);
        }
    }

    @ParameterizedTest
    @MethodSource("decoders")
    void manyThreadsGetTheSamePixels(JpegDecoder decoder) throws Exception {
        byte[] jpeg = smooth(112, 96, "baseline");
        byte[] expected = ImageDecoder.decode(jpeg, "x", decoder).pixels();
        try (var threads = Executors.newFixedThreadPool(8)) {
            List<Callable<byte[]>> tasks = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                tasks.add(() -> ImageDecoder.decode(jpeg, "x", decoder).pixels());
            }
            for (Future<byte[]> pixels : threads.invokeAll(tasks)) {
                assertArrayEquals(expected, pixels.get());
            }
        }
    }
}
