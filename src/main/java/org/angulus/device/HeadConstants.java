package org.angulus.device;

import org.angulus.device.ffi.Angulus;

/**
 * What a head's formulas take beside the step's scale, margin and lambda. A head reads its own and ignores the rest.
 *
 * @param flags a sum of {@link #DETACHED}, {@link #MONOTONE}, {@link #EASY}, {@link #NORMALIZED}, {@link #COSINE} and {@link #SORTED}
 * @param centres vectors of a class, more than 1 for ArcFace only
 * @param seed of ElasticFace's margins
 * @param m1 factor of the angle: L-Softmax and SphereFace (1, 2, 3 or 4), SphereFace-R, combined
 * @param m3 taken off the cosine: combined; MagFace: margin of embeddings of length {@code high}, the step's being that at {@code low}
 * @param filter other classes with a cosine above give a logit of 0; 1: none do
 * @param rate of the moving averages: CurricularFace, AdaFace
 * @param spread AdaFace: h; ElasticFace: sigma; SphereFace2: the exponent t
 * @param low MagFace: length from which on the margin grows
 * @param high MagFace: length up to which it grows
 * @param weight MagFace: of the penalty; SphereFace2: of the loss
 * @param balance SphereFace2: weight of the target against the others
 */
public record HeadConstants(int flags, int centres, long seed, float m1, float m3, float filter, float rate, float spread, float low, float high,
                            float weight, float balance) {
    /** phi' is taken as 1; SphereFace2: also the derivative of g. */
    public static final int DETACHED = Angulus.AG_HEAD_DETACHED();
    /** Past pi ArcFace goes on as c - m sin m. */
    public static final int MONOTONE = Angulus.AG_HEAD_MONOTONE();
    /** ArcFace has no margin where c is not above 0. */
    public static final int EASY = Angulus.AG_HEAD_EASY();
    /** SphereFace's gradient is that of the authors' code. */
    public static final int NORMALIZED = Angulus.AG_HEAD_NORMALISED();
    /** ElasticFace takes its margin off the cosine. */
    public static final int COSINE = Angulus.AG_HEAD_COSINE();
    /** ElasticFace gives the largest margin to the hardest embedding. */
    public static final int SORTED = Angulus.AG_HEAD_SORTED();
    /** The most numbers of a head's state. */
    public static final int STATE = Angulus.AG_HEAD_STATE();

    /** For heads without constants. */
    public static final HeadConstants NONE = new HeadConstants(0, 1, 0, 1, 0, 1, 0, 0, 1, 2, 0, 0);
}
