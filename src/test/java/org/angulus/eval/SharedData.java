package org.angulus.eval;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** The folder of real data beside the project; tests that need it are skipped where it is absent. */
final class SharedData {
    private SharedData() {}

    static Path require(String path) {
        String root = System.getProperty("angulus.shared.data", "");
        Path wanted = Path.of(root.isEmpty() ? "absent" : root, path);
        assumeTrue(Files.exists(wanted), () -> "no real data at " + wanted + " (-Dangulus.shared.data=FOLDER)");
        return wanted;
    }
}
