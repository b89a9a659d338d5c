package org.angulus.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.angulus.data.ImageFiles;
import org.angulus.data.ImageSet;
import org.angulus.image.Framing;
import org.angulus.image.RgbImage;

/**
 * The pictures that {@code angulus embed} reads, in their order.
 *
 * @param names of the pictures, as paths.txt tells them
 * @param decoder reads one; called by several threads at once
 */
record EmbedInput(List<String> names, Decoder decoder) {
    /** Reads a picture as a crop. */
    @FunctionalInterface
    interface Decoder {
        RgbImage decode(int picture) throws IOException;
    }

    /** A packed set or .rec file, a folder with pictures at any depth, or a text file that lists pictures. */
    static EmbedInput open(Path data, Framing framing, int height, int width) throws IOException {
        if (data.toString().endsWith(".rec") || Files.exists(data.resolve("images.npy"))) {
            ImageSet set = ImageSet.open(data);
            return new EmbedInput(
                    IntStream.range(0, set.count()).mapToObj(set::name).toList(),
                    i -> framing.apply(set.decode(i), height, width, data.resolve(set.name(i)).toString()));
        }
        if (!Files.exists(data)) {
            throw new CommandFailure(ExitCode.FAILED, "there is no folder or file " + data + "; check the path");
        }
        ImageFiles files = Files.isDirectory(data) ? ImageFiles.below(data) : ImageFiles.listed(data);
        return new EmbedInput(files.names(), i -> framing.decode(files.path(i), height, width));
    }
}
