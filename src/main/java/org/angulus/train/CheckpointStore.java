package org.angulus.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.angulus.model.AtomicFile;
import org.angulus.model.AtomicFolder;
import org.angulus.model.ModelMetadata;

/**
 * The folder of a run's checkpoints: {@code checkpoint-00001000} and so on, the number being the steps done, and {@code latest}, a text file
 * with the name of the newest for whoever looks; the numbers decide. Each is written whole or not at all ({@link AtomicFolder}), so whatever kills
 * the process leaves whole ones. Kept are the last two and the best.
 */
public final class CheckpointStore {
    private static final Pattern NAME = Pattern.compile("checkpoint-(\\d{8,18})");
    private static final String LATEST = "latest";
    private static final int KEPT = 2;

    private final Path root;

    /** Uses a folder, and makes it if it is not there. */
    public CheckpointStore(Path root) throws IOException {
        this.root = Files.createDirectories(root);
    }

    /** The newest whole checkpoint. */
    public Optional<Path> latest() throws IOException {
        return list().stream().findFirst();
    }

    /** Clears up after a writer that was killed. Not while another one writes. */
    void recover() throws IOException {
        AtomicFolder.recover(root);
    }

    /** Writes a checkpoint, then removes those that are no longer kept. Gives its folder. */
    Path save(Checkpoint checkpoint, ModelMetadata metadata) throws IOException {
        recover();
        String name = "checkpoint-%08d".formatted(checkpoint.state().step());
        Path target = root.resolve(name);
        AtomicFolder.write(target, folder -> checkpoint.write(folder, metadata));
        AtomicFile.write(root.resolve(LATEST), name + "\n");
        removeOld(checkpoint.state().bestStep());
        return target;
    }

    /** Whole checkpoints, the newest first. */
    List<Path> list() throws IOException {
        try (Stream<Path> entries = Files.list(root)) {
            return entries.filter(CheckpointStore::isWhole).sorted(Comparator.comparingLong(CheckpointStore::step).reversed()).toList();
        }
    }

    private static boolean isWhole(Path folder) {
        return NAME.matcher(folder.getFileName().toString()).matches() && Files.isRegularFile(folder.resolve(Checkpoint.STATE));
    }

    private static long step(Path folder) {
        return Long.parseLong(folder.getFileName().toString().substring("checkpoint-".length()));
    }

    private void removeOld(long best) throws IOException {
        List<Path> all = list();
        for (int i = KEPT; i < all.size(); i++) {
            if (step(all.get(i)) != best) {
                AtomicFolder.remove(all.get(i));
            }
        }
    }
}
