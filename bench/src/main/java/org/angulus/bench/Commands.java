package org.angulus.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import org.angulus.device.AngulusException;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;

/** Runs a command of this project and ends the process: bad input and whatever else a user can mend end in one sentence and a status, a defect in its trace. */
final class Commands {
    private Commands() {}

    static void run(Object command, String... arguments) {
        CommandLine line = new CommandLine(command).setOverwrittenOptionsAllowed(true).setCaseInsensitiveEnumValuesAllowed(true);
        line.setParameterExceptionHandler((wrong, given) -> end(line, ExitCode.USAGE, wrong.getMessage() + "; --help tells what can be given"));
        line.setExecutionExceptionHandler((failure, parsed, result) -> switch (failure) {
            case NoSuchFileException missing -> end(line, ExitCode.SOFTWARE, "There is no file " + missing.getFile() + "; check the path.");
            case IOException _, UncheckedIOException _, IllegalArgumentException _, IllegalStateException _, AngulusException _ ->
                    end(line, ExitCode.SOFTWARE, failure.getMessage());
            default -> throw failure;
        });
        System.exit(line.execute(arguments));
    }

    private static int end(CommandLine line, int code, String sentence) {
        line.getErr().println(line.getCommandName() + ": " + sentence);
        return code;
    }
}
