package org.angulus.cli;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.angulus.Embedded;
import org.angulus.Embedder;
import org.angulus.EmbedderOptions;
import org.angulus.device.Device;
import org.angulus.device.DeviceInfo;
import org.angulus.device.Type;
import org.angulus.eval.FlipFusion;
import org.angulus.model.ModelChecksum;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code angulus embed}: the embeddings of any number of pictures, in a file. */
@Command(
        name = "embed",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Embeds aligned crops: embeddings.npy (f32, a row of unit length for each picture) and paths.txt (a line for each row).",
            "A picture that cannot be used keeps its row, which is NaN then, and is named in failed.txt. A run that was stopped goes on where it was when it is"
                    + " started again, to the same bytes."
        },
        footer = {
            "",
            "Examples:",
            "  angulus embed --model m.safetensors --data crops --out embedded",
            "  angulus embed --model m.safetensors --data crops.txt --out embedded \\",
            "      --flip sum --device cuda:0 --batch 256",
            "  angulus embed --model m.safetensors --data faces.pack --out embedded \\",
            "      --strict --json",
            "  python3 -c \"import numpy; e = numpy.load('embedded/embeddings.npy'); \\",
            "      print(e @ e[0])\""
        })
final class EmbedCommand implements Callable<Integer> {
    private static final int ROWS_BETWEEN_FLUSHES = 4096;
    private static final long NANOS_BETWEEN_FLUSHES = 2_000_000_000L;

    @Option(names = "--model", required = true, paramLabel = "FILE", description = "Model file (.safetensors).")
    private Path model;

    @Option(
            names = "--data",
            required = true,
            paramLabel = "WHAT",
            description = "Aligned crops: a folder (pictures at any depth), a text file with a path on each line (relative to its own folder), a packed set, or a .rec file.")
    private Path data;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder for the result; one that an interrupted run left is gone on with.")
    private Path out;

    @Option(names = "--flip", paramLabel = "HOW", description = "Fusion with the mirror image: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).", defaultValue = "NONE")
    private FlipFusion flip;

    @Mixin
    private FramingOptions framing;

    @Option(names = "--device", paramLabel = "NAME", description = "cpu, cuda:0, ...; the best one otherwise.")
    private String device;

    @Mixin
    private PrecisionOption precision;

    @Option(names = "--batch", paramLabel = "N", description = "Pictures that run at one time (default: ${DEFAULT-VALUE}).", defaultValue = "32")
    private int batch;

    @Option(names = "--threads", paramLabel = "N", description = "Workers of the device (default: as many as the process may use).", defaultValue = "0")
    private int threads;

    @Option(names = "--strict", description = "Stop at the first picture that cannot be used.")
    private boolean strict;

    @Option(names = "--restart", description = "Begin the folder anew, whatever is in it.")
    private boolean restart;

    @Option(names = "--json", description = "Print the summary as JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Main main;

    private volatile boolean stopRequested;

    @Override
    public Integer call() throws IOException {
        EmbedderOptions options = options();
        String checksum = ModelChecksum.of(model);
        try (Device opened = Devices.open(device)) {
            DeviceInfo info = opened.info();
            try (Embedder embedder = Embedder.open(model, opened, options)) {
                embed(embedder, checksum, opened.name().split(":")[0] + " " + info.isa() + (options.precision() == Type.F32 ? "" : " " + options.precision().words()));
            }
        }
        return ExitCode.OK;
    }

    private EmbedderOptions options() {
        try {
            return EmbedderOptions.DEFAULT.withLargestBatch(batch).withFlip(flip).withThreads(threads).withFixedBatch(true)
                    .withPrecision(precision.precision());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage());
        }
    }

