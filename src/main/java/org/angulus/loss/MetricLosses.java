package org.angulus.loss;

import java.util.List;
import org.angulus.device.PairDistance;
import org.angulus.device.PairSelection;
import org.angulus.model.NearestNames;

/** The published losses on embeddings, by name, with the constants they were published with. */
public final class MetricLosses {
    /** One of them, in words and in numbers. */
    private record Entry(LossInfo info, MetricLoss loss) {}

    private static final List<Entry> ALL = List.of(
            entry("deepid2", "d^2 / 2; max(0, m - d)^2 / 2", "Sun et al. 2014, equation 2",
                    "raw features, weight 0.05 beside softmax, m set anew every 200,000 pairs", "LFW 99.15 % (25 patches, joint Bayesian)",
                    new MetricLoss.Contrastive(1, PairDistance.EUCLIDEAN, false, true)),
            entry("contrastive-unit", "d^2 / 2; max(0, m - d)^2 / 2", "Sun et al. 2014, equation 2, on rows of length 1", "m 1", "",
                    new MetricLoss.Contrastive(1, PairDistance.EUCLIDEAN, true, false)),
            entry("contrastive-cosine", "1 - cos; max(0, cos - m)", "PyTorch's CosineEmbeddingLoss", "m 0", "",
                    new MetricLoss.Contrastive(0, PairDistance.COSINE, true, false)),
            entry("facenet", "max(0, d_ap^2 - d_an^2 + alpha), semi-hard", "Schroff et al. 2015, equation 3", "alpha 0.2, unit rows, 128 numbers",
                    "LFW 99.63 %, YTF 95.12 %", new MetricLoss.Triplet(0.2, PairDistance.SQUARED, true, PairSelection.SEMI_HARD_RANDOM, false, 0, false, false)),
            entry("facenet-loose", "max(0, d_ap^2 - d_an^2 + alpha), any violator", "Parkhi et al. 2015; the public FaceNet program", "alpha 0.2, unit rows",
                    "", new MetricLoss.Triplet(0.2, PairDistance.SQUARED, true, PairSelection.VIOLATOR, false, 0, false, false)),
            entry("batch-hard", "max(0, max d_ap - min d_an + m)", "Hermans et al. 2017, equation 5", "m 0.2, raw rows, 18 x 4", "",
                    new MetricLoss.Triplet(0.2, PairDistance.EUCLIDEAN, false, PairSelection.BATCH_HARD, false, 0, false, false)),
            entry("batch-hard-soft", "ln(1 + exp(max d_ap - min d_an))", "Hermans et al. 2017, section 2", "raw rows, 18 x 4; collapse shows as ln 2",
                    "", new MetricLoss.Triplet(0, PairDistance.EUCLIDEAN, false, PairSelection.BATCH_HARD, true, 0, false, false)),
            entry("batch-all", "max(0, d_ap - d_an + m), mean of those above 0", "Hermans et al. 2017, equation 6", "m 0.2, raw rows", "",
                    new MetricLoss.Triplet(0.2, PairDistance.EUCLIDEAN, false, PairSelection.ALL, false, 0, true, false)),
            entry("soft-margin-pull", "softplus(d_ap - d_an) + 0.001 softplus(d_ap)", "the article's code", "batch-hard, unit rows", "",
                    new MetricLoss.Triplet(0, PairDistance.EUCLIDEAN, true, PairSelection.BATCH_HARD, true, 0.001, false, false)),
            entry("angular-triplet", "max(0, cos_an - cos_ap + alpha)", "the article's code", "alpha 0.06, batch-hard", "",
                    new MetricLoss.Triplet(0.06, PairDistance.COSINE, true, PairSelection.BATCH_HARD, false, 0, false, false)),
            entry("margin-based", "max(0, alpha + y (d - beta))", "Wu et al. 2017, equation 5", "alpha 0.2, beta 1.2 learned, distance-weighted", "",
                    new MetricLoss.MarginBased(0.2, 1.2, true, false, false, 0, PairDistance.EUCLIDEAN, PairSelection.DISTANCE_WEIGHTED)),
            entry("margin-fixed", "max(0, alpha + y (d - beta))", "the article's code", "alpha 0.2, beta 1.1", "",
                    new MetricLoss.MarginBased(0.2, 1.1, false, false, false, 0, PairDistance.EUCLIDEAN, PairSelection.ALL)),
            entry("angular-margin", "max(0, alpha + y (beta - cos))", "the article's code", "alpha 0.05, beta 0.28 as a cosine", "",
                    new MetricLoss.MarginBased(0.05, 0.72, false, false, false, 0, PairDistance.COSINE, PairSelection.ALL)),
            entry("center", "|x - c_y|^2 / 2", "Wen et al. 2016, equations 2 to 4", "centres move by 0.5 / (1 + n); weight 0.003 beside softmax (0.008 in its face release)",
                    "LFW 99.28 %", new MetricLoss.Center(0.5, true, false)),
            entry("center-facenet", "mean of (x - c_y)^2", "the public FaceNet program", "centres move by 0.05, mean over images and numbers", "",
                    new MetricLoss.Center(0.05, false, true)));

    private MetricLosses() {}

    private static Entry entry(String name, String formula, String source, String defaults, String published, MetricLoss loss) {
        return new Entry(new LossInfo(name, "metric", formula, source, defaults, published), loss);
    }

    /** The names that {@link #named} knows. */
    public static List<String> names() {
        return ALL.stream().map(entry -> entry.info().name()).toList();
    }

    /** All of them in words. */
    static List<LossInfo> all() {
        return ALL.stream().map(Entry::info).toList();
    }

    /**
     * A loss with its published constants.
     *
     * @throws IllegalArgumentException with one sentence, when there is none of that name: it tells the nearest ones
     */
    public static MetricLoss named(String name) {
        return ALL.stream()
                .filter(entry -> entry.info().name().equals(name))
                .findFirst()
                .map(Entry::loss)
                .orElseThrow(() -> new IllegalArgumentException("there is no loss '" + name + "' on embeddings" + NearestNames.hint(name, names())
                        + "; choose one of " + String.join(", ", names()) + "."));
    }
}
