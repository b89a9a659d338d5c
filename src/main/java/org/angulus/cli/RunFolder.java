package org.angulus.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.angulus.data.JsonText;
import org.angulus.data.TextFile;
import org.angulus.model.AtomicFile;
import org.angulus.train.CheckpointStore;
import org.angulus.train.Stages;

/** The folder that a training run leaves: names of its files, and reading and writing the small ones. */
final class RunFolder {
    /** Name of the folder of checkpoints. */
    private static final String CHECKPOINTS = "checkpoints";

    private static final String STAGE = "stage-";

    private static final Gson JSON = new GsonBuilder().setPrettyPrinting().serializeNulls().create();

    private final Path root;

    /** A folder, whatever is in it. */
    RunFolder(Path root) {
        this.root = root;
    }

    /** A folder for a new run, not yet made; one that already holds something is refused, so that nothing is lost. */
    static RunFolder fresh(Path root) throws IOException {
        if (Files.exists(root)) {
            if (!Files.isDirectory(root)) {
                throw new CommandFailure(ExitCode.FAILED, root + " is a file; name a folder with --run");
            }
            try (Stream<Path> inside = Files.list(root)) {
                if (inside.findAny().isPresent()) {
                    throw new CommandFailure(ExitCode.FAILED, root + " is not empty; name another folder with --run, or "
                            + (new RunFolder(root).isBegun() ? "go on with --resume " + root : "empty this one, which holds no run"));
                }
            }
        }
        return new RunFolder(root);
    }

    /** The folder of an earlier run. */
    static RunFolder open(Path root) {
        if (!Files.isDirectory(root)) {
            throw new CommandFailure(ExitCode.FAILED, root + ": there is no such folder; check the path");
        }
        RunFolder folder = new RunFolder(root);
        if (!folder.isBegun()) {
            throw new CommandFailure(ExitCode.FAILED, root + " is no folder of a training run: it has no config.json and data.json; check the path");
        }
        return folder;
    }

    /** Whether there is what {@link #open} needs. */
    boolean isBegun() {
        return Files.isRegularFile(config()) && Files.isRegularFile(data());
    }

    Path root() {
        return root;
    }

    Path config() {
        return root.resolve("config.json");
    }

    private Path identities() {
        return root.resolve("identities.txt");
    }

    private Path data() {
        return root.resolve("data.json");
    }

    Path model() {
        return root.resolve("model.safetensors");
    }

    Path report() {
        return root.resolve("report.json");
    }

    Path lossPicture() {
        return root.resolve("loss.png");
    }

    Path rocPicture() {
        return root.resolve("roc.png");
    }

    Path scoresPicture() {
        return root.resolve("scores.png");
    }

    /** What stage number {@code stage}, from 0 on, leaves; the last one leaves {@link #model}. */
    Path stageModel(int stage) {
        return root.resolve(STAGE + (stage + 1) + ".safetensors");
    }

    CheckpointStore checkpoints(Stages stages, int stage) throws IOException {
        Path all = root.resolve(CHECKPOINTS);
        return new CheckpointStore(stages.count() == 1 ? all : all.resolve(STAGE + (stage + 1)));
    }

    /** The newest checkpoint of the run's last stage that has one. */
    Optional<Path> newestCheckpoint() throws IOException {
        Path all = root.resolve(CHECKPOINTS);
        if (!Files.isDirectory(all)) {
            return Optional.empty();
        }
        int stage = 1;
        while (Files.isDirectory(all.resolve(STAGE + (stage + 1)))) {
            stage++;
        }
        for (; stage >= 1; stage--) {
            Path folder = all.resolve(STAGE + stage);
            Optional<Path> newest = Files.isDirectory(folder) ? new CheckpointStore(folder).latest() : Optional.empty();
            if (newest.isPresent()) {
                return newest;
            }
        }
        return new CheckpointStore(all).latest();
    }

    /**
     * Makes the folder, and writes what {@link #open} needs to go on.
     *
     * @param names the people trained on, a name on each line: what a later test leaves out
     */
    void write(Stages stages, DataChoice choice, List<String> names) throws IOException {
        Files.createDirectories(root);
        AtomicFile.removeLeftovers(root);
        boolean written = isBegun();
        try {
            AtomicFile.write(identities(), String.join("\n", names) + "\n");
            AtomicFile.write(data(), JSON.toJson(choice) + "\n");
            AtomicFile.write(config(), stages.toJson() + "\n");
            written = true;
        } finally {
            if (!written) { // so that the same command can begin again
                Files.deleteIfExists(identities());
                Files.deleteIfExists(data());
            }
        }
    }

    DataChoice readData() throws IOException {
        try {
            DataChoice choice = JSON.fromJson(JsonText.parse(TextFile.read(data())), DataChoice.class);
            if (choice != null && choice.framing() != null) {
                return choice;
            }
        } catch (JsonParseException | IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.FAILED, data() + " is not what a run wrote; restore it or start a new run");
        }
        throw new CommandFailure(ExitCode.FAILED, data() + " is empty; restore it or start a new run");
    }
}
