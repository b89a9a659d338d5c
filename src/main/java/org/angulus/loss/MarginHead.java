package org.angulus.loss;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.angulus.device.HeadKind;
import org.angulus.device.NormGuard;
import org.angulus.model.Initialization;
import org.angulus.model.ParameterKind;
import org.angulus.model.Start;
import org.angulus.model.TensorSpec;

/**
 * A head that changes the target's logit only. With c_j the cosine between embedding and class vector, y the label: z_j = S c_j for j != y,
 * z_y = S phi(c_y), and the loss is the cross-entropy of z.
 *
 * @param kind which head
 * @param scale s of NormFace and AM-Softmax; 1 for the others
 * @param margin m of AM-Softmax; 0 for the others
 * @param guard against a length of 0
 */
public record MarginHead(HeadKind kind, double scale, double margin, NormGuard guard) {
    public MarginHead {
        if (!(scale > 0 && scale <= 10_000)) {
            throw new IllegalArgumentException("head: the scale is " + scale + "; it must be above 0 and at most 10000.");
        }
        if (!(margin >= 0 && margin < 2)) {
            throw new IllegalArgumentException("head: the margin is " + margin + "; it must be at least 0 and below 2.");
        }
        if (margin != 0 && kind != HeadKind.AM_SOFTMAX) {
            throw new IllegalArgumentException("head: " + text(kind) + " has no margin, but " + margin + " is given; leave it 0 or choose am-softmax.");
        }
        if (scale != 1 && (kind == HeadKind.SOFTMAX || kind == HeadKind.MODIFIED_SOFTMAX)) {
            throw new IllegalArgumentException("head: " + text(kind) + " has no scale, but " + scale + " is given; leave it 1.");
        }
    }

    public static MarginHead softmax() {
        return new MarginHead(HeadKind.SOFTMAX, 1, 0, NormGuard.CLAMP_LENGTH);
    }

    public static MarginHead modifiedSoftmax() {
        return new MarginHead(HeadKind.MODIFIED_SOFTMAX, 1, 0, NormGuard.CLAMP_LENGTH);
    }

    public static MarginHead normFace(double scale) {
        return new MarginHead(HeadKind.NORMFACE, scale, 0, NormGuard.CLAMP_LENGTH);
    }

    public static MarginHead amSoftmax(double scale, double margin) {
        return new MarginHead(HeadKind.AM_SOFTMAX, scale, margin, NormGuard.CLAMP_LENGTH);
    }

    /** Class vectors (classes, D), and the bias of SOFTMAX. */
    public List<TensorSpec> parameters(int classes, int d, Initialization initialization) {
        var specs = new ArrayList<TensorSpec>();
        Start start = initialization == Initialization.CAFFE
                ? Start.uniformOfVariance(1.0 / d)
                : Start.normal(Math.sqrt(2.0 / ((double) d + classes)));
        specs.add(TensorSpec.classes("head.weight", classes, d, start));
        if (kind == HeadKind.SOFTMAX) {
            specs.add(TensorSpec.vector("head.bias", ParameterKind.BIAS, classes, Start.constant(0)));
        }
        return specs;
    }

    /** In words, for a model file: "am-softmax, scale 30.0, margin 0.35". */
    public String description() {
        return switch (kind) {
            case SOFTMAX, MODIFIED_SOFTMAX -> text(kind);
            case NORMFACE -> text(kind) + ", scale " + scale;
            case AM_SOFTMAX -> text(kind) + ", scale " + scale + ", margin " + margin;
        };
    }

    private static String text(HeadKind kind) {
        return kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