    private void embed(Embedder embedder, String checksum, String kind) throws IOException {
        EmbedInput input = EmbedInput.open(data, framing.framing(), embedder.cropHeight(), embedder.cropWidth());
        byte[] paths = (String.join("\n", input.names()) + "\n").getBytes(StandardCharsets.UTF_8);
        EmbedFolder.Settings settings = new EmbedFolder.Settings(checksum, EmbedFolder.checksum(paths), input.names().size(), embedder.embeddingSize(),
                flip.name().toLowerCase(Locale.ROOT), framing.framing().toString(), embedder.largestBatch(), kind);
        long begun = System.nanoTime();
        try (EmbedFolder folder = EmbedFolder.open(out, settings, paths, restart)) {
            fill(embedder, input, folder);
            report(folder, embedder.embeddingSize(), (System.nanoTime() - begun) * 1e-9);
            if (folder.failures() == folder.count()) {
                throw new CommandFailure(ExitCode.FAILED, "none of the " + folder.count() + " pictures could be used; " + out.resolve(EmbedFolder.FAILED)
                        + " says why");
            }
        }
    }

    private void fill(Embedder embedder, EmbedInput input, EmbedFolder folder) throws IOException {
        int count = input.names().size();
        int first = Math.toIntExact(folder.begun());
        PrintWriter writer = spec.commandLine().getOut();
        if (first > 0 && !json) {
            writer.println("Going on after row " + first + " of " + count);
            writer.flush();
        }
        main.interruption().onSignal(() -> stopRequested = true);
        long flushed = System.nanoTime();
        try (TerminalBar progress = new TerminalBar(!json && first < count, "Embedding", "images", 1, first, count);
                Stream<Embedded<Integer>> results = embedder.embedAll(IntStream.range(first, count).iterator(), i -> input.decoder().decode(i))) {
            for (Iterator<Embedded<Integer>> each = results.iterator(); each.hasNext(); ) {
                add(each.next(), input, folder);
                long done = folder.count();
                if (done % ROWS_BETWEEN_FLUSHES == 0 || System.nanoTime() - flushed > NANOS_BETWEEN_FLUSHES) {
                    folder.flush();
                    flushed = System.nanoTime();
                }
                progress.reached(done, "");
                if (stopRequested && done < count) {
                    folder.flush();
                    throw new CommandFailure(ExitCode.INTERRUPTED, "stopped after row " + done + " of " + count + "; the same command goes on from there");
                }
            }
        }
    }

    private void add(Embedded<Integer> result, EmbedInput input, EmbedFolder folder) throws IOException {
        if (result.succeeded()) {
            folder.append(result.embedding().toArray());
            return;
        }
        String path = input.names().get(result.item());
        String reason = result.failure().getMessage() == null ? result.failure().toString() : result.failure().getMessage();
        if (strict) {
            throw new CommandFailure(ExitCode.FAILED, "row " + folder.count() + ", " + path + ": " + reason
                    + " The rows before it are kept; mend or remove the picture and start again, or leave --strict away");
        }
        folder.appendFailure(path, reason);
    }

    private void report(EmbedFolder folder, int embeddingSize, double seconds) {
        long now = folder.count() - folder.begun();
        PrintWriter writer = spec.commandLine().getOut();
        if (json) {
            JsonObject summary = new JsonObject();
            summary.addProperty("out", out.toString());
            summary.addProperty("pictures", folder.count());
            summary.addProperty("embedded", folder.count() - folder.failures());
            summary.addProperty("failed", folder.failures());
            summary.addProperty("resumedAfter", folder.begun());
            summary.addProperty("embeddingSize", embeddingSize);
            summary.addProperty("seconds", seconds);
            summary.addProperty("imagesPerSecond", now / seconds);
            writer.println(new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(summary));
        } else {
            writer.println(String.format(Locale.ROOT, "Embedded %d of %d pictures into %s, %d numbers each (%d in this run, %.0f images/s)%s",
                    folder.count() - folder.failures(), folder.count(), out.resolve(EmbedFolder.EMBEDDINGS), embeddingSize, now, now / seconds,
                    folder.failures() > 0 ? "; " + folder.failures() + " could not be used, see " + EmbedFolder.FAILED : ""));
        }
        writer.flush();
    }
}
