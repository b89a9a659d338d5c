package org.angulus.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.angulus.model.AtomicFile;
import org.angulus.model.ModelMetadata;

/**
 * The folder of a run's checkpoints: {@code checkpoint-00001000} and so on, the number being the steps done, and {@code latest}, a text file
 * with the name of the newest for whoever looks; the numbers decide. A checkpoint is written beside under a hidden name and renamed, so whatever kills the process leaves whole ones.
 * Kept are the last two and the best.
 */
public final class CheckpointStore {
    private static final Pattern NAME = Pattern.compile("checkpoint-(\\d{8,18})");
    private static final String HIDDEN = ".partial-";
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

    /** Writes a checkpoint, then removes those that are no longer kept. Gives its folder. */
    Path save(Checkpoint checkpoint, ModelMetadata metadata) throws IOException {
        removeHidden();
        String name = "checkpoint-%08d".formatted(checkpoint.state().step());
        Path target = root.resolve(name);
        Path partial = Files.createDirectory(root.resolve(HIDDEN + name));
        checkpoint.write(partial, metadata);
        AtomicFile.syncFolder(partial);
        if (Files.exists(target)) {
            hideAndRemove(target);
        }
        Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
        AtomicFile.syncFolder(root);
        AtomicFile.write(root.resolve(LATEST), channel -> channel.write(ByteBuffer.wrap((name + "\n").getBytes(StandardCharsets.UTF_8))));
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
                hideAndRemove(all.get(i));
            }
        }
    }

    /** First renamed, so that a half removed folder is never taken for a whole one. */
    private void hideAndRemove(Path folder) throws IOException {
        Path hidden = root.resolve(HIDDEN + "removed-" + folder.getFileName());
        remove(hidden);
        Files.move(folder, hidden, StandardCopyOption.ATOMIC_MOVE);
        remove(hidden);
    }

    private void removeHidden() throws IOException {
        List<Path> hidden;
        try (Stream<Path> entries = Files.list(root)) {
            hidden = entries.filter(entry -> entry.getFileName().toString().startsWith(HIDDEN)).toList();
        }
        for (Path entry : hidden) {
            remove(entry);
        }
    }

    private static void remove(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, IOException problem) throws IOException {
                if (problem != null) {
                    throw problem;
                }
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
