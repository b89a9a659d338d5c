package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Runs the shim's own test: kernels with planted faults (a removed barrier, a missing wait, a wrong descriptor) that it must show. */
class SimtShimTest {
  /** The checks of {@code cuda/simt/selftest.cpp} on the shim alone. */
  private static final int CHECKS = 84;

  private static final Path PLUGINS = Path.of(System.getProperty("angulus.test.plugins", "target/native/plugins"));

  @Test
  void plantedFaultsAreShown() throws Exception {
    List<String> lines = selfTest(List.of());
    assertEquals(CHECKS, lines.stream().filter(line -> line.startsWith("passed ")).count(), String.join("\n", lines));
  }

  /** The plug-in for cards, where it was compiled: with no driver it must load all the same and say so. */
  @Test
  void pluginsLoadWithoutACard() throws Exception {
    Path cuda = PLUGINS.resolveSibling("cuda").resolve("libangulus_cuda.so");
    List<String> plugIns = new ArrayList<>(List.of(PLUGINS.resolve("libangulus_simt.so").toString()));
    if (Files.exists(cuda)) {
      plugIns.add(cuda.toString());
    } else {
      System.out.println("not checked: " + cuda + " was not compiled (no nvcc)");
    }
    List<String> lines = selfTest(plugIns);
    assertEquals(CHECKS + 4 * plugIns.size(), lines.stream().filter(line -> line.startsWith("passed ")).count(), String.join("\n", lines));
  }

  private static List<String> selfTest(List<String> arguments) throws Exception {
    Path program = PLUGINS.resolve("simt_selftest");
    assumeTrue(Files.exists(program) || System.getProperty("os.arch").equals("amd64"), "the shim is built on x86-64 only");
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(arguments);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    List<String> lines = process.inputReader().readAllLines();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the self-test did not end");
    assertEquals(0, process.exitValue(), String.join("\n", lines));
    return lines;
  }
}
