package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.angulus.device.NativeLibrary;

/** The command line in a process of its own, to be killed or sent a signal. */
final class ChildRun implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 120;

    private final Process process;
    private final Path out;
    private final Path err;

    /** Starts it; what it prints goes to files in {@code folder}. */
    ChildRun(Path folder, Object... arguments) throws IOException {
        this(folder, List.of(), arguments);
    }

    private ChildRun(Path folder, List<String> launcher, Object... arguments) throws IOException {
        List<String> command = new ArrayList<>(launcher);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1", "-Xmx256m", "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED", "-Djava.awt.headless=true", "-D" + NativeLibrary.PATH_PROPERTY + "=" + NativeLibrary.require().getParent(),
                "-cp", System.getProperty("java.class.path"), Main.class.getName()));
        Arrays.stream(arguments).map(Object::toString).forEach(command::add);
        out = Files.createTempFile(folder, "child", ".out");
        err = Files.createTempFile(folder, "child", ".err");
        process = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    }

    /**
     * Starts it from a script.
     *
     * @param script for bash, in which {@code "$@"} is the command line
     */
    static ChildRun inScript(Path folder, String script, Object... arguments) throws IOException {
        return new ChildRun(folder, List.of("bash", "-c", script, "bash"), arguments);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Waits until something is so, or the process has ended. */
    void await(BooleanSupplier condition) throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (process.isAlive() && !condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < until, "nothing happened for " + PATIENCE_SECONDS + " s");
            Thread.sleep(1);
        }
    }

    /** Waits until it has printed something. */
    void awaitOutput(String text) throws IOException, InterruptedException {
        await(() -> text(out).contains(text) || text(err).contains(text));
    }

    /** Waits until it has started a thread; the system knows the first 15 letters of its name. */
    void awaitThread(String name) throws InterruptedException {
        await(() -> {
            try (Stream<Path> threads = Files.list(Path.of("/proc/" + process.pid() + "/task"))) {
                return threads.anyMatch(thread -> text(thread.resolve("comm")).strip().equals(name));
            } catch (IOException | UncheckedIOException e) {
                return false; // it ended meanwhile
            }
        });
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As kill -9. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Sends a signal by name, such as INT. */
    void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).start().waitFor();
    }

    /** Whether the process ignores Ctrl-C, as one started in the background of a script does. */
    boolean ignoresInterrupts() throws IOException {
        String mask = Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
                .filter(line -> line.startsWith("SigIgn:")).findFirst().orElseThrow().substring("SigIgn:".length()).strip();
        return (Long.parseUnsignedLong(mask, 16) & 2) != 0;
    }

    /** Waits for the end. */
    Outcome outcome() throws IOException, InterruptedException {
        assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "the process did not end");
        return new Outcome(process.exitValue(), text(out), text(err));
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
