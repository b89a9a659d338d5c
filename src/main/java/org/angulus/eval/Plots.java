package org.angulus.eval;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Draws reports as PNG files, headless. A picture is an extra: when it cannot be drawn (no fonts on the machine, xchart not
 * on the class path, a full disk) the method returns false and the first failure gives one warning, but no exception.
 * xchart is an optional dependency of the jar.
 */
public final class Plots {
    private final Consumer<String> warning;
    private boolean warned;

    /** Draws, and tells warnings to the logger of this class. */
    public Plots() {
        this(message -> System.getLogger(Plots.class.getName()).log(System.Logger.Level.WARNING, message));
    }

    /**
     * @param warning takes the one warning of this object
     */
    public Plots(Consumer<String> warning) {
        this.warning = warning;
    }

    /**
     * What a training run logged; the three lists are of one length.
     *
     * @param steps         rising
     * @param losses        mean loss at each step; a value that is not finite leaves a gap
     * @param learningRates learning rate at each step, positive
     */
    public record TrainingCurve(double[] steps, double[] losses, double[] learningRates) {
        public TrainingCurve {
            if (steps.length == 0 || steps.length != losses.length || steps.length != learningRates.length) {
                throw new IllegalArgumentException("a training curve needs as many steps as losses and learning rates, got "
                        + steps.length + ", " + losses.length + ", " + learningRates.length);
            }
        }
    }

    /**
     * Features of one classifier.
     *
     * @param features (N, D): D is 2, or 3 to be shown on the sphere
     * @param labels (N), in [0, classes)
     */
    public record FeaturePicture(String title, float[][] features, int[] labels, int classes) {}

    /** A named line; x and y are of one length. */
    public record Curve(String name, double[] x, double[] y) {}

    /**
     * Scatter plots of features, a colour for each class: all side by side in one picture.
     *
     * @return whether the file was written
     */
    public boolean features(Path png, List<FeaturePicture> pictures) {
        return draw(png, () -> Charts.writeGrid(png, pictures.stream().map(FeatureCharts::features).toList(), FeatureCharts.SIDE));
    }

    /**
     * Target logits over the angle in degrees, as PNG and beside it, with the other ending, as SVG.
     *
     * @return whether the files were written
     */
    public boolean logits(Path png, String title, List<Curve> curves) {
        return draw(png, () -> {
            Charts.write(png, List.of(FeatureCharts.logits(title, curves)));
            Charts.writeSvg(Path.of(png.toString().replaceFirst("\\.png$", "") + ".svg"), FeatureCharts.logits(title, curves));
        });
    }

    /**
     * ROC curves: TAR over FAR, the FAR on a logarithmic axis that ends at the lowest FAR that the pairs resolve.
     *
     * @param curves by name, drawn and listed in this order
     * @return whether the file was written
     */
    public boolean roc(Path png, String title, Map<String, Roc> curves) {
        if (curves.isEmpty()) {
            throw new IllegalArgumentException("a ROC picture needs at least one curve");
        }
        return draw(png, () -> Charts.write(png, List.of(Charts.roc(title, curves))));
    }

    /**
     * Histograms of the cosines of same-person and different-person pairs, each scaled to its own number of pairs.
     *
     * @param threshold the decision threshold, drawn as a line; NaN for none
     * @return whether the file was written
     */
    public boolean scores(Path png, String title, Roc roc, double threshold) {
        return draw(png, () -> Charts.write(png, List.of(Charts.scores(title, roc, threshold))));
    }

    /**
     * Loss and, below it, learning rate over the steps.
     *
     * @return whether the file was written
     */
    public boolean training(Path png, String title, TrainingCurve curve) {
        return draw(png, () -> Charts.write(png, Charts.training(title, curve)));
    }

    private interface Drawing {
        void run() throws IOException;
    }

    private boolean draw(Path png, Drawing drawing) {
        try {
            drawing.run();
            return true;
        } catch (Exception | LinkageError | InternalError e) {
            fail(png, e);
        } catch (Error e) {
            // Java's font code throws plain Error where the machine has no fonts; anything else goes on its way.
            if (e.getClass() != Error.class) {
                throw e;
            }
            fail(png, e);
        }
        return false;
    }

    private void fail(Path png, Throwable cause) {
        if (!warned) {
            warned = true;
            warning.accept("The picture " + png + " could not be drawn (" + (cause instanceof IOException ? cause.getMessage() : cause)
                    + "); pictures need a writable folder, the xchart library, and fonts (packages fontconfig and"
                    + " fonts-dejavu-core), and the run goes on without them.");
        }
    }
}
