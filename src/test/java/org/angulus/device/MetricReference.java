package org.angulus.device;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * A loss on distances by the formulas of the header: terms are listed one by one, each with its derivatives by the distances and by b; loss, coefficients and
 * summary are sums over the list. Distances are given, so that choices fall as on the device.
 */
final class MetricReference {
    /** Adds derivatives: (anchor, other) and value. */
    private record Slope(int other, double value) {
    }

    private record Term(int anchor, double loss, List<Slope> slopes, double byBeta) {
    }

    /** What a case is about; betas by row. */
    record Rules(MetricKind kind, PairDistance distance, PairSelection selection, boolean soft, boolean ofActive, boolean farthest, double margin, double weight,
                 double pull, double nu, int d) {
    }

    static final long SEED = 12345;
    static final int PURPOSE = 7;
    static final long COUNTER = 99;

    private final Rules rules;
    private final int n;
    private final double[] distances;
    private final int[] labels;
    private final double[] beta;
    private final List<Term> terms = new ArrayList<>();
    private int wanted;
    private int skipped;

    MetricReference(Rules rules, int n, double[] distances, int[] labels, double[] beta) {
        this.rules = rules;
        this.n = n;
        this.distances = distances;
        this.labels = labels;
        this.beta = beta;
        boolean paired = rules.kind != MetricKind.TRIPLET;
        for (int a = 0; a < n; a++) {
            if (paired && rules.selection == PairSelection.ALL) {
                for (int j = 0; j < n; j++) {
                    addPair(a, j);
                }
            } else if (rules.selection == PairSelection.PAIRS) {
                if (a % 2 == 0 && a + 1 < n) {
                    addPair(a, a + 1);
                }
            } else if (rules.selection == PairSelection.TRIPLETS) {
                if (a % 3 == 0 && a + 1 < n && positive(a, a + 1)) {
                    wanted++;
                    if (a + 2 < n && negative(a, a + 2)) {
                        addTriplet(a, a + 1, a + 2);
                    } else {
                        skipped++;
                    }
                }
            } else if (rules.selection == PairSelection.BATCH_HARD) {
                hardest(a);
            } else {
                ofPositives(a, paired);
            }
        }
    }

    /** All distances of the rows of x. */
    static Expected distances(PairDistance kind, int n, int d, double[] x) {
        Expected all = new Expected(n * n, d + 3L);
        for (int at = 0; at < n * n; at++) {
            int i = at / n;
            int j = at % n;
            if (kind == PairDistance.COSINE) {
                all.add(at, 1);
            }
            for (int k = 0; k < d; k++) {
                double difference = x[i * d + k] - x[j * d + k];
                all.add(at, kind == PairDistance.COSINE ? -x[i * d + k] * x[j * d + k] : difference * difference);
            }
            if (kind == PairDistance.EUCLIDEAN) {
                all.value[at] = Math.sqrt(all.value[at]);
                all.magnitude[at] = all.value[at];
            }
        }
        return all;
    }

