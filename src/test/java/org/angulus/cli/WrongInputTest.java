package org.angulus.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.angulus.TestModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every command with what a hand gets wrong: one sentence of what, where and what to do, the exit code, no trace. */
class WrongInputTest {
    @TempDir
    private static Path folder;

    @BeforeAll
    static void prepare() throws IOException {
        TestModel.write(folder.resolve("m.safetensors"));
        TestModel.png(folder.resolve("a.png"), TestModel.crop(1));
        Files.createDirectories(folder.resolve("empty"));
        Files.writeString(folder.resolve("file"), "a file");
        Files.write(folder.resolve("binary"), new byte[] {(byte) 0xC3, 0x28, 0});
        Files.writeString(folder.resolve("field.json"), "{\"thresholds\": 0.3}");
        Files.writeString(folder.resolve("list.txt"), "a.png\n");
        for (char person = 'A'; person <= 'C'; person++) {
            Path own = Files.createDirectories(folder.resolve("people/P_" + person));
            for (int i = 1; i <= 3; i++) {
                TestModel.png(own.resolve("P_%c_%04d.png".formatted(person, i)), TestModel.crop(person * 10 + i));
            }
        }
    }

    private static Outcome run(String line) {
        return Outcome.of((Object[]) line.replace("@", folder + "/").split(" "));
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
        "compare @a.png @absent.png --model @m.safetensors; absent.png: there is no such file",
        "compare @a.png @empty --model @m.safetensors; empty: it is a folder, pipe, socket or device and no file",
        "compare @a.png @file --model @m.safetensors; file: ",
        "compare @a.png @a.png --model @absent; absent: there is no such file",
        "compare @a.png @a.png --model @empty; empty: it is a folder",
        "compare @a.png @a.png --model @binary; binary: ",
        "compare @a.png @a.png --model @m.safetensors --device tpu; tpu",
        "compare @a.png @a.png --model @m.safetensors --threshold @absent.json; absent.json: there is no such file",
        "compare @a.png @a.png --model @m.safetensors --threshold @empty; empty: it is a folder",
        "compare @a.png @a.png --model @m.safetensors --threshold @binary; binary: it is not UTF-8 text",
        "compare @a.png @a.png --model @m.safetensors --threshold @file; file: it is no calibration",
        "compare @a.png @a.png --model @m.safetensors --threshold @field.json; field.json: it is no calibration: a field is missing",
        "eval --model @m.safetensors --data @people --out @file --draw 10; file: there is something of this name already",
        "eval --model @m.safetensors --data @empty; empty: it holds no image",
        "eval --model @m.safetensors --data @people --device cuda:99; cuda:99",
        "eval --model @m.safetensors --data @people --exclude @empty; empty: it is a folder",
        "calibrate --model @m.safetensors --data @people --far 0.4 --draw 40 --out @absent/t.json; t.json: it cannot be written (there is no folder",
        "calibrate --model @m.safetensors --data @people --far 0.4 --draw 40 --out @empty; empty: it cannot be written (it is a folder)",
        "calibrate --model @m.safetensors --data @absent; absent: there is no such folder",
        "calibrate --model @file --data @people; file: ",
        "embed --model @m.safetensors --data @absent --out @out; absent; check the path",
        "embed --model @m.safetensors --data @empty --out @out; empty: it holds no picture",
        "embed --model @m.safetensors --data @binary --out @out; binary: it is not UTF-8 text",
        "embed --model @m.safetensors --data @list.txt --out @file; file: there is something of this name already",
        "embed --model @m.safetensors --data @list.txt --out @file/out; file/out",
        "embed --model @m.safetensors --data @list.txt --out @out --device tpu; tpu",
        "export @m.safetensors --out @file/m.onnx; there is no folder",
        "export @empty --out @m.onnx; this folder holds no model.safetensors",
        "export @binary --out @m.onnx; binary: ",
        "inspect @absent; absent: there is no such file",
        "inspect @binary; binary: ",
        "doctor --device tpu; tpu",
        "train --data @people --config @field.json --run @run; field.json: ",
        "train --data @people --run @file/run --hold-out 0 --set steps=1 --set batch=2 --set network.height=32 --set network.width=24; file/run",
        "train --data @people --people @binary --run @run; binary: it is not UTF-8 text",
        "train --resume @empty; empty is no folder of a training run"
    })
    void isRefusedInOneSentence(String line, String words) {
        Outcome outcome = run(line).failsOnly(ExitCode.FAILED, words);
        assertFalse(outcome.err().contains(".tmp"), "the name of a temporary file tells nobody anything: " + outcome.err());
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
        "embed --model @m.safetensors --data @people --out @out --batch -1; -1",
        "embed --model @m.safetensors --data @people --out @out --threads -1; -1",
        "eval --model @m.safetensors --data @people --draw -10; --draw is -10",
        "calibrate --model @m.safetensors --data @people --far -1; --far is -1.0",
        "calibrate --model @m.safetensors --data @people --confidence 1; --confidence 1.0",
        "self-test --model @m.safetensors --data @people --sample -1; --sample is -1",
        "train --data @people --threads -1; --threads is -1",
        "train --data @people --least-images -1; --least-images is -1",
        "compare @a.png @a.png --model @m.safetensors --threshold -2; --threshold is -2",
        "compare @a.png --model @m.safetensors; B"
    })
    void isAWrongCommandLine(String line, String words) {
        run(line).failsOnly(ExitCode.USAGE, words, "--help");
    }

    @Test
    void aNameBeyondTheLocaleIsAWrongCommandLine() throws IOException, InterruptedException {
        try (ChildRun child = ChildRun.inScript(folder, "LC_ALL=C exec \"$@\"", "pack", "--data", folder.resolve("Zoë"), "--out", folder.resolve("run"))) {
            child.outcome().failsOnly(ExitCode.USAGE, "--data", "LC_ALL=C.UTF-8", "--help");
        }
    }

    @AfterAll
    static void nothingWasWritten() {
        for (String name : new String[] {"run", "m.onnx"}) {
            assertFalse(Files.exists(folder.resolve(name)), name);
        }
    }
}
