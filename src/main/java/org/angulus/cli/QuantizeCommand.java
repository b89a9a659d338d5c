package org.angulus.cli;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.angulus.Embedding;
import org.angulus.data.FramedImages;
import org.angulus.data.ImageSet;
import org.angulus.device.Device;
import org.angulus.image.RgbImage;
import org.angulus.model.EmbeddingNetwork;
import org.angulus.model.Int8Quantizer;
import org.angulus.model.ModelChecksum;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code angulus quantize}: an int8 model of an f32 one. */
@Command(
        name = "quantize",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Makes an int8 model: a quarter of the size, and faster on a processor (with AMX or AVX-512 VNNI much faster). Pictures of the kind it will meet decide in"
                    + " what steps the numbers between its layers are stored.",
            "Says how far its embeddings are from those of the f32 model, on these pictures and on others of the set, and writes that into the model. Every command"
                    + " that embeds takes the model like any other; thresholds are to be calibrated anew."
        },
        footer = {
            "",
            "Examples:",
            "  angulus quantize --model m.safetensors --data people --out m8.safetensors",
            "  angulus quantize --model m.safetensors --data faces.rec --centre 112x96 \\",
            "      --pictures 500 --out m8.safetensors --json"
        })
final class QuantizeCommand implements Callable<Integer> {
    private static final int BATCH = 8;

    @Option(names = "--model", required = true, paramLabel = "FILE", description = "Model file (.safetensors), in f32.")
    private Path model;

    @Option(names = "--data", required = true, paramLabel = "SET", description = "Aligned faces: one folder for each person, a packed set, or a .rec file.")
    private Path data;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The int8 model; one of this name is replaced.")
    private Path out;

    @Option(names = "--pictures", paramLabel = "N", defaultValue = "256", description = "Pictures that decide the steps, and as many others that the error is measured on, where the set has them (default: ${DEFAULT-VALUE}).")
    private int pictures;

    @Option(names = "--start", paramLabel = "N", defaultValue = "1", description = "Start value of the choice of pictures (default: ${DEFAULT-VALUE}).")
    private long start;

    @Mixin
    private FramingOptions framing;

    @Option(names = "--device", paramLabel = "NAME", defaultValue = "cpu", description = "One with int8 kernels (default: ${DEFAULT-VALUE}).")
    private String device;

