package org.angulus.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code angulus plot}: pictures that explain losses. */
@Command(
        name = "plot",
        mixinStandardHelpOptions = true,
        description = "Draws what losses do: to the features of a small network, and to the logit of the right class.",
        subcommands = {PlotFeaturesCommand.class, PlotLogitsCommand.class})
final class PlotCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "name what to plot: features or logits");
    }

    /** The folder for what a command leaves, made where it is missing. */
    static Path folder(Path out) throws IOException {
        if (Files.exists(out) && !Files.isDirectory(out)) {
            throw new CommandFailure(ExitCode.FAILED, out + ": it is a file; name a folder");
        }
        return Files.createDirectories(out);
    }
}
