package org.angulus.cli;

import org.angulus.device.Type;
import picocli.CommandLine.Option;

/** The option that says in which numbers a network computes. */
final class PrecisionOption {
    @Option(
            names = "--precision",
            paramLabel = "TYPE",
            defaultValue = "F32",
            description = "How the numbers between the layers are stored and the factors of products rounded: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}). "
                    + "BF16 is fast on cards and on processors with AMX or AVX512_BF16.")
    private Type precision;

    Type precision() {
        return precision;
    }
}