    /** dx from coefficients by distance. */
    static Expected backward(PairDistance kind, int n, int d, double[] x, double[] distances, double[] coefficients) {
        Expected dx = new Expected(n * d, n + 4L);
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                double both = coefficients[i * n + j] + coefficients[j * n + i];
                double length = distances[i * n + j];
                if (i == j || kind == PairDistance.EUCLIDEAN && length == 0) {
                    continue;
                }
                for (int k = 0; k < d; k++) {
                    double difference = x[i * d + k] - x[j * d + k];
                    dx.add(i * d + k, both * switch (kind) {
                        case SQUARED -> 2 * difference;
                        case EUCLIDEAN -> difference / length;
                        case COSINE -> -x[j * d + k];
                    });
                }
            }
        }
        return dx;
    }

    private double d(int i, int j) {
        return distances[i * n + j];
    }

    private boolean positive(int a, int j) {
        return j != a && labels[a] == labels[j];
    }

    private boolean negative(int a, int j) {
        return labels[a] != labels[j];
    }

    /** The column that is largest by {@code sign} times its distance, the lowest of equals; -1 without one. */
    private int extreme(int a, double sign, IntPredicate wanted) {
        int best = -1;
        for (int j = 0; j < n; j++) {
            if (wanted.test(j) && (best < 0 || sign * d(a, j) > sign * d(a, best))) {
                best = j;
            }
        }
        return best;
    }

    private void hardest(int a) {
        int p = extreme(a, 1, j -> positive(a, j));
        int other = extreme(a, -1, j -> negative(a, j));
        wanted++;
        if (p < 0 || other < 0) {
            skipped++;
        } else {
            addTriplet(a, p, other);
        }
    }

    private void ofPositives(int a, boolean paired) {
        for (int p = 0; p < n; p++) {
            if (!positive(a, p)) {
                continue;
            }
            wanted++;
            if (rules.selection == PairSelection.ALL) {
                for (int j = 0; j < n; j++) {
                    if (negative(a, j)) {
                        addTriplet(a, p, j);
                    }
                }
                continue;
            }
            int chosen = chosen(a, p);
            if (chosen < 0) {
                skipped++;
            } else if (paired) {
                addPair(a, p);
                addPair(a, chosen);
            } else {
                addTriplet(a, p, chosen);
            }
        }
    }

    private int chosen(int a, int p) {
        double u = PhiloxReference.uniform(SEED, PURPOSE, COUNTER, (long) a * n + p);
        switch (rules.selection) {
            case SEMI_HARD -> {
                int nearest = extreme(a, -1, j -> negative(a, j) && d(a, j) > d(a, p));
                return nearest >= 0 || !rules.farthest ? nearest : extreme(a, 1, j -> negative(a, j));
            }
            case DISTANCE_WEIGHTED -> {
                return byWeight(a, u);
            }
            default -> {
                int[] within = java.util.stream.IntStream.range(0, n).filter(j -> negative(a, j) && d(a, j) < d(a, p) + rules.margin
                        && (rules.selection == PairSelection.VIOLATOR || d(a, j) > d(a, p))).toArray();
                return within.length == 0 ? -1 : within[(int) (u * within.length)];
            }
        }
    }

    /** Log of the inverse density, -infinity where excluded. */
    double logWeight(double d) {
        double length = switch (rules.distance) {
            case EUCLIDEAN -> d;
            case SQUARED -> Math.sqrt(d);
            case COSINE -> Math.sqrt(2 * d);
        };
        double clamped = Math.max(length, 0.5);
        return length >= 1.4 ? Double.NEGATIVE_INFINITY : (2 - rules.d) * Math.log(clamped) - (rules.d - 3) / 2.0 * Math.log(1 - clamped * clamped / 4);
    }

    private int byWeight(int a, double u) {
        double[] weights = new double[n];
        double largest = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < n; j++) {
            weights[j] = negative(a, j) ? logWeight(d(a, j)) : Double.NEGATIVE_INFINITY;
            largest = Math.max(largest, weights[j]);
        }
        double total = 0;
        for (int j = 0; j < n; j++) {
            weights[j] = !negative(a, j) ? 0 : largest == Double.NEGATIVE_INFINITY ? 1 : Math.exp(weights[j] - largest);
            total += weights[j];
        }
        double sum = 0;
        int last = -1;
        for (int j = 0; j < n; j++) {
            sum += weights[j];
            last = weights[j] > 0 ? j : last;
            if (weights[j] > 0 && sum > u * total) {
                return j;
            }
        }
        return last;
    }

    private static double softplus(double z) {
        return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
    }

    private static double sigmoid(double z) {
        return 1 / (1 + Math.exp(-z));
    }

    private void addTriplet(int a, int p, int other) {
        double z = d(a, p) - d(a, other);
        if (rules.soft) {
            double slope = sigmoid(z);
            terms.add(new Term(a, softplus(z) + rules.pull * softplus(d(a, p)),
                    List.of(new Slope(p, slope + rules.pull * sigmoid(d(a, p))), new Slope(other, -slope)), 0));
        } else {
            boolean active = z + rules.margin > 0;
            terms.add(new Term(a, Math.max(0, z + rules.margin), active ? List.of(new Slope(p, 1), new Slope(other, -1)) : List.of(), 0));
        }
    }

    private void addPair(int a, int j) {
        if (a == j) {
            return;
        }
        boolean same = labels[a] == labels[j];
        double d = d(a, j);
        if (rules.kind == MetricKind.MARGIN) {
            double y = same ? 1 : -1;
            double z = rules.margin + y * (d - beta[a]);
            terms.add(new Term(a, Math.max(0, z), z > 0 ? List.of(new Slope(j, y)) : List.of(), z > 0 ? -y : 0));
        } else if (rules.distance == PairDistance.COSINE) {
            double z = 1 - d - rules.margin;
            terms.add(same ? new Term(a, d, List.of(new Slope(j, 1)), 0) : new Term(a, Math.max(0, z), z > 0 ? List.of(new Slope(j, -1)) : List.of(), 0));
        } else {
            double z = Math.max(0, rules.margin - d);
            terms.add(same ? new Term(a, d * d / 2, List.of(new Slope(j, d)), 0) : new Term(a, z * z / 2, List.of(new Slope(j, -z)), 0));
        }
    }

    private double divisor() {
        return rules.ofActive ? terms.stream().filter(term -> term.loss > 0).count() : terms.size();
    }

    private double meanBeta() {
        double sum = 0;
        for (double b : beta) {
            sum += b;
        }
        return rules.kind == MetricKind.MARGIN ? sum / n : 0;
    }

    double loss() {
        double sum = terms.stream().mapToDouble(Term::loss).sum();
        return (divisor() == 0 ? 0 : sum / divisor()) + rules.nu * meanBeta();
    }

    Expected coefficients() {
        Expected all = new Expected(n * n, 16 + terms.size());
        double factor = divisor() == 0 ? 0 : rules.weight / divisor();
        for (Term term : terms) {
            term.slopes.forEach(slope -> all.add(term.anchor * n + slope.other, factor * slope.value));
        }
        for (int i = 0; i < all.magnitude.length; i++) {
            all.magnitude[i] *= 8; // an exponential in the slope
        }
        return all;
    }

    Expected dbeta() {
        Expected all = new Expected(n, 4L * n);
        double factor = divisor() == 0 ? 0 : rules.weight / divisor();
        terms.forEach(term -> all.add(term.anchor, factor * term.byBeta));
        for (int i = 0; i < n; i++) {
            all.add(i, rules.weight * rules.nu / n);
        }
        return all;
    }

    MetricSummary summary() {
        double[] sums = new double[4];
        double collapsed = 0;
        for (int i = 0; i < n; i++) {
            double farthest = 0;
            for (int j = 0; j < n; j++) {
                if (i != j) {
                    int at = labels[i] == labels[j] ? 0 : 2;
                    sums[at] += d(i, j);
                    sums[at + 1]++;
                    farthest = Math.max(farthest, d(i, j));
                }
            }
            collapsed += farthest < 1e-3 ? 1 : 0;
        }
        double active = terms.stream().filter(term -> term.loss > 0).count();
        return new MetricSummary((float) loss(), (float) (terms.isEmpty() ? 0 : active / terms.size()), terms.size(),
                (float) (wanted == 0 ? 0 : (double) skipped / wanted), (float) (sums[0] / Math.max(1, sums[1])), (float) (sums[2] / Math.max(1, sums[3])),
                (float) (collapsed / n), (float) meanBeta());
    }
}
