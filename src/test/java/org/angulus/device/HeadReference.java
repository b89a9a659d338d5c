package org.angulus.device;

/**
 * A margin head over all classes, from raw embeddings x (N,D) and class vectors w (classes,D): cosines, logits, loss and gradients by the formulas of the header.
 * The error of a logit is that of its cosine times the scale S; it enters p = exp(z - logSumExp) as a relative error. The magnitudes of what comes after the
 * exponential are therefore multiplied by 1 + 2 S max|c terms|. The target's p_y - 1 = -(the sum of the others' p) is as precise as they are, however small the
 * loss is.
 *
 * <p>With products in bf16 the rows of x^ and w^ are rounded as the device rounds them, and the target's cosine is not. The device rounds the gradients by
 * cosine too, to one side or the other, by up to 2^-8 of each: what that moves is allowed.
 */
final class HeadReference {
    private static final double BF16_UNIT = 0x1p-8;

    final HeadKind kind;
    private final Type type;
    final int n;
    final int d;
    final int classes;
    final NormGuard guard;
    final double[] x;
    final double[] w;
    final double[] bias;
    final int[] labels;
    final double scale;
    final double margin;
    final double[] inverseX;
    final double[] inverseW;
    /** Of the products. */
    final Expected cosines;
    /** Rows of x^ and of w^ as the products take them. */
    private final double[] factorsX;
    private final double[] factorsW;
    private final double[] targetCosines;
    final double[] logSumExp;
    /** log1p of the others' exp(z_j - z_y): a small one keeps its digits. */
    final double[] losses;
    /** How much an error of a cosine of a row grows on its way through the exponential. */
    private final double[] growth;

