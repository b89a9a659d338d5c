package org.angulus.loss;

import java.util.List;
import java.util.stream.Stream;
import org.angulus.device.HeadKind;

/**
 * What can be minimised. In the formulas c is a cosine, t its angle, s the scale, x^ = x / |x|; a margin head's loss is the cross-entropy of the logits
 * z_j = s c_j, z_y = s phi(c_y) where nothing else is said. psi_m(t) = (-1)^k cos(m t) - 2 k on [k pi / m, (k + 1) pi / m].
 */
public final class Losses {
    private static final String MARGIN = "margin";

    private Losses() {}

    /** The heads, oldest first, then the losses on embeddings. */
    public static List<LossInfo> all() {
        return Stream.concat(Stream.of(HeadKind.values()).map(Losses::of), MetricLosses.all().stream()).toList();
    }

    /** A head in words. */
    public static LossInfo of(HeadKind kind) {
        return switch (kind) {
            case SOFTMAX -> head(kind, "z_j = <w_j, x> + b_j", "cross-entropy of a linear layer", "");
            case MODIFIED_SOFTMAX -> head(kind, "z_j = |x| c_j", "Liu et al., SphereFace, CVPR 2017, equation 4, without bias", "");
            case NORMFACE -> head(kind, "z_j = s c_j, s learnt", "Wang et al., NormFace, 2017, section 3.3", "LFW 99.21 %, fine-tuned from 99.03 %");
            case AM_SOFTMAX -> head(kind, "phi = c - m", "Wang et al., AM-Softmax, 2018, equation 5; Wang et al., CosFace, CVPR 2018, equation 4",
                    "LFW 99.5 % (ResFace20, VGGFace2); CosFace with s 64: 99.33 % on CASIA, 99.73 % on 5 million pictures");
            case L_SOFTMAX -> head(kind, "z_j = <w_j, x>, z_y = (lambda <w_y, x> + |w_y| |x| psi_m(t)) / (1 + lambda)",
                    "Liu et al., L-Softmax, ICML 2016, equations 5 to 8", "");
            case SPHEREFACE -> head(kind, "z_j = |x| c_j, phi = (lambda c + psi_m(t)) / (1 + lambda)", "Liu et al., SphereFace, CVPR 2017, equation 7",
                    "LFW 99.30 % (20 layers, CASIA), 99.42 % (64 layers)");
            case SPHEREFACE_R -> head(kind, "phi = psi_m(t) for a real m", "Liu et al., SphereFace Revived, TPAMI 2022", "");
            case ARCFACE -> head(kind, "phi = cos(t + m)", "Deng et al., ArcFace, CVPR 2019, equation 3", "LFW 99.53 % (CASIA), 99.83 % (MS1MV2)");
            case COMBINED -> head(kind, "phi = cos(m1 t + m) - m3", "Deng et al., ArcFace, CVPR 2019, equation 4", "");
            case COCO -> head(kind, "z_j = s c_j, s = ln(C - 1) / 2 + 3", "Liu et al., COCO loss v2, 2017", "");
            case ADACOS -> head(kind, "z_j = s c_j, s = sqrt 2 ln(C - 1)", "Zhang et al., AdaCos, CVPR 2019, fixed scale", "");
            case MAGFACE -> head(kind, "phi = cos(t + m(|x|)), penalty weight (|x| / longest^2 + 1 / |x|)", "Meng et al., MagFace, CVPR 2021, equations 2 to 4", "");
            case ADAFACE -> head(kind, "phi = cos(t - m q) - (m + m q), q = [spread (|x| - mean) / deviation] within -1..1",
                    "Kim et al., AdaFace, CVPR 2022, equations 12 and 13", "");
            case ELASTICFACE -> head(kind, "phi = cos(t + e), or c - e, e drawn from N(m, spread)", "Boutros et al., ElasticFace, CVPRW 2022, equations 4 and 6", "");
            case CURRICULARFACE -> head(kind, "phi = cos(t + m), z_j = s c_j (tau + c_j) where c_j > phi", "Huang et al., CurricularFace, CVPR 2020, equations 7 to 10", "");
            case SUBCENTER_ARCFACE -> head(kind, "phi = cos(t + m), c_j the largest of a person's K centres", "Deng et al., Sub-center ArcFace, ECCV 2020, equation 2", "");
            case CIRCLE -> head(kind, "phi = [1 + m - c]+ (c - (1 - m)), z_j = s [c_j + m]+ (c_j - m)", "Sun et al., Circle loss, CVPR 2020, equations 6 and 8", "");
            case SPHEREFACE2 -> head(kind, "a binary loss for each person: z_y = s (g(c) - m) + b, z_j = s (g(c_j) + m) + b, g(c) = 2 ((c + 1) / 2)^spread - 1",
                    "Wen et al., SphereFace2, ICLR 2022, equation 5", "");
            case C_CONTRASTIVE -> head(kind, "|x^ - w^_y|^2 + sum_j [m - |x^ - w^_j|^2]+", "Wang et al., NormFace, 2017, equation 10", "");
            case C_TRIPLET -> head(kind, "sum_j [m + |x^ - w^_y|^2 - |x^ - w^_j|^2]+", "Wang et al., NormFace, 2017, equation 11", "");
        };
    }

    private static LossInfo head(HeadKind kind, String formula, String source, String published) {
        String name = MarginHead.text(kind);
        String words = MarginHead.of(kind).description();
        String defaults = words.equals(name) ? "" : words.substring(name.length() + 2);
        return new LossInfo(name, MARGIN, formula, source, defaults, published);
    }
}
