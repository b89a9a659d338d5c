package org.angulus.device;

import java.util.Arrays;

/**
 * A margin head over all classes, from raw embeddings x (N,D) and class vectors w (classes,K,D): cosines, logits, loss and gradients by the formulas of the header
 * and of {@link HeadFormula}. The error of a logit is that of its cosine times the scale S and the slope of t or phi; it enters p = exp(z - logSumExp) as a relative
 * error. The magnitudes of what comes after the exponential are therefore multiplied by 1 + 2 S max|c terms|. The target's p_y - 1 = -(the sum of the others' p) is
 * as precise as they are, however small the loss is.
 *
 * <p>With products in bf16 the rows of x^ and w^ are rounded as the device rounds them, and the target's cosine is not. The device rounds the gradients by
 * cosine too, to one side or the other, by up to 2^-8 of each: what that moves is allowed.
 */
final class HeadReference {
    private static final double BF16_UNIT = 0x1p-8;
    static final long RANDOM_COUNTER = 77;

    final HeadFormula formula;
    private final HeadKind kind;
    private final Type type;
    final int n;
    final int d;
    final int classes;
    final int centres;
    final NormGuard guard;
    final double[] x;
    final double[] w;
    final double[] bias;
    final int[] labels;
    final double scale;
    final double margin;
    final double[] inverseX;
    final double[] inverseW;
    /** Of the products: the largest of a class's centres. */
    final Expected cosines;
    /** Which of the class's centres gave it. */
    private final int[] centre;
    /** Rows of x^ and of w^ as the products take them. */
    private final double[] factorsX;
    private final double[] factorsW;
    private final double[] targetCosines;
    /** m of each row. */
    private final double[] margins;
    /** After the batch. */
    final double[] state;
    private final HeadFormula.Target[] targets;
    /** Where the loss is a sum: its derivative by z_y. */
    final double[] logSumExp;
    /** log1p of the others' exp(z_j - z_y): a small one keeps its digits. */
    final double[] losses;
    /** How much an error of a cosine of a row grows on its way through the exponential. */
    private final double[] growth;

