package org.angulus.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.angulus.model.EmbeddingNetwork;
import org.angulus.model.ModelMetadata;
import org.angulus.model.Network;
import org.angulus.model.NetworkConfig;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.SafeTensors;
import org.angulus.model.TensorEntry;
import org.angulus.model.TensorSpec;
import org.angulus.model.TensorType;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code angulus inspect}: what a model file is. */
@Command(
        name = "inspect",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Says what a model file is and how it wants its pictures, and checks that all its tensors are there.",
            "A safetensors file of another maker is described as far as it goes."
        },
        footer = {
            "",
            "Examples:",
            "  angulus inspect runs/r1",
            "  angulus inspect m.safetensors --tensors",
            "  angulus inspect m.safetensors --json"
        })
final class InspectCommand implements Callable<Integer> {
    private static final Gson JSON = new GsonBuilder().setPrettyPrinting().serializeNulls().disableHtmlEscaping().create();

    @Parameters(paramLabel = "MODEL", description = "Model file (.safetensors), or a folder of a run or checkpoint.")
    private Path model;

    @Option(names = "--tensors", description = "List every tensor with its type, shape and Euclidean norm.")
    private boolean listTensors;

    @Option(names = "--json", description = "Print it as JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Path file = ModelFile.resolve(model, spec.commandLine().getErr());
        JsonObject description = new JsonObject();
        description.addProperty("file", file.toString());
        try (SafeTensors tensors = SafeTensors.open(file)) {
            describe(file, tensors, description);
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(JSON.toJson(description));
        } else {
            description.entrySet().forEach(entry -> print(out, entry.getKey(), entry.getValue()));
        }
        out.flush();
        return ExitCode.OK;
    }

    private void describe(Path file, SafeTensors tensors, JsonObject description) throws IOException {
        String checksum = tensors.metadata().get(SafeTensors.CRC_KEY);
        if (tensors.metadata().containsKey(ModelMetadata.FORMAT_KEY)) {
            description.addProperty("format", tensors.metadata().get(ModelMetadata.FORMAT_KEY));
            describe(ModelMetadata.load(file), description);
            EmbeddingNetwork.check(file);
            tensors.metadata().forEach((key, value) -> {
                if (key.startsWith("int8_")) {
                    description.addProperty(camelCase(key), value);
                }
            });
            description.addProperty("state", "complete: every tensor of the network is there and finite");
        } else {
            description.addProperty("state", "no model of this program, which cannot run it: its metadata name no network");
            JsonObject metadata = new JsonObject();
            tensors.metadata().forEach(metadata::addProperty);
            description.add("metadata", metadata);
        }
        description.addProperty("checksum", checksum == null ? "absent, so damage would not be noticed" : checksum + ", verified (CRC-32C)");
        description.addProperty("tensorCount", tensors.entries().size());
        description.addProperty("elements", tensors.entries().stream().mapToLong(TensorEntry::elements).sum());
        if (listTensors) {
            JsonArray list = new JsonArray();
            for (TensorEntry entry : tensors.entries()) {
                list.add(describe(tensors, entry));
            }
            description.add("tensors", list);
        }
    }

    private static void describe(ModelMetadata metadata, JsonObject description) {
        NetworkConfig config = metadata.network();
        Network network = config.build();
        description.addProperty("network", config.name());
        if (config instanceof ResFaceConfig resFace) {
            description.addProperty("variant", resFace.variant().name().toLowerCase(Locale.ROOT));
            description.add("blocks", JSON.toJsonTree(resFace.blocks()));
            description.addProperty("padding", resFace.padding().name().toLowerCase(Locale.ROOT));
        }
        description.add("widths", JSON.toJsonTree(config.widths()));
        description.addProperty("parameters", network.parameters().stream().mapToLong(TensorSpec::count).sum());
        description.addProperty("multiplyAdds", network.multiplyAdds());
        description.addProperty("crop", config.height() + "x" + config.width());
        description.addProperty("embeddingSize", config.embeddingSize());
        description.addProperty("channelOrder", config.channels() == 1 ? "grey" : metadata.input().channelOrder().name());
        description.addProperty("pixelMean", metadata.input().mean());
        description.addProperty("pixelFactor", metadata.input().factor());
        description.addProperty("aligner", metadata.aligner());
        description.addProperty("trainingSet", metadata.trainingSet());
        description.addProperty("people", metadata.classes());
        description.addProperty("loss", metadata.loss());
    }

    private static JsonObject describe(SafeTensors tensors, TensorEntry entry) throws IOException {
        JsonObject tensor = new JsonObject();
        tensor.addProperty("name", entry.name());
        tensor.addProperty("type", entry.type().name());
        tensor.add("shape", JSON.toJsonTree(entry.shape()));
        if (entry.type() == TensorType.F32 || entry.type() == TensorType.F16 || entry.type() == TensorType.BF16) {
            double squares = 0;
            for (float value : tensors.floats(entry.name())) {
                squares += (double) value * value;
            }
            if (Double.isFinite(squares)) {
                tensor.addProperty("norm", Math.sqrt(squares));
            } else {
                tensor.addProperty("norm", "not finite");
            }
        }
        return tensor;
    }

    /** int8_made_from to int8MadeFrom. */
    private static String camelCase(String key) {
        return Pattern.compile("_(.)").matcher(key).replaceAll(match -> match.group(1).toUpperCase(Locale.ROOT));
    }

    /** pixelMean to "pixel mean", its value beside it; tensors below one another. */
    private static void print(PrintWriter out, String name, JsonElement value) {
        String words = name.replaceAll("([A-Z])", " $1").toLowerCase(Locale.ROOT);
        if (value.isJsonArray() && !value.getAsJsonArray().isEmpty() && value.getAsJsonArray().get(0).isJsonObject()) {
            out.println(words);
            value.getAsJsonArray().forEach(item -> {
                JsonObject tensor = item.getAsJsonObject();
                out.printf(Locale.ROOT, "  %-32s %-5s %-18s %s%n", tensor.get("name").getAsString(), tensor.get("type").getAsString(), tensor.get("shape"),
                        norm(tensor.get("norm")));
            });
        } else if (value.isJsonObject()) {
            out.println(words + (value.getAsJsonObject().isEmpty() ? "           none" : ""));
            value.getAsJsonObject().entrySet().forEach(entry -> print(out, "  " + entry.getKey(), entry.getValue()));
        } else {
            out.printf("%-18s %s%n", words, printable(value.isJsonPrimitive() ? value.getAsString() : value.toString()));
        }
    }

    private static String norm(JsonElement norm) {
        if (norm == null) {
            return "";
        }
        return norm.getAsJsonPrimitive().isNumber() ? String.format(Locale.ROOT, "norm %.6g", norm.getAsDouble()) : norm.getAsString();
    }

    /** A foreign file's words may hold control characters: none reaches a terminal. */
    private static String printable(String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }
}
