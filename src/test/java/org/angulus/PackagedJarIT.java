package org.angulus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The jar as a library's user gets it: README.md's program with the packaged jar and gson, nothing else of the project or of its command line, from an
 * empty folder and with an empty environment.
 */
class PackagedJarIT {
    private static final String JAR = System.getProperty("angulus.jar");
    private static final Path LIBRARIES = Path.of(System.getProperty("angulus.jar.libraries"));

    @TempDir
    Path folder;

    private Path program;
    private List<String> pictures;
    private String gson;

    @BeforeEach
    void prepare() throws IOException {
        program = folder.resolve("program");
        gson = LIBRARIES.resolve(jarOf("gson-")).toString();
        assertEquals("", ReadmeProgram.compile(program, List.of("-cp", JAR)));
        pictures = List.of(
                TestModel.write(folder.resolve("model.safetensors")).toString(),
                TestModel.png(folder.resolve("a.png"), TestModel.crop(1)).toString(),
                TestModel.png(folder.resolve("b.png"), TestModel.crop(2)).toString());
    }

    private static String jarOf(String name) throws IOException {
        try (var jars = Files.list(LIBRARIES)) {
            return jars.map(jar -> jar.getFileName().toString()).filter(jar -> jar.startsWith(name)).findFirst().orElseThrow();
        }
    }

    private ReadmeProgram.Outcome run(List<String> options) throws Exception {
        List<String> arguments = new ArrayList<>(options);
        arguments.add("Compare");
        arguments.addAll(pictures);
        return ReadmeProgram.java(Files.createDirectory(folder.resolve("empty")), List.of("XDG_CACHE_HOME=" + folder.resolve("caches")), arguments);
    }

    private void assertRan(ReadmeProgram.Outcome outcome) {
        assertEquals(0, outcome.exitCode(), outcome.err());
        assertTrue(outcome.out().startsWith("cosine 0.") || outcome.out().startsWith("cosine -0."), outcome.out());
    }

    @Test
    void onTheClassPath() throws Exception {
        ReadmeProgram.Outcome outcome = run(List.of("--enable-native-access=ALL-UNNAMED", "-cp", program + ":" + JAR + ":" + gson));
        assertRan(outcome);
        assertEquals("", outcome.err());
        try (var sets = Files.list(folder.resolve("caches/angulus"))) {
            assertEquals(1, sets.count(), "the native libraries were unpacked once");
        }
    }

    @Test
    void onTheModulePath() throws Exception {
        ReadmeProgram.Outcome outcome = run(List.of(
                "--enable-native-access=org.angulus", "--module-path", JAR + ":" + gson, "--add-modules", "org.angulus", "-cp", program.toString()));
        assertRan(outcome);
        assertEquals("", outcome.err());
    }

    /** Nobody can write below /proc: one message says so and what to do, and the program works all the same and leaves nothing behind. */
    @Test
    void withAHomeThatCannotBeWritten() throws Exception {
        Path temporary = Files.createDirectory(folder.resolve("temporary"));
        List<String> arguments = new ArrayList<>(List.of("-Duser.home=/proc", "-Djava.io.tmpdir=" + temporary, "--enable-native-access=ALL-UNNAMED", "-cp",
                program + ":" + JAR + ":" + gson, "Compare"));
        arguments.addAll(pictures);
        ReadmeProgram.Outcome outcome = ReadmeProgram.java(Files.createDirectory(folder.resolve("empty")), List.of(), arguments);
        assertRan(outcome);
        List<String> said = outcome.err().lines().filter(line -> line.contains("/proc/.cache/angulus")).toList();
        assertEquals(1, said.size(), outcome.err());
        assertTrue(said.getFirst().contains("make the folder writable, free space on its disk, or name another with -Dangulus.cache=FOLDER"), said.getFirst());
        try (var left = Files.list(temporary)) {
            assertEquals(List.of(), left.toList());
        }
    }

    /** What the user named is not replaced by something else. */
    @Test
    void withANamedCacheThatCannotBeWritten() throws Exception {
        ReadmeProgram.Outcome outcome =
                run(List.of("-Dangulus.cache=/proc/cache", "--enable-native-access=ALL-UNNAMED", "-cp", program + ":" + JAR + ":" + gson));
        assertEquals(1, outcome.exitCode());
        assertTrue(outcome.err().contains("the native libraries could not be extracted to /proc/cache"), outcome.err());
    }
}
