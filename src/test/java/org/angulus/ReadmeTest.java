package org.angulus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** README.md's program compiles without a warning, has ten lines of code at most and does what it says. */
class ReadmeTest {
    @Test
    void theProgramRuns(@TempDir Path folder) throws Exception {
        long lines = ReadmeProgram.source().lines().filter(line -> !line.isBlank()).count();
        assertTrue(lines <= 10, lines + " lines");
        Path work = folder.resolve("work");
        String classPath = System.getProperty("java.class.path");
        assertEquals("", ReadmeProgram.compile(work, List.of("-cp", classPath)));
        Path model = TestModel.write(folder.resolve("model.safetensors"));
        Path a = TestModel.png(folder.resolve("a.png"), TestModel.crop(1));
        Path b = TestModel.png(folder.resolve("b.png"), TestModel.crop(2));
        ReadmeProgram.Outcome outcome = ReadmeProgram.java(work, List.of(), List.of("-cp", work + ":" + classPath, "--enable-native-access=ALL-UNNAMED",
                "-Dangulus.library.path=" + System.getProperty("angulus.library.path"), "Compare", model.toString(), a.toString(), b.toString()));
        try (Embedder embedder = Embedder.open(model)) {
            Embedding first = embedder.embedCrop(a);
            Embedding second = embedder.embedCrop(b);
            assertEquals(new ReadmeProgram.Outcome(0, "cosine " + first.cosine(second) + ", distance " + first.distance(second) + ", angle "
                    + first.angle(second) + System.lineSeparator(), ""), outcome);
        }
    }
}
