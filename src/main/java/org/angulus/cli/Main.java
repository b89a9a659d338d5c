package org.angulus.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.TreeMap;
import org.angulus.device.AngulusException;
import org.angulus.device.OutOfDeviceMemoryException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** {@code angulus}: the command line. */
@Command(
        name = "angulus",
        description = "Trains face-recognition networks and measures them.",
        mixinStandardHelpOptions = true,
        footer = {"", "'angulus COMMAND --help' tells the options of a command, its exit codes and examples."},
        version = "angulus 0.1.0",
        subcommands = {
            TrainCommand.class, EvalCommand.class, CalibrateCommand.class, CompareCommand.class, EmbedCommand.class,
            PackCommand.class, InspectCommand.class, PlotCommand.class, ExportCommand.class, QuantizeCommand.class, SelfTestCommand.class,
            DoctorCommand.class, RecipesCommand.class, LossesCommand.class
        })
public final class Main {
    private final Interruption interruption = new Interruption();

    private Main() {}

    Interruption interruption() {
        return interruption;
    }

    public static void main(String[] arguments) {
        PrintWriter out = new PrintWriter(System.out, true);
        PrintWriter err = new PrintWriter(System.err, true);
        int code = run(out, err, arguments);
        if (out.checkError() && code == ExitCode.OK) {
            err.println("angulus: what it printed could not be written; check where standard output goes and that the disk has room");
            code = ExitCode.FAILED;
        }
        System.exit(code);
    }

    /** Runs one command and returns its exit code. */
    static int run(PrintWriter out, PrintWriter err, String... arguments) {
        Main main = new Main();
        CommandLine line = new CommandLine(main);
        line.setOut(out).setErr(err);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.registerConverter(Path.class, Main::path);
        line.setParameterExceptionHandler((wrong, given) -> refuse(wrong));
        line.setExecutionExceptionHandler((failure, command, parsed) -> report(failure, command.getErr()));
        line.getSubcommands().values().forEach(command -> listExitCodes(command.getCommandSpec().usageMessage()));
        if (arguments.length == 0) {
            line.usage(line.getOut());
            return ExitCode.USAGE;
        }
        try {
            return line.execute(arguments);
        } catch (Error failure) {
            return report(failure, err);
        } finally {
            main.interruption.commandEnded();
        }
    }

    private static Path path(String given) {
        try {
            return Path.of(given);
        } catch (InvalidPathException e) {
            throw new TypeConversionException("'" + given + "' is no path in the encoding of this run (" + System.getProperty("sun.jnu.encoding")
                    + "); start Java under a UTF-8 locale such as LC_ALL=C.UTF-8");
        }
    }

    /** The command's own codes with those of every command, by number. */
    private static void listExitCodes(UsageMessageSpec usage) {
        var all = new TreeMap<String, String>(Comparator.comparingInt(Integer::parseInt));
        all.putAll(ExitCode.MEANINGS);
        all.putAll(usage.exitCodeList());
        usage.exitCodeListHeading("%nExit codes:%n").exitCodeList(new LinkedHashMap<>(all));
    }

    /** One sentence for a wrong command line, instead of the whole help. */
    private static int refuse(ParameterException wrong) {
        CommandLine command = wrong.getCommandLine();
        String meant = wrong instanceof UnmatchedArgumentException unknown && !unknown.getSuggestions().isEmpty()
                ? "; did you mean " + String.join(" or ", unknown.getSuggestions()) + "?"
                : ";";
        command.getErr().println("angulus: " + wrong.getMessage() + meant + " '" + command.getCommandSpec().qualifiedName() + " --help' tells what can be given");
        return ExitCode.USAGE;
    }

    /** One sentence for what a user can mend; for a defect the stack trace goes to a file that the sentence names. */
    private static int report(Throwable failure, PrintWriter err) {
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
            case OutOfMemoryError copied when copied.getCause() instanceof OutOfMemoryError full -> sentence(full); // a parallel stream's
            case OutOfMemoryError full -> "Java has not enough memory (" + full.getMessage() + "; its heap may take "
                    + Bytes.text(Runtime.getRuntime().maxMemory()) + "); give it more with ANGULUS_JAVA_OPTIONS=-Xmx8g, say, or take a smaller batch";
            case NoSuchFileException missing -> "there is no file " + missing.getFile() + "; check the path";
            case AccessDeniedException denied -> denied.getFile() + " may not be read or written; check its permissions";
            case FileSystemException file -> file.getFile() + ": " + (file.getReason() == null ? reason(file) : file.getReason()) + "; check the path";
            case IOException io -> io.getMessage();
            case UncheckedIOException io -> sentence(io.getCause());
            case CommandFailure known -> known.getMessage();
            case OutOfDeviceMemoryException full when full.getCause() == null -> "the device has not enough memory (" + full.getMessage()
                    + "); take a smaller batch, more micro-batches or a smaller network";
            case AngulusException worker when worker.getCause() instanceof OutOfMemoryError full -> sentence(full);
            case AngulusException known -> known.getMessage();
            default -> null;
        };
    }

    private static String reason(FileSystemException file) {
        return switch (file) {
            case FileAlreadyExistsException there -> "there is something of this name already";
            case NotDirectoryException no -> "it is no folder";
            default -> "it cannot be used (" + file.getClass().getSimpleName() + ")";
        };
    }

    private static String traceFile(Throwable failure) {
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
