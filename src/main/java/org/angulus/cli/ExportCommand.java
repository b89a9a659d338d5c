package org.angulus.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.angulus.model.ModelMetadata;
import org.angulus.model.OnnxExport;
import org.angulus.model.Weights;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code angulus export}: a model as ONNX. */
@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Writes a model as ONNX (opset 13) for other runtimes: batch norm is folded, the batch is free.",
        footer = {
            "",
            "Examples:",
            "  angulus export runs/r1/model.safetensors --out model.onnx",
            "  angulus export runs/r1 --out model.onnx --input bytes --unit-length"
        })
final class ExportCommand implements Callable<Integer> {
    @Parameters(paramLabel = "MODEL", description = "Model file (.safetensors), or a folder of a run or checkpoint.")
    private Path model;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The ONNX file; one of this name is replaced.")
    private Path out;

    @Option(names = "--input", paramLabel = "FORM", defaultValue = "PIXELS",
            description = "What it takes, RGB: PIXELS, f32 (batch, 3, H, W) from 0 to 255; NORMALIZED, the same already scaled; BYTES, u8 (batch, H, W, 3)"
                    + " (default: ${DEFAULT-VALUE}).")
    private OnnxExport.Input input;

    @Option(names = "--unit-length", description = "Divide embeddings by their length; without it they are raw.")
    private boolean unitLength;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Path folder = out.toAbsolutePath().getParent();
        if (!Files.isDirectory(folder) || Files.isDirectory(out)) {
            throw new CommandFailure(ExitCode.FAILED, out + (Files.isDirectory(out) ? ": it is a folder" : ": there is no folder " + folder) + "; name a file in a folder that exists");
        }
        Path file = ModelFile.resolve(model, spec.commandLine().getErr());
        ModelMetadata metadata = ModelMetadata.load(file);
        Weights weights = Weights.load(file, metadata.network().build().modelTensors(), "");
        OnnxExport.write(out, metadata.network(), metadata.input(), weights, new OnnxExport.Options(input, unitLength));
        int height = metadata.network().height();
        int width = metadata.network().width();
        int channels = metadata.network().channels();
        String size = height + ", " + width;
        String shape = input == OnnxExport.Input.BYTES ? "u8 (batch, " + size + ", " + channels + ")" : "f32 (batch, " + channels + ", " + size + ")";
        spec.commandLine().getOut().println("Wrote " + out + ", " + Bytes.text(Files.size(out)) + ": images, " + shape + (channels == 1 ? ", grey" : ", RGB") + ", to embeddings, f32 (batch, "
                + metadata.network().embeddingSize() + ")" + (unitLength ? ", of unit length" : ""));
        spec.commandLine().getOut().flush();
        return ExitCode.OK;
    }
}
