package org.angulus.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The receiver operating characteristic of scores with labels, exact: every distinct score is a threshold, equal scores
 * change sides together. A pair is accepted when its score is at least the threshold. FAR is the share of different-person
 * pairs accepted, TAR the share of same-person pairs accepted.
 */
public final class Roc {
    private final double[] same; // sorted ascending
    private final double[] different; // sorted ascending

    private Roc(double[] same, double[] different) {
        this.same = same;
        this.different = different;
    }

    /**
     * A point of the curve.
     *
     * @param threshold lowest accepted score; infinite at the point where nothing is accepted
     */
    public record Point(double threshold, double far, double tar) {}

    /**
     * From scores, higher for more alike.
     *
     * @param scores one for each pair, finite
     * @param same   for each pair whether it shows the same person; both kinds must occur
     */
    public static Roc of(double[] scores, boolean[] same) {
        if (scores.length != same.length) {
            throw new IllegalArgumentException(scores.length + " scores came with " + same.length + " labels");
        }
        for (int i = 0; i < scores.length; i++) {
            if (!Double.isFinite(scores[i])) {
                throw new IllegalArgumentException("score " + i + " is " + scores[i] + ", not a finite number");
            }
        }
        FoldSplit split = FoldSplit.all(scores, same);
        if (split.same().length == 0 || split.different().length == 0) {
            throw new IllegalArgumentException("a ROC needs pairs of both kinds, got " + split.same().length
                    + " of the same person and " + split.different().length + " of different people");
        }
        return new Roc(split.same(), split.different());
    }

    /** Number of same-person pairs. */
    public int positives() {
        return same.length;
    }

    /** Number of different-person pairs; no FAR below its inverse can be told from 0. */
    public int negatives() {
        return different.length;
    }

    /** Scores of the same-person pairs, ascending. */
    public double[] sameScores() {
        return same.clone();
    }

    /** Scores of the different-person pairs, ascending. */
    public double[] differentScores() {
        return different.clone();
    }

    /**
     * Area under the curve: the probability that a same-person pair scores above a different-person pair, equal scores
     * counting half. Equals the trapezoid rule over the curve.
     */
    public double areaUnderCurve() {
        double halves = 0; // exact: integers far below 2^53
        for (double score : same) {
            halves += (double) ThresholdRule.countBelow(different, score)
                    + ThresholdRule.countBelow(different, Math.nextUp(score));
        }
        return halves / 2 / same.length / different.length;
    }

    /** The FAR at which FAR = 1 - TAR, on the straight line between neighbouring points of the curve. */
    public double equalErrorRate() {
        List<Point> corners = points();
        double[] far = corners.stream().mapToDouble(Point::far).toArray();
        double[] tar = corners.stream().mapToDouble(Point::tar).toArray();
        return equalErrorRate(far, tar);
    }

    /**
     * TAR at a given FAR: at the lowest threshold among the scores at which the FAR does not exceed the target. Nothing is
     * interpolated; the FAR of the returned point is the one reached.
     *
     * @param target highest FAR allowed, 0 to 1
     */
    public Point tarAtFar(double target) {
        if (!(target >= 0 && target <= 1)) {
            throw new IllegalArgumentException("a FAR lies between 0 and 1, got " + target);
        }
        int allowed = (int) Math.floor(target * different.length);
        // The product is rounded: settle by the quotient, which is the FAR as it is reported.
        if (allowed < different.length && (double) (allowed + 1) / different.length <= target) {
            allowed++;
        } else if ((double) allowed / different.length > target) {
            allowed--;
        }
        if (allowed == different.length) {
            return new Point(Math.min(same[0], different[0]), 1, 1);
        }
        double firstRefused = different[different.length - 1 - allowed];
        int sameBelow = ThresholdRule.countBelow(same, Math.nextUp(firstRefused));
        int differentBelow = ThresholdRule.countBelow(different, Math.nextUp(firstRefused));
        double threshold = Math.min(
                sameBelow < same.length ? same[sameBelow] : Double.POSITIVE_INFINITY,
                differentBelow < different.length ? different[differentBelow] : Double.POSITIVE_INFINITY);
        return new Point(
                threshold,
                (double) (different.length - differentBelow) / different.length,
                (double) (same.length - sameBelow) / same.length);
    }

    /**
     * The corners of the curve from (0, 0) to (1, 1), by descending threshold: points between two others on the same
     * horizontal or vertical line are left out.
     */
    public List<Point> points() {
        List<Point> points = new ArrayList<>();
        points.add(new Point(Double.POSITIVE_INFINITY, 0, 0));
        int s = same.length;
        int d = different.length;
        while (s > 0 || d > 0) {
            double threshold = Math.max(
                    s > 0 ? same[s - 1] : Double.NEGATIVE_INFINITY, d > 0 ? different[d - 1] : Double.NEGATIVE_INFINITY);
            while (s > 0 && same[s - 1] == threshold) {
                s--;
            }
            while (d > 0 && different[d - 1] == threshold) {
                d--;
            }
            Point point = new Point(
                    threshold,
                    (double) (different.length - d) / different.length,
                    (double) (same.length - s) / same.length);
            int last = points.size() - 1;
            if (last > 0 && between(points.get(last - 1), points.get(last), point)) {
                points.set(last, point);
            } else {
                points.add(point);
            }
        }
        return points;
    }

    private static boolean between(Point before, Point middle, Point after) {
        return before.far() == middle.far() && middle.far() == after.far()
                || before.tar() == middle.tar() && middle.tar() == after.tar();
    }

    /** Area by the trapezoid rule under points with rising FAR. */
    static double trapezoid(double[] far, double[] tar) {
        double area = 0;
        for (int i = 1; i < far.length; i++) {
            area += (far[i] - far[i - 1]) * (tar[i] + tar[i - 1]) / 2;
        }
        return area;
    }

    /** FAR at the crossing of a polyline with 1 - FAR = TAR; both arrays rise, from (0, 0). */
    static double equalErrorRate(double[] far, double[] tar) {
        int i = 0;
        while (i < far.length - 1 && far[i] + tar[i] < 1) {
            i++;
        }
        if (i == 0 || far[i] + tar[i] < 1) {
            throw new IllegalArgumentException("the curve from " + Arrays.toString(new double[] {far[0], tar[0]}) + " to "
                    + Arrays.toString(new double[] {far[i], tar[i]}) + " does not cross 1 - FAR = TAR");
        }
        double before = 1 - far[i - 1] - tar[i - 1];
        double after = 1 - far[i] - tar[i];
        return far[i - 1] + (far[i] - far[i - 1]) * (before / (before - after));
    }
}
