package org.angulus.device;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The heads' formulas in double, by the angle where the kernels avoid it: what a head makes of the target's cosine and of the others'.
 *
 * @param kind which head
 * @param constants of its formulas
 * @param lambda annealing
 * @param name for messages
 */
record HeadFormula(HeadKind kind, HeadConstants constants, double lambda, String name) {
    private static final double LEAST_SINE = 1e-4;
    private static final int PURPOSE = 0x6d617267;

    /** A head without constants. */
    HeadFormula(HeadKind kind) {
        this(kind, HeadConstants.NONE, 0, kind.name());
    }

    @Override
    public String toString() {
        return name;
    }

    /** What a row's target gives, with the derivatives of z_y = S phi by |x| and by |w_y|. */
    record Target(double phi, double dphi, double dlength, double dclass, double turn, double penalty, double dpenalty) {
        Target(double phi, double dphi) {
            this(phi, dphi, 0, 0, 0, 0, 0);
        }
    }

    /** The same with moving averages of this rate. */
    HeadFormula withRate(float rate) {
        HeadConstants c = constants;
        return new HeadFormula(kind, new HeadConstants(c.flags(), c.centres(), c.seed(), c.m1(), c.m3(), c.filter(), rate, c.spread(), c.low(), c.high(), c.weight(),
                c.balance()), lambda, name);
    }

    boolean has(int flag) {
        return (constants.flags() & flag) != 0;
    }

    boolean filters() {
        return kind.isSoftmax() && kind.normalizes() && constants.filter() < 1;
    }

    /** Whether the loss by x or w can be compared with difference quotients: nothing in it is held constant. */
    boolean isExact() {
        return !has(HeadConstants.DETACHED) && !has(HeadConstants.NORMALIZED) && kind != HeadKind.CIRCLE;
    }

    /** phi and its derivatives; c is the logit for SOFTMAX and L_SOFTMAX. */
    Target target(double c, double x, double w, double s, double m, double[] state) {
        double share = 1 / (1 + lambda);
        return switch (kind) {
            case SOFTMAX, MODIFIED_SOFTMAX, NORMFACE, COCO, ADACOS -> new Target(c, 1);
            case AM_SOFTMAX -> new Target(c - m, 1);
            case L_SOFTMAX -> {
                Target psi = psi(c / (x * w), constants.m1());
                double radial = (psi.phi - c / (x * w) * psi.dphi) * share;
                yield new Target((lambda * c + x * w * psi.phi) * share, (lambda + psi.dphi) * share, w * radial, x * radial, 0, 0, 0);
            }
            case SPHEREFACE -> {
                Target psi = psi(c, constants.m1());
                double phi = (lambda * c + psi.phi) * share;
                if (!has(HeadConstants.NORMALIZED)) {
                    yield new Target(phi, (lambda + psi.dphi) * share);
                }
                double ofX = (psi.phi - c * psi.dphi) / x;
                double length = Math.hypot(ofX, psi.dphi);
                // dx of the target is to be dz (a w^ + b x) with these; G gives dz (w^ - c x^), and S = |x| gives dz phi x^.
                double a = (lambda + psi.dphi / length) * share;
                double b = ofX / length * share;
                yield new Target(phi, 1, b * x - (phi - c), 0, a - 1, 0, 0);
            }
            case SPHEREFACE_R -> detached(psi(c, constants.m1()));
            case ARCFACE, SUBCENTER_ARCFACE -> arc(c, m, has(HeadConstants.MONOTONE), has(HeadConstants.EASY));
            case COMBINED -> {
                double angle = constants.m1() * Math.acos(c) + m;
                yield detached(new Target(Math.cos(angle) - constants.m3(), constants.m1() * Math.sin(angle) / sine(c)));
            }
            case MAGFACE -> {
                double a = Math.clamp(x, constants.low(), constants.high());
                double slope = (constants.m3() - m) / (constants.high() - constants.low());
                double own = m + slope * (a - constants.low());
                Target arc = arc(c, own, false, true);
                boolean inside = a == x;
                double far = (double) constants.high() * constants.high();
                yield new Target(arc.phi, arc.dphi, inside && c > 0 ? -s * Math.sin(Math.acos(c) + own) * slope : 0, 0, 0, constants.weight() * (a / far + 1 / a),
                        inside ? constants.weight() * (1 / far - 1 / (a * a)) : 0);
            }
            case ADAFACE -> {
                double q = Math.clamp(constants.spread() * (adaLength(x) - state[0]) / (state[1] + 1e-3), -1, 1);
                double within = Math.clamp(c, -1 + 1e-3, 1 - 1e-3);
                double angle = Math.acos(within) - m * q;
                double held = Math.clamp(angle, 1e-3, Math.PI - 1e-3);
                yield detached(new Target(Math.cos(held) - (m + m * q), held == angle && within == c ? Math.sin(angle) / Math.sin(Math.acos(c)) : 0));
            }
            case ELASTICFACE -> has(HeadConstants.COSINE) ? new Target(c - m, 1) : arc(c, m, false, false);
            case CURRICULARFACE -> arc(c, m, true, false);
            case CIRCLE -> {
                double factor = Math.max(0, 1 + m - c);
                yield new Target(factor * (c - (1 - m)), factor);
            }
            case SPHEREFACE2 -> detached(new Target(stretched(c) - m, stretchedSlope(c)));
            case C_CONTRASTIVE, C_TRIPLET -> new Target(2 * c, 2);
        };
    }

    private Target detached(Target exact) {
        return has(HeadConstants.DETACHED) ? new Target(exact.phi, 1) : exact;
    }

