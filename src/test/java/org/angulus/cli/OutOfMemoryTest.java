package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.angulus.TestModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands that need more memory than Java or the device has: one sentence, whichever thread meets it. */
class OutOfMemoryTest {
    @TempDir
    private Path folder;

    /** 64 million pixels, whose samples alone fill the heap of {@link ChildRun}; sparse on the disk. */
    private static void large(Path pgm) throws IOException {
        try (var file = new RandomAccessFile(pgm.toFile(), "rw")) {
            file.write("P5\n8192 8192\n255\n".getBytes(StandardCharsets.US_ASCII));
            file.setLength(file.length() + 8192L * 8192);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"embed", "train", "pack"})
    void theHeapIsTooSmall(String command) throws IOException, InterruptedException {
        Path model = TestModel.write(folder.resolve("model.safetensors"));
        Path faces = TinyRun.faces(folder.resolve("faces"), 2, 1, TinyRun.SIDE);
        large(faces.resolve("Ann_A/Ann_A_0000.pgm"));
        Object[] arguments = switch (command) {
            case "embed" -> new Object[] {"embed", "--model", model, "--data", faces, "--out", folder.resolve("out"), "--device", "cpu"};
            case "pack" -> new Object[] {"pack", "--data", faces, "--size", "16x16", "--out", folder.resolve("out")};
            default -> TinyRun.train(faces, folder.resolve("run"));
        };
        try (ChildRun child = new ChildRun(folder, arguments)) {
            child.outcome().failsOnly(ExitCode.FAILED, "Java has not enough memory (Java heap space; its heap may take 256.0 MiB); give it more with"
                    + " ANGULUS_JAVA_OPTIONS=-Xmx8g, say, or take a smaller batch");
        }
        assertTrue(!command.equals("pack") || Files.notExists(folder.resolve("out")));
    }

    @Test
    void theDeviceIsTooSmall() throws IOException {
        Path faces = TinyRun.faces(folder.resolve("faces"), 2, 1, TinyRun.SIDE);
        Outcome.of(TinyRun.train(faces, folder.resolve("run"), "--device", "cpu", "--set", "batch=65536", "--set",
                "network.widths=[4096,4096,4096,4096]")).failsOnly(ExitCode.FAILED,
                "training with 65536 images at a time takes ", " are free on cpu; ", " at a time fit");
    }
}
