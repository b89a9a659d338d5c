package org.angulus.cli;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.angulus.data.FramedImages;
import org.angulus.data.ImageSet;
import org.angulus.device.Device;
import org.angulus.eval.InputCheck;
import org.angulus.eval.InputCheck.Variant;
import org.angulus.image.RgbImage;
import org.angulus.model.EmbeddingNetwork;
import org.angulus.model.ModelMetadata;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code angulus self-test}: whether a folder's crops are as a model expects them. */
@Command(
        name = "self-test",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Checks whether pictures are as a model expects them: channel order, and crops that were aligned twice. No label is used.",
            "The pictures are embedded as they are and wrongly on purpose; the right way separates a picture's mirror image best from other pictures."
        },
        exitCodeList = {"1:something looks wrong, or a file, the device or the input cannot be used"},
        footer = {
            "",
            "Examples:",
            "  angulus self-test --model m.safetensors --data faces",
            "  angulus self-test --model m.safetensors --data faces --centre 112x96 --json"
        })
final class SelfTestCommand implements Callable<Integer> {
    @Option(names = "--model", required = true, paramLabel = "FILE", description = "Model file (.safetensors).")
    private Path model;

    @Option(names = "--data", required = true, paramLabel = "DIR", description = "Aligned faces: one folder for each person, a packed set or a .rec file; many people, the names do not matter.")
    private Path data;

    @Option(names = "--sample", paramLabel = "N", defaultValue = "256", description = "Look at N pictures, spread over the people (default: ${DEFAULT-VALUE}).")
    private int sample;

    @Mixin
    private FramingOptions framing;

    @Option(names = "--device", paramLabel = "NAME", description = "cpu, cuda:0, ...; the best one otherwise.")
    private String device;

    @Option(names = "--json", description = "Print the figures as JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (sample < InputCheck.LEAST) {
            throw new ParameterException(spec.commandLine(), "--sample is " + sample + "; give " + InputCheck.LEAST + " or more");
        }
        ModelMetadata metadata = ModelMetadata.load(model);
        List<RgbImage> crops = crops(metadata.network().height(), metadata.network().width());
        if (crops.size() < InputCheck.LEAST) {
            throw new CommandFailure(ExitCode.FAILED, data + " gives " + crops.size() + " pictures, too few for a check; give at least " + InputCheck.LEAST);
        }
        InputCheck check;
        try (Device opened = Devices.open(device); EmbeddingNetwork network = EmbeddingNetwork.load(opened, model, 32)) {
            check = InputCheck.of(network, crops);
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println(json ? toJson(check) : toText(check));
        out.flush();
        return check.verdict() == InputCheck.Verdict.WRONG ? ExitCode.FAILED : ExitCode.OK;
    }

    /** At most {@code sample} crops at equal distances in the set's order, which is by person. */
    private List<RgbImage> crops(int height, int width) throws IOException {
        FramedImages images = new FramedImages(ImageSet.open(data), height, width, framing.framing());
        int count = Math.min(sample, images.count());
        List<RgbImage> crops = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] pixels = new byte[RgbImage.CHANNELS * height * width];
            images.read((int) ((long) i * images.count() / count), MemorySegment.ofArray(pixels));
            crops.add(new RgbImage(height, width, pixels));
        }
        return crops;
    }

    private String toText(InputCheck check) {
        StringBuilder text = new StringBuilder("Separation (d') of " + check.crops() + " pictures' mirror images from the other pictures:\n");
        for (Variant variant : Variant.values()) {
            text.append(String.format(Locale.ROOT, "  %-32s %6.2f", variant.words(), check.separation().get(variant)));
            text.append(variant == Variant.AS_GIVEN ? "\n" : String.format(Locale.ROOT, "   difference known to %.2f%n", check.error().get(variant)));
        }
        return text + check.finding();
    }

    private String toJson(InputCheck check) {
        JsonObject object = new JsonObject();
        object.addProperty("model", model.toString());
        object.addProperty("data", data.toString());
        object.addProperty("pictures", check.crops());
        JsonObject separation = new JsonObject();
        check.separation().forEach((variant, value) -> separation.addProperty(variant.name().toLowerCase(Locale.ROOT), value));
        object.add("separation", separation);
        JsonObject error = new JsonObject();
        check.error().forEach((variant, value) -> error.addProperty(variant.name().toLowerCase(Locale.ROOT), value));
        object.add("standardErrorOfDifference", error);
        object.addProperty("verdict", check.verdict().name().toLowerCase(Locale.ROOT));
        object.addProperty("finding", check.finding());
        return new GsonBuilder().setPrettyPrinting().create().toJson(object);
    }
}
