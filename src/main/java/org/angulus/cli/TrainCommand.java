package org.angulus.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Set;
import java.util.concurrent.Callable;
import org.angulus.model.FileWriteException;
import org.angulus.train.DivergedException;
import org.angulus.train.Stages;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code angulus train}: from faces to a model file and a report on held-out people. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Trains a network and measures it on people it never saw.",
            "Without --data it draws synthetic people and trains a small network on them within minutes; with --data it trains on a folder"
                    + " of aligned faces, one folder for each person."
        },
        exitCodeList = {
            "3:training diverged; the last good checkpoint is named",
            "130:Ctrl-C stopped it after a checkpoint; the line that goes on is printed (143: a TERM signal)"
        },
        footer = {
            "",
            "Examples:",
            "  tools/train-native",
            "  tools/train-native --data faces --recipe default --device cuda:0",
            "  tools/train-native --data lfw/aligned --config recipe.json \\",
            "      --people peopleDevTrain.txt --exclude pairsDevTest.txt",
            "  tools/train-native --data faces --recipe softmax-then-am-softmax",
            "  tools/train-native --data staff --from runs/r1 --recipe frozen-trunk",
            "  tools/train-native --set steps=500 --set 'network.widths=[16,32,64,64]'",
            "  tools/train-native --resume runs/2026-01-31-120000"
        })
final class TrainCommand implements Callable<Integer> {
    private static final Set<String> WITH_RESUME = Set.of("--resume", "--set", "--strict", "--device", "--threads");

    @Option(names = "--data", paramLabel = "SET", description = "Aligned faces: one folder for each person, a folder that angulus pack made, a .rec file with its .idx beside it, or a folder of MNIST's files.")
    private Path data;

    @Option(names = "--run", paramLabel = "DIR", description = "Folder for all that the run leaves (default: runs/<date and time>).")
    private Path run;

    @Option(names = "--resume", paramLabel = "DIR", description = "Go on with the run in this folder, from its newest checkpoint; the result has the bits of an uninterrupted run.")
    private Path resume;

    @Mixin
    private ConfigurationOptions configuration;

    @Option(names = "--from", paramLabel = "MODEL", description = "Start from the weights of this model (a file, or a folder of a run) with new class vectors: fine-tuning. Its network and input are taken, too; --set network.embeddingSize gives a new last projection, --set frozen=trunk keeps the rest as it is.")
    private Path from;

    @Option(names = "--keep-head", description = "With --from: go on with the model's class vectors, which must be of the same people.")
    private boolean keepHead;

    @Option(names = "--people", paramLabel = "FILE", description = "Train only on the people named in this file, a name on each line (LFW's lists fit).")
    private Path people;

    @Option(names = "--exclude", paramLabel = "FILE", description = "Never use the people named in this file: a list of names, or of LFW's pairs. They are listed.")
    private Path exclude;

    @Option(names = "--least-images", paramLabel = "N", defaultValue = "1", description = "Leave out people with fewer pictures (default: ${DEFAULT-VALUE}).")
    private int leastImages;

    @Option(names = "--hold-out", paramLabel = "N", description = "People kept for the report (default: a tenth, 10 to 100; 0: no report).")
    private Integer holdOut;

    @Mixin
    private FramingOptions framing;

    @Option(
            names = "--strict",
            negatable = true,
            description = "Stop at the first picture that cannot be used. Otherwise it is named, and others stand in for up to 0.1 %% (or 16) of them; of the"
                    + " people held out it is left out. A resumed run does as before, unless one of the two is given.")
    private Boolean strict;

    @Option(names = "--device", paramLabel = "NAME", description = "cpu, cuda:0, ...; the best one otherwise.")
    private String device;

    @Option(names = "--threads", paramLabel = "N", description = "Threads of the cpu device; the result does not depend on it.")
    private Integer threads;

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        require(leastImages >= 1, "--least-images is " + leastImages + "; give 1 or more");
        require(holdOut == null || holdOut == 0 || holdOut >= 2, "--hold-out is " + holdOut + "; give 2 people or more, or 0 for no report");
        require(threads == null || threads >= 1 && threads <= 256, "--threads is " + threads + "; give 1 to 256");
        TrainingJob job = resume == null ? begun() : resumed();
        try {
            job.run(device, threads, main.interruption());
        } catch (DivergedException e) {
            throw new CommandFailure(ExitCode.DIVERGED, e.getMessage().replaceFirst("\\.$", "") + ": " + job.resumeCommand() + " --set FIELD=VALUE");
        } catch (FileWriteException e) {
            throw new CommandFailure(ExitCode.FAILED, e.getMessage().replaceFirst("\\.$", "") + ", then " + (job.isBegun() ? "go on with " + job.resumeCommand() : "start again"));
        }
        return ExitCode.OK;
    }

    private TrainingJob begun() throws IOException {
        require(from != null || !keepHead, "--keep-head keeps the class vectors of a model; name it with --from");
        Path model = from == null ? null : ModelFile.resolve(from, err());
        Stages chosen = configuration.configuration(data != null, model);
        DataChoice choice = new DataChoice(
                absolute(data), absolute(people), absolute(exclude), leastImages, holdOut == null ? -1 : holdOut, framing.framing(),
                strict != null && strict, model == null ? null : new DataChoice.Start(absolute(model), keepHead));
        Path root = run != null ? run : Path.of("runs", DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmmss").format(LocalDateTime.now()));
        return new TrainingJob(chosen, choice, RunFolder.fresh(root), false, out(), err());
    }

    private TrainingJob resumed() throws IOException {
        for (OptionSpec given : spec.commandLine().getParseResult().matchedOptions()) {
            require(WITH_RESUME.contains(given.longestName()),
                    given.longestName() + " cannot be given with --resume, which takes data and configuration from its folder (--set changes a field, --strict how bad pictures are taken); leave it away");
        }
        RunFolder folder = RunFolder.open(resume);
        Stages chosen = configuration.changed(folder.config());
        DataChoice before = folder.readData();
        return new TrainingJob(chosen, strict == null ? before : before.withStrict(strict), folder, true, out(), err());
    }

    private void require(boolean condition, String problem) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), problem);
        }
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }

    private PrintWriter err() {
        return spec.commandLine().getErr();
    }

    private static String absolute(Path file) {
        return file == null ? null : file.toAbsolutePath().normalize().toString();
    }
}
