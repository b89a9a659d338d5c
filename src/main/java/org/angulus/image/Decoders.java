package org.angulus.image;

import java.util.List;
import java.util.function.Supplier;

/**
 * Which decoder reads JPEGs: libjpeg-turbo where the system has it, else the Java runtime's. Both obey the same limits and give the same pixels but for
 * rounding, so a run keeps the one it began with. The system property {@value #PROPERTY} forces one; it is read once.
 */
public final class Decoders {
    /** System property: {@code turbojpeg} or {@code imageio}. */
    public static final String PROPERTY = "angulus.decoder";

    private Decoders() {}

    /**
     * What was chosen.
     *
     * @param decoder null where the property asks for what is not there
     * @param problem why it is null
     * @param turboJpeg that decoder in words: found, or not and why
     */
    record Choice(JpegDecoder decoder, ImageException problem, String turboJpeg) {
        static Choice of(String wanted, Supplier<JpegDecoder> loader) {
            JpegDecoder turbo = null;
            String state;
            try {
                turbo = loader.get();
                state = "found, " + turbo.description();
            } catch (IllegalStateException e) {
                state = "not found: " + e.getMessage();
            }
            boolean known = wanted.isEmpty() || wanted.equals("turbojpeg") || wanted.equals("imageio");
            ImageException problem = null;
            if (!known) {
                problem = new ImageException("-D" + PROPERTY, "there is no decoder '" + wanted + "'", "name turbojpeg or imageio, or leave the property away");
            } else if (wanted.equals("turbojpeg") && turbo == null) {
                problem = new ImageException("-D" + PROPERTY + "=turbojpeg", state, "install libjpeg-turbo, or leave the property away");
            }
            JpegDecoder chosen = turbo == null || wanted.equals("imageio") ? new ImageIoDecoder() : turbo;
            return new Choice(problem == null ? chosen : null, problem, state);
        }
    }

    private static final class Chosen {
        static final Choice CHOICE = Choice.of(System.getProperty(PROPERTY, ""), TurboJpegDecoder::load);
    }

    /** The decoder of JPEGs. */
    static JpegDecoder jpeg() throws ImageException {
        if (Chosen.CHOICE.problem() != null) {
            throw new ImageException(Chosen.CHOICE.problem());
        }
        return Chosen.CHOICE.decoder();
    }

    /**
     * Name and version of the decoder in use, such as {@code turbojpeg, libjpeg-turbo 2.1.5 (build 20230203)}.
     *
     * @throws ImageException when the system property names none that is there
     */
    public static String description() throws ImageException {
        return jpeg().description();
    }

    /** For people: each decoder, whether it was found, and which is used. */
    public static List<String> report() {
        Choice choice = Chosen.CHOICE;
        return List.of(
                "turbojpeg: " + choice.turboJpeg(),
                "imageio: found, " + new ImageIoDecoder().description(),
                choice.problem() == null ? "in use: " + choice.decoder().description() : choice.problem().getMessage());
    }
}
