package org.angulus.cli;

import org.angulus.device.Type;
import picocli.CommandLine.Option;

/** The option that says in which numbers a network computes. */
final class PrecisionOption {
    @Option(
            names = "--precision",
            paramLabel = "TYPE",
            defaultValue = "F32",
            description = "How the numbers between the layers are stored: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}); BF16 needs a card.")
    private Type precision;

    Type precision() {
        return precision;
    }
}
