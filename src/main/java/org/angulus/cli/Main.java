package org.angulus.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code angulus}: the command line. */
@Command(
        name = "angulus",
        description = "Trains face-recognition networks and measures them.",
        mixinStandardHelpOptions = true,
        version = "angulus 0.1.0",
        subcommands = {TrainCommand.class, EvalCommand.class, PackCommand.class, DoctorCommand.class})
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    /** Runs one command and returns its exit code. */
    static int run(String... arguments) {
        CommandLine line = new CommandLine(new Main());
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setExecutionExceptionHandler((failure, command, parsed) -> report(failure, command.getErr()));
        if (arguments.length == 0) {
            line.usage(line.getOut());
            return ExitCode.USAGE;
        }
        return line.execute(arguments);
    }

    /** One sentence for what a user can mend; for a defect the stack trace goes to a file that the sentence names. */
    private static int report(Exception failure, PrintWriter err) {
        String sentence = sentence(failure);
        if (sentence != null) {
            err.println("angulus: " + sentence);
            return failure instanceof CommandFailure known ? known.exitCode() : ExitCode.FAILED;
        }
        err.println("angulus: this is a defect of angulus: " + failure + traceFile(failure));
        return ExitCode.DEFECT;
    }

    private static String sentence(Throwable failure) {
        return switch (failure) {
            case NoSuchFileException missing -> "there is no file " + missing.getFile() + "; check the path";
            case AccessDeniedException denied -> denied.getFile() + " may not be read or written; check its permissions";
            case FileSystemException file -> file.getFile() + ": " + file.getReason();
            case IOException io -> io.getMessage();
            case java.io.UncheckedIOException io -> sentence(io.getCause());
            case CommandFailure known -> known.getMessage();
            case org.angulus.device.AngulusException known -> known.getMessage();
            default -> null;
        };
    }

    private static String traceFile(Exception failure) {
        try {
            Path file = Files.createTempFile("angulus-", ".trace");
            try (PrintWriter out = new PrintWriter(file.toFile(), StandardCharsets.UTF_8)) {
                failure.printStackTrace(out);
            }
            return "; the trace is in " + file;
        } catch (IOException noFile) {
            return "; no trace could be written (" + noFile.getMessage() + ")";
        }
    }
}
