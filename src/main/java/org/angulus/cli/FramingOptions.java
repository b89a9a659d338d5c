package org.angulus.cli;

import org.angulus.image.Fit;
import org.angulus.image.Framing;
import picocli.CommandLine.Option;

/** Options that say how picture files become crops. */
final class FramingOptions {
    @Option(
            names = "--fit",
            paramLabel = "HOW",
            defaultValue = "EXACT",
            description = "A picture of another size than the network's: EXACT refuses it, CENTRE_CROP cuts equal margins off, RESIZE scales it"
                    + " (default: ${DEFAULT-VALUE}).")
    private Fit fit;

    @Option(names = "--centre", paramLabel = "HxW", converter = Size.Converter.class, description = "Cut this centre out of every picture first, such as 112x96 out of 112x112.")
    private Size centre;

    Framing framing() {
        return centre == null ? new Framing(0, 0, fit) : new Framing(centre.height(), centre.width(), fit);
    }
}
