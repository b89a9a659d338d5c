package org.angulus.loss;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.angulus.device.PairDistance;
import org.angulus.device.PairSelection;

/** The published losses on embeddings, by name, with the constants they were published with. */
public final class MetricLosses {
    /** What is said of one. */
    record Info(String name, String family, String formula, String source, String defaults, String published, MetricLoss loss) {}

    private static final String METRIC = "metric";

    private static final List<Info> ALL = List.of(
            new Info("deepid2", METRIC, "d^2 / 2; max(0, m - d)^2 / 2", "Sun et al. 2014, equation 2",
                    "raw features, weight 0.05 beside softmax, m set anew every 200,000 pairs", "LFW 99.15 % (25 patches, joint Bayesian)",
                    new MetricLoss.Contrastive(1, PairDistance.EUCLIDEAN, false, true)),
            new Info("contrastive-unit", METRIC, "d^2 / 2; max(0, m - d)^2 / 2", "Sun et al. 2014, equation 2, on rows of length 1", "m 1", "none",
                    new MetricLoss.Contrastive(1, PairDistance.EUCLIDEAN, true, false)),
            new Info("contrastive-cosine", METRIC, "1 - cos; max(0, cos - m)", "PyTorch's CosineEmbeddingLoss", "m 0", "none",
                    new MetricLoss.Contrastive(0, PairDistance.COSINE, true, false)),
            new Info("facenet", METRIC, "max(0, d_ap^2 - d_an^2 + alpha), semi-hard", "Schroff et al. 2015, equation 3", "alpha 0.2, unit rows, 128 numbers",
                    "LFW 99.63 %, YTF 95.12 %", new MetricLoss.Triplet(0.2, PairDistance.SQUARED, true, PairSelection.SEMI_HARD_RANDOM, false, 0, false, false)),
            new Info("facenet-loose", METRIC, "max(0, d_ap^2 - d_an^2 + alpha), any violator", "Parkhi et al. 2015; the public FaceNet program", "alpha 0.2, unit rows",
                    "LFW 98.95 % (VGG-Face)", new MetricLoss.Triplet(0.2, PairDistance.SQUARED, true, PairSelection.VIOLATOR, false, 0, false, false)),
            new Info("batch-hard", METRIC, "max(0, max d_ap - min d_an + m)", "Hermans et al. 2017, equation 5", "m 0.2, raw rows, 18 x 4", "none on faces",
                    new MetricLoss.Triplet(0.2, PairDistance.EUCLIDEAN, false, PairSelection.BATCH_HARD, false, 0, false, false)),
            new Info("batch-hard-soft", METRIC, "ln(1 + exp(max d_ap - min d_an))", "Hermans et al. 2017, section 2", "raw rows, 18 x 4; collapse shows as ln 2",
                    "none on faces", new MetricLoss.Triplet(0, PairDistance.EUCLIDEAN, false, PairSelection.BATCH_HARD, true, 0, false, false)),
            new Info("batch-all", METRIC, "max(0, d_ap - d_an + m), mean of those above 0", "Hermans et al. 2017, equation 6", "m 0.2, raw rows", "none on faces",
                    new MetricLoss.Triplet(0.2, PairDistance.EUCLIDEAN, false, PairSelection.ALL, false, 0, true, false)),
            new Info("soft-margin-pull", METRIC, "softplus(d_ap - d_an) + 0.001 softplus(d_ap)", "the article's code", "batch-hard, unit rows", "none",
                    new MetricLoss.Triplet(0, PairDistance.EUCLIDEAN, true, PairSelection.BATCH_HARD, true, 0.001, false, false)),
            new Info("angular-triplet", METRIC, "max(0, cos_an - cos_ap + alpha)", "the article's code", "alpha 0.06, batch-hard", "none",
                    new MetricLoss.Triplet(0.06, PairDistance.COSINE, true, PairSelection.BATCH_HARD, false, 0, false, false)),
            new Info("margin-based", METRIC, "max(0, alpha + y (d - beta))", "Wu et al. 2017, equation 5", "alpha 0.2, beta 1.2 learned, distance-weighted", "LFW 98.37 % (CASIA)",
                    new MetricLoss.MarginBased(0.2, 1.2, true, false, 0, PairDistance.EUCLIDEAN, PairSelection.DISTANCE_WEIGHTED)),
            new Info("margin-fixed", METRIC, "max(0, alpha + y (d - beta))", "the article's code", "alpha 0.2, beta 1.1", "none",
                    new MetricLoss.MarginBased(0.2, 1.1, false, false, 0, PairDistance.EUCLIDEAN, PairSelection.ALL)),
            new Info("angular-margin", METRIC, "max(0, alpha + y (beta - cos))", "the article's code", "alpha 0.05, beta 0.28 as a cosine", "none",
                    new MetricLoss.MarginBased(0.05, 0.72, false, false, 0, PairDistance.COSINE, PairSelection.ALL)),
            new Info("center", METRIC, "|x - c_y|^2 / 2", "Wen et al. 2016, equations 2 to 4", "centres move by 0.5 / (1 + n); weight 0.003 beside softmax (0.008 in its face release)",
                    "LFW 99.28 %", new MetricLoss.Center(0.5, true, false)),
            new Info("center-facenet", METRIC, "mean of (x - c_y)^2", "the public FaceNet program", "centres move by 0.05, mean over images and numbers", "none",
                    new MetricLoss.Center(0.05, false, true)));

    private MetricLosses() {}

    /** The names that {@link #named} knows. */
    public static List<String> names() {
        return ALL.stream().map(Info::name).toList();
    }

    /**
     * A loss with its published constants.
     *
     * @throws IllegalArgumentException with one sentence, when there is none of that name: it tells the nearest ones
     */
    public static MetricLoss named(String name) {
        return info(name).loss();
    }

    static List<Info> all() {
        return ALL;
    }

    static Info info(String name) {
        return ALL.stream().filter(info -> info.name().equals(name)).findFirst().orElseThrow(() -> new IllegalArgumentException("there is no loss '" + name
                + "' on embeddings; the nearest names are " + ALL.stream().map(Info::name).sorted(Comparator.comparingInt(other -> edits(name, other))).limit(3)
                        .collect(Collectors.joining(", ")) + "."));
    }

    /** Letters to insert, delete or change to get from one name to the other. */
    private static int edits(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
