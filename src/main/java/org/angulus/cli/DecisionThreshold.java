package org.angulus.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.angulus.eval.FlipFusion;
import org.angulus.eval.ThresholdCalibration;
import org.angulus.model.ModelChecksum;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * From which cosine on two faces are taken for one person's.
 *
 * @param origin where the number is from, in words
 * @param flip the fusion it is for
 */
record DecisionThreshold(double cosine, String origin, FlipFusion flip) {
    /** Used where nothing else is given. */
    static final double DEFAULT = 0.35;

    static final String ORIGIN =
            "between 0.30, the best of a SphereFace-20 on LFW, and 0.40 of InsightFace's server; no FAR of this model is known for it: see angulus calibrate";

    /**
     * Reads the option.
     *
     * @param text a number or the file of a calibration; null: the default
     * @param flip null: as calibrated
     */
    static DecisionThreshold of(String text, Path model, FlipFusion flip, CommandLine line) throws IOException {
        FlipFusion given = flip == null ? FlipFusion.NONE : flip;
        if (text == null) {
            return new DecisionThreshold(DEFAULT, "the default, " + ORIGIN, given);
        }
        if (!text.matches("[-+]?[0-9.]+([eE][-+]?[0-9]+)?")) {
            return calibrated(Path.of(text), model, flip);
        }
        try {
            double cosine = Double.parseDouble(text);
            if (cosine >= -1 && cosine <= 1) {
                return new DecisionThreshold(cosine, "as given", given);
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new ParameterException(line, "--threshold is " + text + ", but a cosine lies between -1 and 1");
    }

    private static DecisionThreshold calibrated(Path file, Path model, FlipFusion flip) throws IOException {
        ThresholdCalibration calibration = ThresholdCalibration.load(file);
        String checksum = ModelChecksum.of(model);
        if (!calibration.model().equals(checksum)) {
            throw new CommandFailure(ExitCode.FAILED, file + " is for the model with checksum " + calibration.model() + ", but " + model + " has " + checksum
                    + "; calibrate this model, or give the other");
        }
        if (flip != null && !flip.name().toLowerCase(Locale.ROOT).equals(calibration.flip())) {
            throw new CommandFailure(ExitCode.FAILED, file + " was made with --flip " + calibration.flip() + "; leave --flip away, or calibrate anew");
        }
        String origin = String.format(Locale.ROOT, "calibrated for FAR %.2g on %s (measured %.2g, %.0f %% interval %.2g to %.2g)", calibration.wantedFar(),
                calibration.pairs(), calibration.far(), 100 * calibration.confidence(), calibration.farInterval().low(), calibration.farInterval().high());
        return new DecisionThreshold(calibration.threshold(), origin, FlipFusion.valueOf(calibration.flip().toUpperCase(Locale.ROOT)));
    }
}
