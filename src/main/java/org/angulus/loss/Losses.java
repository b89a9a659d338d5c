package org.angulus.loss;

import java.util.List;

/** The losses of this program. */
public final class Losses {
    private Losses() {}

    /** All of them, the simplest first. */
    public static List<LossInfo> all() {
        return List.of(
                new LossInfo("softmax", "softmax", "z_j = <w_j, x> + b_j", "the cross-entropy of a linear layer", "none",
                        "LFW 99.05 % (facenet on CASIA-WebFace), 99.65 % (on VGGFace2)"),
                new LossInfo("modified-softmax", "softmax", "z_j = |x| c_j", "Liu et al. 2017 (SphereFace), section 3.1", "none", "none of its own"),
                new LossInfo("normface", "cosine", "z_j = s c_j", "Wang et al. 2017 (NormFace)", "s = 30",
                        "LFW 98.78 % and 99.21 % after fine-tuning"),
                new LossInfo("am-softmax", "margin", "z_y = s (c - m), z_j = s c_j", "Wang et al. 2018 (AM-Softmax, CosFace)", "s = 30, m = 0.35",
                        "LFW 98.98 % (AM-Softmax), 99.33 % (CosFace, CASIA-WebFace)"));
    }
}
