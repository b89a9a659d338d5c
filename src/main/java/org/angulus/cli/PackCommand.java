package org.angulus.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.angulus.data.FailedImages;
import org.angulus.data.FramedImages;
import org.angulus.data.ImageSet;
import org.angulus.data.PackWriter;
import org.angulus.data.PackedImages;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code angulus pack}: decodes a data set once, for trainings that read it many times. */
@Command(
        name = "pack",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Decodes a data set into images.npy, labels.npy and identities.txt, which train and eval read without decoding.",
            "A picture that cannot be used is named and left out; more than 0.1 %% of them (and more than 16) end the command."
        },
        footer = {
            "",
            "Examples:",
            "  angulus pack --data faces --out faces.pack",
            "  angulus pack --data ms1m/train.rec --out ms1m.pack --size 112x96 \\",
            "      --centre 112x96",
            "  angulus train --data faces.pack"
        })
final class PackCommand implements Callable<Integer> {
    @Option(names = "--data", required = true, paramLabel = "SET", description = "Aligned faces: a folder with one folder for each person, or a .rec file with its .idx beside it.")
    private Path data;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "The folder to make; it appears when all is written.")
    private Path out;

    @Option(names = "--size", paramLabel = "HxW", converter = Size.Converter.class, defaultValue = "112x96", description = "Rows and columns of the crops (default: ${DEFAULT-VALUE}).")
    private Size size;

    @Mixin
    private FramingOptions framing;

    @Option(names = "--strict", description = "Stop at the first picture that cannot be used.")
    private boolean strict;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        PrintWriter writer = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        ImageSet set = ImageSet.open(data);
        set.remarks().forEach(writer::println);
        var images = new FramedImages(set, size.height(), size.width(), framing.framing());
        var failed = new FailedImages(strict);
        int written;
        try (var progress = new CountDisplay("Packing", "images", images.count(), writer)) {
            written = PackWriter.write(images, set.identities(), out, failed, done -> {
                failed.takeUntold().forEach(sentence -> progress.println(err, "angulus: left out: " + sentence));
                progress.reached(done);
            });
        }
        int people = PackedImages.open(out).identities().size();
        writer.println("Packed " + written + " pictures of " + people + " people, " + Bytes.text(3L * written * size.height() * size.width()) + ", into " + out
                + (failed.count() > 0 ? "; left out " + failed.count() : ""));
        writer.flush();
        return ExitCode.OK;
    }
}