    private static double sine(double c) {
        return Math.max(LEAST_SINE, Math.sqrt((1 - c) * (1 + c)));
    }

    /** psi_m and its derivative by c. */
    private static Target psi(double c, double m) {
        double angle = m * Math.acos(Math.clamp(c, -1, 1));
        double k = Math.min(Math.floor(angle / Math.PI), m == Math.rint(m) ? m - 1 : 100);
        double sign = k % 2 == 0 ? 1 : -1;
        boolean atOne = c > 0 && Math.sqrt((1 - c) * (1 + c)) < LEAST_SINE;
        return new Target(sign * Math.cos(angle) - 2 * k, sign * m * (atOne ? m : Math.sin(angle) / sine(c)));
    }

    private Target arc(double c, double m, boolean monotone, boolean easy) {
        double t = Math.acos(c);
        Target exact = easy && c <= 0 ? new Target(c, 1)
                : monotone && t > Math.PI - m ? new Target(c - m * Math.sin(m), 1)
                : new Target(Math.cos(t + m), Math.cos(m) + c * Math.sin(m) / sine(c));
        return detached(exact);
    }

    private double stretched(double c) {
        return 2 * Math.pow((c + 1) / 2, constants.spread()) - 1;
    }

    private double stretchedSlope(double c) {
        return constants.spread() * Math.pow((c + 1) / 2, constants.spread() - 1);
    }

    static double adaLength(double length) {
        return Math.clamp(length, 1e-3, 100);
    }

    /** t(c) and its derivative for a class that is not the target. */
    double[] other(double c, double phi, double m, double[] state) {
        if (filters()) {
            return c > constants.filter() ? new double[] {0, 0} : new double[] {c, 1};
        }
        return switch (kind) {
            case CURRICULARFACE -> c > phi ? new double[] {c * (state[0] + c), 2 * c + state[0]} : new double[] {c, 1};
            case CIRCLE -> new double[] {Math.max(0, c + m) * (c - m), Math.max(0, c + m)};
            case SPHEREFACE2 -> new double[] {stretched(c) + m, has(HeadConstants.DETACHED) ? 1 : stretchedSlope(c)};
            case C_CONTRASTIVE, C_TRIPLET -> new double[] {2 * c, 2};
            default -> new double[] {c, 1};
        };
    }

    /** What is added to S t(c). */
    double offset(double phi, double m, double bias) {
        return switch (kind) {
            case SPHEREFACE2 -> bias;
            case C_CONTRASTIVE -> m - 2;
            case C_TRIPLET -> m - phi;
            default -> 0;
        };
    }

    /** The term of another class in a loss that is a sum, and its derivative by z. */
    double[] term(double z, double s) {
        if (kind != HeadKind.SPHEREFACE2) {
            return new double[] {Math.max(0, z), z > 0 ? 1 : 0};
        }
        double weight = constants.weight() * (1 - constants.balance()) / s;
        return new double[] {weight * softplus(z), weight / (1 + Math.exp(-z))};
    }

    /** The row's loss that is a sum, and its derivative by z_y. */
    double[] sum(double phi, double s, double bias, double terms, double pulls) {
        return switch (kind) {
            case SPHEREFACE2 -> {
                double weight = constants.weight() * constants.balance() / s;
                double z = s * phi + bias;
                yield new double[] {terms + weight * softplus(-z), -weight / (1 + Math.exp(z))};
            }
            case C_CONTRASTIVE -> new double[] {terms + 2 - phi, -1};
            default -> new double[] {terms, -pulls};
        };
    }

    private static double softplus(double z) {
        return Math.max(0, z) + Math.log1p(Math.exp(-Math.abs(z)));
    }

    /** m of each row. cosines: the targets'. */
    double[] margins(double m, double[] cosines, long randomCounter) {
        int n = cosines.length;
        double[] margins = new double[n];
        for (int i = 0; i < n; i++) {
            margins[i] = m;
            if (kind == HeadKind.ELASTICFACE) {
                double length = Math.sqrt(-2 * Math.log(1 - PhiloxReference.uniform(constants.seed(), PURPOSE, randomCounter, 4L * i)));
                margins[i] += constants.spread() * length * Math.cos(2 * Math.PI * PhiloxReference.uniform(constants.seed(), PURPOSE, randomCounter, 4L * i + 1));
            }
        }
        if (!has(HeadConstants.SORTED)) {
            return margins;
        }
        int[] bySize = IntStream.range(0, n).boxed().sorted(Comparator.comparingDouble(i -> margins[i])).mapToInt(i -> i).toArray();
        int[] byEase = IntStream.range(0, n).boxed().sorted(Comparator.comparingDouble(i -> -cosines[i])).mapToInt(i -> i).toArray();
        double[] sorted = new double[n];
        for (int rank = 0; rank < n; rank++) {
            sorted[byEase[rank]] = margins[bySize[rank]];
        }
        return sorted;
    }

    /** The state after a batch. */
    double[] state(double[] before, double[] cosines, double[] lengths) {
        int n = cosines.length;
        double[] after = before.clone();
        double rate = constants.rate();
        double[] values = kind == HeadKind.ADAFACE ? Arrays.stream(lengths).map(HeadFormula::adaLength).toArray() : cosines;
        double mean = Arrays.stream(values).average().orElseThrow();
        if (kind.hasState()) {
            after[0] = (1 - rate) * before[0] + rate * mean;
        }
        if (kind == HeadKind.ADAFACE && n > 1) {
            double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
            after[1] = (1 - rate) * before[1] + rate * Math.sqrt(squares / (n - 1));
        }
        return after;
    }
}
