package org.angulus.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;

/** Writes MNIST's files, by the description of the format: pictures whose class is told by a bar of light, and noise. */
public final class MnistFiles {
    private MnistFiles() {}

    /** Both halves, {@code count} pictures each, of side x side pixels; the first half packed. */
    public static Path write(Path folder, int count, int classes, int side) throws IOException {
        Files.createDirectories(folder);
        for (String half : new String[] {"train", "t10k"}) {
            boolean packed = half.equals("train");
            put(folder.resolve(half + "-images-idx3-ubyte"), images(count, classes, side), packed);
            put(folder.resolve(half + "-labels-idx1-ubyte"), labels(count, classes), packed);
        }
        return folder;
    }

    static byte[] images(int count, int classes, int side) {
        ByteBuffer file = ByteBuffer.allocate(16 + count * side * side);
        file.putInt(0x803).putInt(count).putInt(side).putInt(side);
        for (int i = 0; i < count; i++) {
            for (int p = 0; p < side * side; p++) {
                file.put((byte) pixel(i, p, classes, side));
            }
        }
        return file.array();
    }

    static int pixel(int image, int place, int classes, int side) {
        boolean bar = place / side == (image % classes) * side / classes;
        return (bar ? 200 : 20) + (31 * image + 17 * place) % 40;
    }

    static byte[] labels(int count, int classes) {
        ByteBuffer file = ByteBuffer.allocate(8 + count);
        file.putInt(0x801).putInt(count);
        for (int i = 0; i < count; i++) {
            file.put((byte) (i % classes));
        }
        return file.array();
    }

    static void put(Path file, byte[] bytes, boolean packed) throws IOException {
        if (!packed) {
            Files.write(file, bytes);
            return;
        }
        var out = new ByteArrayOutputStream();
        try (var zip = new GZIPOutputStream(out)) {
            zip.write(bytes);
        }
        Files.write(file.resolveSibling(file.getFileName() + ".gz"), out.toByteArray());
    }
}
