package org.angulus.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.angulus.FileSizeLimit;
import org.angulus.model.FileWriteException;
import org.angulus.model.InputFormat;
import org.angulus.model.ModelMetadata;
import org.angulus.model.ResFace;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.TensorSpec;
import org.angulus.model.Variant;
import org.angulus.model.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointStoreTest {
    private static final ResFaceConfig SMALL =
            ResFaceConfig.of("resface4", Variant.ARTICLE).withWidths(List.of(2, 2, 2, 2)).withCrop(16, 16).withEmbeddingSize(4);
    private static final ModelMetadata METADATA = new ModelMetadata(SMALL, InputFormat.DEFAULT, "am-softmax", 3, "none", "none");

    @Test
    void whatIsWrittenIsReadBack(@TempDir Path root) throws IOException {
        Checkpoint written = checkpoint("{\"averageDecay\": 0.999}", 12, 7);
        Path folder = new CheckpointStore(root).save(written, METADATA);
        assertEquals("checkpoint-00000012", folder.getFileName().toString());
        var network = new ResFace(SMALL);
        Checkpoint read = Checkpoint.read(folder, network.parameters(), network.parameters(), specs(network));
        assertEquals(written.state(), read.state());
        assertEquals(written.config(), read.config());
        assertSame(written.weights(), read.weights());
        assertSame(written.average(), read.average());
        assertEquals(List.of("velocity"), List.copyOf(read.optimizer().keySet()));
        assertSame(written.optimizer().get("velocity"), read.optimizer().get("velocity"));
        assertEquals(METADATA, ModelMetadata.load(folder.resolve(Checkpoint.MODEL)));
    }

    @Test
    void theLastTwoAndTheBestAreKept(@TempDir Path root) throws IOException {
        var store = new CheckpointStore(root);
        for (int step : new int[] {10, 20, 30, 40, 50}) {
            store.save(checkpoint("{}", step, step >= 20 ? 20 : -1), METADATA);
        }
        assertEquals(List.of("checkpoint-00000050", "checkpoint-00000040", "checkpoint-00000020"), names(store));
        assertEquals(Optional.of(root.resolve("checkpoint-00000050")), store.latest());
        assertEquals("checkpoint-00000050\n", Files.readString(root.resolve("latest")));
    }

    /** Stopped while writing: a hidden folder with some of the files. The last whole checkpoint stands, and the next save clears up. */
    @Test
    void aHalfWrittenCheckpointIsNeverTaken(@TempDir Path root) throws IOException {
        var store = new CheckpointStore(root);
        Path whole = store.save(checkpoint("{}", 10, -1), METADATA);
        Path partial = Files.createDirectory(root.resolve(".checkpoint-00000020.partial"));
        Files.copy(whole.resolve(Checkpoint.MODEL), partial.resolve(Checkpoint.MODEL));
        assertEquals(Optional.of(whole), store.latest());
        store.save(checkpoint("{}", 20, -1), METADATA);
        assertEquals(List.of("checkpoint-00000020", "checkpoint-00000010"), names(store));
        try (Stream<Path> entries = Files.list(root)) {
            assertFalse(entries.anyMatch(entry -> entry.getFileName().toString().startsWith(".")));
        }
    }

    /** Stopped between the rename and the pointer, with the pointer's checkpoint gone, or with a pointer that is no text: the newest whole one counts. */
    @Test
    void aWrongPointerIsNotBelieved(@TempDir Path root) throws IOException {
        var store = new CheckpointStore(root);
        store.save(checkpoint("{}", 10, -1), METADATA);
        store.save(checkpoint("{}", 20, -1), METADATA);
        Files.writeString(root.resolve("latest"), "checkpoint-00000010\n");
        assertEquals(Optional.of(root.resolve("checkpoint-00000020")), store.latest());
        Files.writeString(root.resolve("latest"), "checkpoint-00000099\n");
        assertEquals(Optional.of(root.resolve("checkpoint-00000020")), store.latest());
        Files.write(root.resolve("latest"), new byte[] {0, (byte) 0xff});
        Files.createDirectory(root.resolve("checkpoint-99999999999999999999"));
        Files.writeString(root.resolve("checkpoint-99999999999999999999").resolve(Checkpoint.STATE), "{}");
        assertEquals(Optional.of(root.resolve("checkpoint-00000020")), store.latest());
        Files.delete(root.resolve("checkpoint-00000020").resolve(Checkpoint.STATE));
        assertEquals(Optional.of(root.resolve("checkpoint-00000010")), store.latest());
    }

    /** Full in the first file, the second and so on, while a new step is saved or the only one is replaced. */
    @ParameterizedTest
    @ValueSource(longs = {10, 20})
    void aFullDiskLeavesTheCheckpointBefore(long step, @TempDir Path root) throws IOException {
        var store = new CheckpointStore(root);
        Path before = store.save(checkpoint("{\"averageDecay\": 0.999}", 10, 7), METADATA);
        Map<String, String> files = contents(root);
        Checkpoint small = checkpoint("{\"averageDecay\": 0.999}", step, 9);
        Map<String, Weights> optimizer = Map.of("m", small.weights(), "v", small.weights()); // a larger file, so that the first ones fit where it does not
        Checkpoint next = new Checkpoint(small.state(), small.config(), small.weights(), small.average(), optimizer, null);
        Path whole = new CheckpointStore(root.resolveSibling(root.getFileName() + "-whole")).save(next, METADATA);
        var failing = new TreeSet<String>();
        for (long bytes = 0; bytes < largest(whole); bytes += 97) {
            try (FileSizeLimit _ = FileSizeLimit.of(bytes)) {
                String message = assertThrows(FileWriteException.class, () -> store.save(next, METADATA)).getMessage();
                assertTrue(message.contains(": it cannot be written (" + FileSizeLimit.REASON), message);
                failing.add(message.replaceFirst(":.*", "").replaceFirst(".*/", ""));
            }
            assertEquals(files, contents(root), "full after " + bytes);
            assertEquals(Optional.of(before), store.latest());
        }
        assertTrue(failing.size() > 1, failing.toString());
        assertEquals(contents(whole), contents(store.save(next, METADATA)));
        assertEquals(step, Checkpoint.readState(store.latest().orElseThrow()).step());
    }

    private static long largest(Path folder) throws IOException {
        try (Stream<Path> inside = Files.list(folder)) {
            return inside.mapToLong(file -> file.toFile().length()).max().orElseThrow();
        }
    }

    /** All files below a folder, hidden ones included. */
    private static Map<String, String> contents(Path root) throws IOException {
        var contents = new TreeMap<String, String>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                contents.put(root.relativize(file).toString(), Files.readString(file, StandardCharsets.ISO_8859_1));
            }
        }
        return contents;
    }

    /** Killed while it replaced its only checkpoint, between the two renames. */
    @Test
    void aReplacedCheckpointIsBroughtBack(@TempDir Path root) throws IOException {
        var store = new CheckpointStore(root);
        Path only = store.save(checkpoint("{}", 10, -1), METADATA);
        Map<String, String> files = contents(root);
        Files.move(only, root.resolve(".checkpoint-00000010.old"));
        store.recover();
        assertEquals(files, contents(root));
        assertEquals(Optional.of(only), store.latest());
    }

    @Test
    void theSameStepMayBeSavedAgain(@TempDir Path root) throws IOException {
        var store = new CheckpointStore(root);
        store.save(checkpoint("{}", 10, -1), METADATA);
        store.save(checkpoint("{}", 10, 10), METADATA);
        assertEquals(10, Checkpoint.readState(store.latest().orElseThrow()).bestStep());
        assertEquals(Optional.empty(), new CheckpointStore(root.resolve("fresh")).latest());
    }

    @Test
    void aDamagedCheckpointIsRefusedInASentence(@TempDir Path root) throws IOException {
        Path folder = new CheckpointStore(root).save(checkpoint("{}", 10, -1), METADATA);
        Path state = folder.resolve(Checkpoint.STATE);
        Files.writeString(state, Files.readString(state).replace("\"format\":1", "\"format\":9"));
        String message = assertThrows(IOException.class, () -> Checkpoint.readState(folder)).getMessage();
        assertTrue(message.contains("format is 9, but this program reads 1"), message);
        Files.writeString(state, "{");
        message = assertThrows(IOException.class, () -> Checkpoint.readState(folder)).getMessage();
        assertTrue(message.startsWith(state.toString()), message);
    }

    private static Checkpoint checkpoint(String json, long step, long best) {
        TrainingConfig config = TrainingConfig.parse(json).withNetwork(SMALL);
        var network = new ResFace(SMALL);
        List<TensorSpec> all = Stream.concat(network.parameters().stream(), specs(network).stream()).toList();
        var optimizer = new LinkedHashMap<String, Weights>();
        optimizer.put("velocity", Weights.draw(network.parameters(), 3));
        Weights average = config.averageDecay() > 0 ? Weights.draw(all, 2) : null;
        return new Checkpoint(new Checkpoint.State(step, step, 0, 3, best, 0.5, "imageio"), config, Weights.draw(all, 1), average, Map.copyOf(optimizer), null);
    }

    private static List<TensorSpec> specs(ResFace network) {
        return network.statistics().entries().stream().map(entry -> entry.spec()).toList();
    }

    private static void assertSame(Weights expected, Weights actual) {
        assertEquals(expected.specs(), actual.specs());
        expected.specs().forEach(spec -> assertArrayEquals(expected.get(spec), actual.get(spec), spec.name()));
    }

    private static List<String> names(CheckpointStore store) throws IOException {
        return store.list().stream().map(path -> path.getFileName().toString()).toList();
    }
}