    @Option(names = "--json", description = "Print the result as JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    /** Cosines between the embeddings of the two models. */
    private record Agreement(int pictures, double mean, double least) {
        String words() {
            return String.format(Locale.ROOT, "mean %.6f, least %.6f, of %d pictures", mean, least, pictures);
        }
    }

    @Override
    public Integer call() throws IOException {
        if (pictures < 1 || pictures > 100_000) {
            throw new ParameterException(spec.commandLine(), "--pictures is " + pictures + "; give 1 to 100000");
        }
        Path folder = out.toAbsolutePath().getParent();
        if (!Files.isDirectory(folder) || Files.isDirectory(out)) {
            throw new CommandFailure(ExitCode.FAILED, out + (Files.isDirectory(out) ? ": it is a folder" : ": there is no folder " + folder) + "; name a file in a folder that exists");
        }
        if (Files.exists(out) && Files.exists(model) && Files.isSameFile(out, model)) {
            throw new CommandFailure(ExitCode.FAILED, out + ": it is the f32 model itself, which would be lost; give --out another name");
        }
        try (Device opened = Devices.open(device);
                Int8Quantizer quantizer = new Int8Quantizer(opened, model)) {
            quantize(quantizer, opened);
        } catch (IllegalStateException e) {
            throw new CommandFailure(ExitCode.FAILED, model + ": " + e.getMessage());
        }
        return ExitCode.OK;
    }

    private void quantize(Int8Quantizer quantizer, Device opened) throws IOException {
        int height = quantizer.metadata().network().height();
        int width = quantizer.metadata().network().width();
        ImageSet set = ImageSet.open(data);
        FramedImages images = new FramedImages(set, height, width, framing.framing());
        int[] order = order(set.count());
        int calibrating = Math.min(pictures, order.length);
        int held = Math.min(pictures, order.length - calibrating);
        MemorySegment crop = MemorySegment.ofArray(new byte[RgbImage.CHANNELS * height * width]);
        try (var progress = new TerminalBar(!json, "Calibrating", "images", 1, 0, calibrating)) {
            for (int i = 0; i < calibrating; i++) {
                images.read(order[i], crop);
                quantizer.observe(crop);
                progress.reached(i + 1, "");
            }
        }
        Int8Quantizer.Int8Model made = quantizer.quantize();
        Agreement seen;
        Agreement unseen;
        try (EmbeddingNetwork exact = EmbeddingNetwork.load(opened, model, BATCH);
                EmbeddingNetwork quick = made.open(BATCH)) {
            seen = agreement(exact, quick, images, order, 0, calibrating);
            unseen = held == 0 ? null : agreement(exact, quick, images, order, calibrating, held);
        }
        made.save(out, Map.of(
                "int8_made_from", ModelChecksum.of(model),
                "int8_calibration", calibrating + " pictures of " + data.getFileName() + ", start value " + start,
                "int8_cosine_to_f32", seen.words(),
                "int8_cosine_to_f32_held_out", unseen == null ? "not measured: the set has no other pictures" : unseen.words()));
        report(seen, unseen);
    }

    /** The pictures in a random order that the start value decides. */
    private int[] order(int count) {
        int[] order = IntStream.range(0, count).toArray();
        SplittableRandom random = new SplittableRandom(start);
        for (int i = count - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
        return order;
    }

    private Agreement agreement(EmbeddingNetwork exact, EmbeddingNetwork quick, FramedImages images, int[] order, int first, int count)
            throws IOException {
        MemorySegment crops = MemorySegment.ofArray(new byte[BATCH * exact.imageBytes()]);
        double sum = 0;
        double least = 1;
        for (int done = 0; done < count; done += BATCH) {
            int part = Math.min(BATCH, count - done);
            for (int i = 0; i < part; i++) {
                images.read(order[first + done + i], crops.asSlice((long) i * exact.imageBytes(), exact.imageBytes()));
            }
            float[][] left = exact.embed(crops, part, false);
            float[][] right = quick.embed(crops, part, false);
            for (int i = 0; i < part; i++) {
                double cosine = direction(left[i]).cosine(direction(right[i]));
                sum += cosine;
                least = Math.min(least, cosine);
            }
        }
        return new Agreement(count, sum / count, least);
    }

    private Embedding direction(float[] embedding) {
        try {
            return Embedding.of(embedding);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.FAILED, model + ": " + e.getMessage() + "; check the model, or give it pictures of faces");
        }
    }

    private void report(Agreement seen, Agreement unseen) throws IOException {
        PrintWriter writer = spec.commandLine().getOut();
        if (json) {
            JsonObject result = new JsonObject();
            result.addProperty("model", out.toString());
            result.addProperty("bytes", Files.size(out));
            result.add("calibration", toJson(seen));
            result.add("heldOut", unseen == null ? null : toJson(unseen));
            writer.println(new GsonBuilder().setPrettyPrinting().serializeNulls().disableHtmlEscaping().create().toJson(result));
        } else {
            writer.println("Wrote " + out + ", " + Bytes.text(Files.size(out)) + " (the f32 model has " + Bytes.text(Files.size(model)) + ")");
            writer.println("cosine to f32, calibration  " + seen.words());
            writer.println("cosine to f32, held out     " + (unseen == null ? "not measured: the set has no other pictures" : unseen.words()));
        }
        writer.flush();
    }

    private static JsonObject toJson(Agreement agreement) {
        JsonObject result = new JsonObject();
        result.addProperty("pictures", agreement.pictures());
        result.addProperty("meanCosine", agreement.mean());
        result.addProperty("leastCosine", agreement.least());
        return result;
    }
}