    HeadReference(HeadFormula formula, Type type, int n, int d, int classes, NormGuard guard, double[] x, double[] w, double[] bias, int[] labels, double scale,
            double margin, double[] before) {
        this.formula = formula;
        this.kind = formula.kind();
        this.type = type;
        this.n = n;
        this.d = d;
        this.classes = classes;
        this.centres = formula.constants().centres();
        this.guard = guard;
        this.x = x;
        this.w = w;
        this.bias = bias;
        this.labels = labels;
        this.scale = scale;
        this.margin = margin;
        inverseX = inverses(x, n);
        inverseW = inverses(w, classes * centres);
        factorsX = factors(x, inverseX);
        factorsW = factors(w, inverseW);
        cosines = new Expected(n * classes, d + 3L);
        centre = new int[n * classes];
        targetCosines = new double[n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < classes; j++) {
                setCosine(i, j);
            }
            targetCosines[i] = targetCosine(i, labels[i]);
        }
        margins = formula.margins(margin, targetCosines, RANDOM_COUNTER);
        state = formula.state(before, targetCosines, lengths(inverseX));
        targets = new HeadFormula.Target[n];
        growth = new double[n];
        logSumExp = new double[n];
        losses = new double[n];
        for (int i = 0; i < n; i++) {
            int vector = labels[i] * centres;
            targets[i] = formula.target(targetCosines[i], 1 / inverseX[i], 1 / inverseW[vector], s(i), margins[i], state);
            setLoss(i);
        }
    }

    private static double[] lengths(double[] inverses) {
        return Arrays.stream(inverses).map(v -> 1 / v).toArray();
    }

    private void setCosine(int i, int j) {
        int at = i * classes + j;
        for (int k = 0; k < centres; k++) {
            double value = 0;
            double magnitude = 0;
            for (int e = 0; e < d; e++) {
                double term = factorsX[i * d + e] * factorsW[(j * centres + k) * d + e];
                value += term;
                magnitude += Math.abs(term);
            }
            if (kind == HeadKind.SOFTMAX) {
                value += bias[j];
                magnitude += Math.abs(bias[j]);
            }
            value = kind.normalizes() ? Math.clamp(value, -1, 1) : value;
            cosines.magnitude[at] = Math.max(cosines.magnitude[at], magnitude);
            if (k == 0 || value > cosines.value[at]) {
                cosines.value[at] = value;
                centre[at] = k;
            }
        }
    }

    private double targetCosine(int i, int label) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < centres; k++) {
            int vector = label * centres + k;
            double value = kind == HeadKind.SOFTMAX ? bias[label] : 0;
            double inverse = kind.normalizes() ? inverseX[i] * inverseW[vector] : 1;
            for (int e = 0; e < d; e++) {
                value += x[i * d + e] * w[vector * d + e] * inverse;
            }
            largest = Math.max(largest, value);
        }
        return kind.normalizes() ? Math.clamp(largest, -1, 1) : largest;
    }

    private void setLoss(int i) {
        double largest = cosines.magnitude[i * classes + labels[i]] * Math.abs(targets[i].dphi()) + Math.abs(targets[i].phi());
        double others = 0;
        double pulls = 0;
        double own = s(i) * targets[i].phi();
        for (int j = 0; j < classes; j++) {
            largest = Math.max(largest, cosines.magnitude[i * classes + j] * Math.max(1, Math.abs(other(i, j)[1])) + 1);
            if (j != labels[i]) {
                double z = logit(i, j);
                double[] term = kind.isSoftmax() ? new double[] {Math.exp(z - own), 0} : formula.term(z, s(i));
                others += term[0];
                pulls += term[1];
            }
        }
        growth[i] = 1 + 2 * s(i) * largest;
        double[] sum = kind.isSoftmax() ? new double[] {Math.log1p(others), own + Math.log1p(others)} : formula.sum(targets[i].phi(), s(i), bias[0], others, pulls);
        losses[i] = sum[0];
        logSumExp[i] = sum[1];
    }

    private double[] inverses(double[] rows, int count) {
        double[] inverse = new double[count];
        RowNormReference norms = new RowNormReference(count, d, guard, rows);
        for (int i = 0; i < count; i++) {
            inverse[i] = kind.needsLengths() ? norms.inverse(i) : 1;
        }
        return inverse;
    }

    private double[] factors(double[] rows, double[] inverses) {
        double[] factors = new double[rows.length];
        for (int i = 0; i < rows.length; i++) {
            double inverse = kind.normalizes() ? inverses[i / d] : 1;
            factors[i] = type == Type.F32 ? rows[i] * inverse : Numbers.round(Type.BF16, (float) rows[i] * (float) inverse);
        }
        return factors;
    }

    /** Of the products. */
    double c(int i, int j) {
        return cosines.value[i * classes + j];
    }

    double targetCosine(int i) {
        return targetCosines[i];
    }

    /** S of a row. */
    double s(int i) {
        return switch (kind) {
            case SOFTMAX, L_SOFTMAX, C_CONTRASTIVE, C_TRIPLET -> 1;
            case MODIFIED_SOFTMAX, SPHEREFACE -> 1 / inverseX[i];
            default -> scale;
        };
    }

    /** t(c) and t'(c). */
    private double[] other(int i, int j) {
        return formula.other(c(i, j), targets[i].phi(), margin, state);
    }

    double logit(int i, int j) {
        if (j == labels[i]) {
            return s(i) * targets[i].phi() + (kind == HeadKind.SPHEREFACE2 ? bias[0] : 0);
        }
        return s(i) * other(i, j)[0] + formula.offset(targets[i].phi(), margin, bias[0]);
    }

    /** The rows of `target`. What a rounding of c makes of phi' and its kin is taken from their difference quotients. */
    Expected target() {
        Expected target = new Expected(HeadOperands.TARGET_ROWS * n, d + 3L);
        for (int i = 0; i < n; i++) {
            HeadFormula.Target t = targets[i];
            double magnitude = cosines.magnitude[i * classes + labels[i]];
            double angles = kind == HeadKind.SOFTMAX || kind == HeadKind.MODIFIED_SOFTMAX || kind == HeadKind.NORMFACE || kind == HeadKind.AM_SOFTMAX ? 0 : 8;
            HeadFormula.Target moved = moved(i);
            set(target, i, targetCosines[i], magnitude);
            set(target, n + i, t.phi(), magnitude * Math.max(1, Math.abs(trueSlope(i))) + Math.abs(margins[i]) + angles * (1 + Math.abs(t.phi())));
            set(target, 2 * n + i, t.dphi(), bound(t.dphi(), moved.dphi(), magnitude, angles));
            set(target, 3 * n + i, s(i), s(i));
            set(target, 4 * n + i, margins[i], 4 * Math.abs(margins[i]) + 4 * formula.constants().spread());
            set(target, 5 * n + i, t.dlength(), bound(t.dlength(), moved.dlength(), magnitude, angles * (kind == HeadKind.MAGFACE ? scale : 1 + 1 / inverseW[labels[i] * centres])));
            set(target, 6 * n + i, t.dclass(), bound(t.dclass(), moved.dclass(), magnitude, angles / inverseX[i]));
            set(target, 7 * n + i, t.turn(), bound(t.turn(), moved.turn(), magnitude, angles));
            set(target, 8 * n + i, t.penalty(), Math.abs(t.penalty()));
            set(target, 9 * n + i, t.dpenalty(), 4 * formula.constants().weight() * inverseX[i] * inverseX[i]);
        }
        return target;
    }

    private static final double MOVE = 1e-5;

    /** The target at a cosine a little nearer to 0. */
    private HeadFormula.Target moved(int i) {
        double by = MOVE * (kind.normalizes() ? 1 : 1 / (inverseX[i] * inverseW[labels[i] * centres]));
        return formula.target(targetCosines[i] - Math.copySign(by, targetCosines[i]), 1 / inverseX[i], 1 / inverseW[labels[i] * centres], s(i), margins[i], state);
    }

    private static double bound(double value, double moved, double magnitude, double angles) {
        return Math.abs(moved - value) / MOVE * (magnitude + 1) + Math.abs(value) * (angles == 0 ? 1 : 8) + angles;
    }

    /** phi' where the gradient says 1: what an error of c makes of phi. */
    private double trueSlope(int i) {
        double by = MOVE * (kind.normalizes() ? 1 : 1 / (inverseX[i] * inverseW[labels[i] * centres]));
        return (moved(i).phi() - targets[i].phi()) / by;
    }

    private static void set(Expected e, int i, double value, double magnitude) {
        e.value[i] = value;
        e.magnitude[i] = magnitude;
    }

    /** Partials of the classes [first, first + count) other than the label. */
    Expected partial(int first, int count) {
        Expected partial = new Expected(HeadOperands.PARTIAL_ROWS * n, d + count);
        for (int i = 0; i < n; i++) {
            double largest = Double.NEGATIVE_INFINITY;
            for (int j = first; j < first + count; j++) {
                largest = j == labels[i] ? largest : Math.max(largest, logit(i, j));
            }
            set(partial, i, largest, growth[i]);
            for (int j = first; j < first + count; j++) {
                if (j != labels[i]) {
                    double[] term = kind.isSoftmax() ? new double[] {Math.exp(logit(i, j) - largest), 0} : formula.term(logit(i, j), s(i));
                    partial.value[n + i] += term[0];
                    partial.magnitude[n + i] += kind.isSoftmax() ? term[0] * growth[i] : term[0] + term[1] * growth[i];
                    partial.value[3 * n + i] += term[1];
                    partial.magnitude[3 * n + i] += kind == HeadKind.SPHEREFACE2 ? term[1] * growth[i] : term[1];
                    partial.value[2 * n + i] += c(i, j);
                    partial.magnitude[2 * n + i] += cosines.magnitude[i * classes + j];
                }
            }
        }
        return partial;
    }

    /** Class of the largest logit in the range other than the label; -1 without one. */
    int best(int i, int first, int count) {
        int best = -1;
        for (int j = first; j < first + count; j++) {
            if (j != labels[i] && (best < 0 || logit(i, j) > logit(i, best))) {
                best = j;
            }
        }
        return best;
    }

    Expected expectedLogSumExps() {
        Expected result = new Expected(n, d + classes);
        for (int i = 0; i < n; i++) {
            set(result, i, logSumExp[i], growth[i] + Math.abs(logSumExp[i]));
        }
        return result;
    }

    Expected expectedLosses() {
        Expected result = new Expected(n, d + classes);
        for (int i = 0; i < n; i++) {
            double by = kind.isSoftmax() ? -Math.expm1(-losses[i]) : Math.abs(logSumExp[i]) + 1;
            set(result, i, losses[i], by * growth[i] + losses[i]);
        }
        return result;
    }

    double loss() {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += losses[i] + targets[i].penalty();
        }
        return sum / n;
    }

    double accuracy() {
        double right = 0;
        for (int i = 0; i < n; i++) {
            int best = best(i, 0, classes);
            double asOther = formula.filters() ? targetCosines[i] : formula.other(targetCosines[i], targets[i].phi(), margin, state)[0];
            right += best < 0 || asOther > other(i, best)[0] ? 1 : 0;
        }
        return right / n;
    }

    double targetCosine() {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += targetCosines[i];
        }
        return sum / n;
    }

    double otherCosine() {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < classes; j++) {
                sum += j == labels[i] ? 0 : c(i, j);
            }
        }
        return sum / n / Math.max(classes - 1, 1);
    }

    /** Gradient of the mean loss by logit (i, j). */
    private double dz(int i, int j) {
        if (!kind.isSoftmax()) {
            return (j == labels[i] ? logSumExp[i] : formula.term(logit(i, j), s(i))[1]) / n;
        }
        return (j == labels[i] ? Math.expm1(-losses[i]) : Math.exp(logit(i, j) - logSumExp[i])) / n;
    }

    private double dzMagnitude(int i, int j) {
        return Math.abs(dz(i, j)) * growth[i];
    }

    /** dz/dc. */
    private double slope(int i, int j) {
        return s(i) * (j == labels[i] ? targets[i].dphi() : other(i, j)[1]);
    }

    /** Its magnitude: t' errs where t is curved. */
    private double slopeMagnitude(int i, int j) {
        return Math.abs(slope(i, j)) + (formula.other(0.5, 0, margin, state)[1] == 1 ? 0 : s(i) * (1 + 2 * formula.constants().spread()));
    }

    /** dx of the classes [first, first + count). */
    Expected dx(int first, int count) {
        Expected dx = new Expected(n * d, d + count);
        RowNormReference norms = new RowNormReference(n, d, guard, x);
        for (int i = 0; i < n; i++) {
            boolean free = kind.needsLengths() && !norms.clamped(i);
            double inverse = kind.normalizes() ? inverseX[i] : 1;
            for (int j = first; j < first + count; j++) {
                int at = i * classes + j;
                double g = dz(i, j) * slope(i, j);
                addRow(dx, i, g, dzMagnitude(i, j) * slopeMagnitude(i, j), inverse, x, i, factorsW, j * centres + centre[at], kind.normalizes() && free ? at : -1);
                if (j == labels[i] && targets[i].turn() != 0) {
                    double turn = dz(i, j) * s(i) * targets[i].turn();
                    addRow(dx, i, turn, Math.abs(turn) * growth[i], inverse, x, i, factorsW, j, -1);
                }
            }
            if (free) {
                double[] length = length(i, first, count);
                for (int k = 0; k < d; k++) {
                    dx.value[i * d + k] += length[0] * x[i * d + k] * inverseX[i];
                    dx.magnitude[i * d + k] += length[1] * Math.abs(x[i * d + k]) * inverseX[i];
                }
            }
        }
        return dx;
    }

    /** dL/d|x| at the same cosines, and its magnitude. */
    private double[] length(int i, int first, int count) {
        double[] sum = kind == HeadKind.MODIFIED_SOFTMAX || kind == HeadKind.SPHEREFACE ? dscaleOf(i, first, count) : new double[2];
        if (labels[i] >= first && labels[i] < first + count) {
            double own = dz(i, labels[i]) * targets[i].dlength();
            sum[0] += own + targets[i].dpenalty() / n;
            sum[1] += dzMagnitude(i, labels[i]) * Math.abs(targets[i].dlength()) + Math.abs(targets[i].dpenalty());
        }
        return sum;
    }

    /** Adds own' (g other^ - g c own^) to a row of `out`; cosine -1: without the projection. */
    private void addRow(Expected out, int row, double g, double magnitude, double ownInverse, double[] own, int ownRow, double[] other, int otherRow, int cosine) {
        for (int k = 0; k < d; k++) {
            double direct = other[otherRow * d + k] * ownInverse;
            out.value[row * d + k] += g * direct;
            out.magnitude[row * d + k] += magnitude * Math.abs(direct);
            out.allowance[row * d + k] += type == Type.F32 ? 0 : BF16_UNIT * Math.abs(g * direct);
            if (cosine >= 0) {
                double unit = own[ownRow * d + k] * ownInverse * ownInverse;
                out.value[row * d + k] -= g * cosines.value[cosine] * unit;
                out.magnitude[row * d + k] += magnitude * cosines.magnitude[cosine] * Math.abs(unit);
                out.allowance[row * d + k] += type == Type.F32 ? 0 : BF16_UNIT * Math.abs(g * cosines.value[cosine] * unit);
            }
        }
    }

    /** dw of the classes [first, first + count): (count, K, D). */
    Expected dw(int first, int count) {
        Expected dw = new Expected(count * centres * d, d + n);
        RowNormReference norms = new RowNormReference(classes * centres, d, guard, w);
        for (int j = first; j < first + count; j++) {
            for (int i = 0; i < n; i++) {
                int at = i * classes + j;
                int vector = j * centres + centre[at];
                int row = vector - first * centres;
                boolean free = kind.needsLengths() && !norms.clamped(vector);
                double inverse = kind.normalizes() ? inverseW[vector] : 1;
                addRow(dw, row, dz(i, j) * slope(i, j), dzMagnitude(i, j) * slopeMagnitude(i, j), inverse, w, vector, factorsX, i, kind.normalizes() && free ? at : -1);
                for (int k = 0; free && j == labels[i] && k < d; k++) {
                    double unit = w[vector * d + k] * inverseW[vector];
                    dw.value[row * d + k] += dz(i, j) * targets[i].dclass() * unit;
                    dw.magnitude[row * d + k] += dzMagnitude(i, j) * Math.abs(targets[i].dclass() * unit);
                }
            }
        }
        return dw;
    }

    Expected dbias(int first, int count) {
        Expected dbias = new Expected(count, d + n);
        for (int j = first; j < first + count; j++) {
            for (int i = 0; i < n; i++) {
                dbias.value[j - first] += dz(i, j);
                dbias.magnitude[j - first] += dzMagnitude(i, j);
            }
        }
        return dbias;
    }

    private double[] dscaleOf(int i, int first, int count) {
        double[] sum = new double[2];
        for (int j = first; j < first + count; j++) {
            double factor = j == labels[i] ? targets[i].phi() : other(i, j)[0];
            sum[0] += dz(i, j) * factor;
            sum[1] += dzMagnitude(i, j) * (cosines.magnitude[i * classes + j] * slopeMagnitude(i, j) / s(i) + Math.abs(factor) + margin);
        }
        return sum;
    }

    Expected dscale(int first, int count) {
        Expected dscale = new Expected(n, d + count);
        for (int i = 0; i < n; i++) {
            double[] sum = dscaleOf(i, first, count);
            set(dscale, i, sum[0], sum[1]);
        }
        return dscale;
    }
}