    HeadReference(HeadKind kind, Type type, int n, int d, int classes, NormGuard guard, double[] x, double[] w, double[] bias, int[] labels, double scale, double margin) {
        this.kind = kind;
        this.type = type;
        this.n = n;
        this.d = d;
        this.classes = classes;
        this.guard = guard;
        this.x = x;
        this.w = w;
        this.bias = bias;
        this.labels = labels;
        this.scale = scale;
        this.margin = margin;
        inverseX = inverses(x, n);
        inverseW = inverses(w, classes);
        factorsX = factors(x, inverseX);
        factorsW = factors(w, inverseW);
        cosines = new Expected(n * classes, d + 3L);
        targetCosines = new double[n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < classes; j++) {
                int at = i * classes + j;
                for (int k = 0; k < d; k++) {
                    cosines.add(at, factorsX[i * d + k] * factorsW[j * d + k]);
                }
                if (kind == HeadKind.SOFTMAX) {
                    cosines.add(at, bias[j]);
                } else {
                    cosines.value[at] = Math.clamp(cosines.value[at], -1, 1);
                }
            }
            targetCosines[i] = kind == HeadKind.SOFTMAX ? bias[labels[i]] : 0;
            for (int k = 0; k < d; k++) {
                targetCosines[i] += x[i * d + k] * inverseX[i] * w[labels[i] * d + k] * inverseW[labels[i]];
            }
        }
        growth = new double[n];
        for (int i = 0; i < n; i++) {
            double largest = 0;
            for (int j = 0; j < classes; j++) {
                largest = Math.max(largest, cosines.magnitude[i * classes + j]);
            }
            growth[i] = 1 + 2 * s(i) * largest;
        }
        logSumExp = new double[n];
        losses = new double[n];
        for (int i = 0; i < n; i++) {
            double others = 0;
            for (int j = 0; j < classes; j++) {
                others += j == labels[i] ? 0 : Math.exp(logit(i, j) - logit(i, labels[i]));
            }
            losses[i] = Math.log1p(others);
            logSumExp[i] = logit(i, labels[i]) + losses[i];
        }
    }

    private double[] inverses(double[] rows, int count) {
        double[] inverse = new double[count];
        RowNormReference norms = new RowNormReference(count, d, guard, rows);
        for (int i = 0; i < count; i++) {
            inverse[i] = kind.normalizes() ? norms.inverse(i) : 1;
        }
        return inverse;
    }

    private double[] factors(double[] rows, double[] inverses) {
        double[] factors = new double[rows.length];
        for (int i = 0; i < rows.length; i++) {
            double inverse = inverses[i / d];
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

    double phi(int i) {
        return targetCosines[i] - (kind == HeadKind.AM_SOFTMAX ? margin : 0);
    }

    /** S of a row. */
    double s(int i) {
        return switch (kind) {
            case SOFTMAX -> 1;
            case MODIFIED_SOFTMAX -> 1 / inverseX[i];
            case NORMFACE, AM_SOFTMAX -> scale;
        };
    }

    double logit(int i, int j) {
        return s(i) * (j == labels[i] ? phi(i) : c(i, j));
    }

    Expected target() {
        Expected target = new Expected(HeadOperands.TARGET_ROWS * n, d + 3L);
        for (int i = 0; i < n; i++) {
            double magnitude = cosines.magnitude[i * classes + labels[i]];
            set(target, i, targetCosines[i], magnitude);
            set(target, n + i, phi(i), magnitude + margin);
            set(target, 2 * n + i, 1, 1);
            set(target, 3 * n + i, s(i), s(i));
            double m = kind == HeadKind.AM_SOFTMAX ? margin : 0;
            set(target, 4 * n + i, m, m);
        }
        return target;
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
                    double power = Math.exp(logit(i, j) - largest);
                    partial.value[n + i] += power;
                    partial.magnitude[n + i] += power * growth[i];
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
            set(result, i, losses[i], -Math.expm1(-losses[i]) * growth[i] + losses[i]);
        }
        return result;
    }

    double loss() {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += losses[i];
        }
        return sum / n;
    }

    double accuracy() {
        double right = 0;
        for (int i = 0; i < n; i++) {
            int best = best(i, 0, classes);
            right += best < 0 || targetCosines[i] > c(i, best) ? 1 : 0;
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
        return (j == labels[i] ? Math.expm1(-losses[i]) : Math.exp(logit(i, j) - logSumExp[i])) / n;
    }

    private double dzMagnitude(int i, int j) {
        return Math.abs(dz(i, j)) * growth[i];
    }

    /** dx of the classes [first, first + count). */
    Expected dx(int first, int count) {
        Expected dx = new Expected(n * d, d + count);
        RowNormReference norms = new RowNormReference(n, d, guard, x);
        for (int i = 0; i < n; i++) {
            boolean free = kind.normalizes() && !norms.clamped(i);
            for (int j = first; j < first + count; j++) {
                addRow(dx, i, s(i) * dz(i, j), s(i) * dzMagnitude(i, j), inverseX[i], x, i, factorsW, j, free ? i * classes + j : -1);
            }
            if (kind == HeadKind.MODIFIED_SOFTMAX && free) {
                double[] scale = dscaleOf(i, first, count);
                for (int k = 0; k < d; k++) {
                    dx.value[i * d + k] += scale[0] * x[i * d + k] * inverseX[i];
                    dx.magnitude[i * d + k] += scale[1] * Math.abs(x[i * d + k]) * inverseX[i];
                }
            }
        }
        return dx;
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

    /** dw of the classes [first, first + count): (count, D). */
    Expected dw(int first, int count) {
        Expected dw = new Expected(count * d, d + n);
        RowNormReference norms = new RowNormReference(classes, d, guard, w);
        for (int j = first; j < first + count; j++) {
            boolean free = kind.normalizes() && !norms.clamped(j);
            for (int i = 0; i < n; i++) {
                addRow(dw, j - first, s(i) * dz(i, j), s(i) * dzMagnitude(i, j), inverseW[j], w, j, factorsX, i, free ? i * classes + j : -1);
            }
        }
        return dw;
    }

    Expected dbias(int first, int count) {
        Expected dbias = new Expected(count, d + n);
        for (int j = first; j < first + count; j++) {
            for (int i = 0; i < n; i++) {
                dbias.value[j - first] += s(i) * dz(i, j);
                dbias.magnitude[j - first] += s(i) * dzMagnitude(i, j);
            }
        }
        return dbias;
    }

    private double[] dscaleOf(int i, int first, int count) {
        double[] sum = new double[2];
        for (int j = first; j < first + count; j++) {
            double factor = j == labels[i] ? phi(i) : c(i, j);
            sum[0] += dz(i, j) * factor;
            sum[1] += dzMagnitude(i, j) * (cosines.magnitude[i * classes + j] + margin);
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
